// Passkeys: turns a form with data-passkey="get" or "create" into the browser's own prompt, and its answer into a field.
//
// The form holds what to ask in data-options (JSON, octets in base64url) and an empty field named `credential`. A button
// with data-passkey-skip posts the form as it is. data-conditional offers passkeys in the autofill of the page, too.
"use strict";

(() => {
  const supported = typeof window.PublicKeyCredential === "function" && Boolean(navigator.credentials);
  let waiting = null; // the prompt under way: the browser allows one at a time

  const toOctets = (text) => {
    const padded = text.replace(/-/g, "+").replace(/_/g, "/") + "=".repeat((4 - (text.length % 4)) % 4);
    return Uint8Array.from(atob(padded), (character) => character.charCodeAt(0));
  };

  const toText = (octets) => {
    const characters = Array.from(new Uint8Array(octets), (octet) => String.fromCharCode(octet));
    return btoa(characters.join("")).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };

  const withOctets = (descriptors) => (descriptors || []).map((each) => ({ ...each, id: toOctets(each.id) }));

  const readOptions = (form) => {
    const options = JSON.parse(form.dataset.options);
    options.challenge = toOctets(options.challenge);
    if (form.dataset.passkey === "create") {
      options.user = { ...options.user, id: toOctets(options.user.id) };
      options.excludeCredentials = withOctets(options.excludeCredentials);
    } else {
      options.allowCredentials = withOctets(options.allowCredentials);
    }
    return options;
  };

  const describe = (credential) => {
    const found = credential.response;
    const response = { clientDataJSON: toText(found.clientDataJSON) };
    if (found.attestationObject) {
      response.attestationObject = toText(found.attestationObject);
      response.transports = typeof found.getTransports === "function" ? found.getTransports() : [];
    } else {
      response.authenticatorData = toText(found.authenticatorData);
      response.signature = toText(found.signature);
      if (found.userHandle && found.userHandle.byteLength > 0) {
        response.userHandle = toText(found.userHandle);
      }
    }
    return JSON.stringify({ id: credential.id, rawId: toText(credential.rawId), type: credential.type, response });
  };

  const show = (form, name) => {
    for (const part of form.querySelectorAll("[data-passkey-problem], [data-passkey-unsupported]")) {
      part.hidden = true;
    }
    const part = form.querySelector(`[${name}]`);
    if (part) {
      part.hidden = false;
      part.focus();
    }
  };

  const stopWaiting = () => {
    if (waiting) {
      waiting.abort();
      waiting = null;
    }
  };

  // Resolves to the credential, or to nothing where a later prompt took the place of this one.
  const prompt = async (form, more) => {
    stopWaiting();
    const mine = new AbortController();
    waiting = mine;
    try {
      const asked = { publicKey: readOptions(form), signal: mine.signal, ...more };
      return await (form.dataset.passkey === "create" ? navigator.credentials.create(asked) : navigator.credentials.get(asked));
    } catch (error) {
      if (mine.signal.aborted) {
        return null;
      }
      throw error;
    } finally {
      if (waiting === mine) {
        waiting = null;
      }
    }
  };

  const send = (form, credential, button) => {
    form.querySelector('[name="credential"]').value = describe(credential);
    form.requestSubmit(button || form.querySelector('button[type="submit"]:not([data-passkey-skip])'));
  };

  const ask = async (form, button) => {
    button.disabled = true;
    let credential = null;
    try {
      credential = await prompt(form, {});
    } catch {
      show(form, "data-passkey-problem");
    }
    button.disabled = false;
    if (credential) {
      send(form, credential, button);
    }
  };

  const offerInAutofill = async (form) => {
    const canOffer = window.PublicKeyCredential.isConditionalMediationAvailable;
    if (typeof canOffer !== "function" || !(await canOffer.call(window.PublicKeyCredential))) {
      return;
    }
    const credential = await prompt(form, { mediation: "conditional" }).catch(() => null);
    if (credential) {
      send(form, credential);
    }
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.addEventListener("submit", (event) => {
      const button = event.submitter || form.querySelector('button[type="submit"]');
      if (button.hasAttribute("data-passkey-skip")) {
        stopWaiting();
        return;
      }
      if (form.querySelector('[name="credential"]').value !== "") {
        return;
      }
      event.preventDefault();
      if (supported) {
        ask(form, button);
      } else {
        show(form, "data-passkey-unsupported");
      }
    });
    if (supported) {
      form.hidden = false;
      if ("conditional" in form.dataset) {
        offerInAutofill(form);
      }
    }
  }

  // A page that comes back from the browser's memory holds a spent answer.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) {
      window.location.reload();
    }
  });
})();
