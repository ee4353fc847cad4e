// Warns before the session ends for want of use, and keeps it alive if the person says so.
"use strict";

(function () {
  const dialog = document.getElementById("idle");
  if (!dialog || typeof dialog.showModal !== "function") {
    return;
  }
  const WARNING_SECONDS = 60;
  const warning = dialog.querySelector('[data-idle="warning"]');
  const over = dialog.querySelector('[data-idle="over"]');
  const stay = document.getElementById("stay");
  let left = Number(dialog.dataset.seconds);
  let started = Date.now();
  let timer = 0;

  // By the clock and not by counting: a laptop that slept wakes up to the truth.
  function look() {
    const remaining = left - (Date.now() - started) / 1000;
    if (remaining <= 0) {
      end();
    } else if (remaining <= WARNING_SECONDS) {
      warn();
      wait(remaining);
    } else {
      wait(remaining - WARNING_SECONDS);
    }
  }

  function wait(seconds) {
    clearTimeout(timer);
    timer = setTimeout(look, Math.min(seconds, 30) * 1000 + 200);
  }

  function warn() {
    if (!dialog.open) {
      dialog.showModal();
      stay.focus();
    }
  }

  function end() {
    warning.hidden = true;
    over.hidden = false;
    dialog.setAttribute("aria-labelledby", "idle-over");
    if (!dialog.open) {
      dialog.showModal();
    }
    over.querySelector("a").focus();
  }

  async function keep() {
    const body = new URLSearchParams({ csrf_token: dialog.dataset.csrf });
    try {
      const answer = await fetch("/account/stay", { method: "POST", body, redirect: "manual", credentials: "same-origin" });
      if (answer.status !== 204) {
        end();
        return;
      }
      left = Number(answer.headers.get("X-Seconds-Left")) || left;
    } catch {
      return; // no network just now: the dialog stays, and so does its button
    }
    started = Date.now();
    dialog.close();
    look();
  }

  dialog.addEventListener("cancel", function (event) {
    event.preventDefault();
    if (!warning.hidden) {
      keep();
    }
  });
  stay.addEventListener("click", keep);
  document.addEventListener("visibilitychange", look);
  look();
})();
