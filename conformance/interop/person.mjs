// A person with a browser, as plain HTTP: follows redirects, keeps cookies, fills in forms by the ids of their fields.
import { Agent, request } from 'undici';
import { codeOf } from './totp.mjs';

const MOST_PAGES = 8;

export class Person {
  #cookies = new Map();
  #dispatcher;

  constructor({ username, password, seed }, issuer, authority) {
    Object.assign(this, { username, password, seed, issuer, pages: [] });
    this.#dispatcher = new Agent({ connect: { ca: authority } });
  }

  // Opens a URL and does what the pages ask, up to `approve` or `deny`; returns the URL by which the app is reached.
  async answer(url, decision) {
    this.pages = [];
    let place = await this.#open(url);
    for (let page = 0; page < MOST_PAGES; page += 1) {
      if (place.left) return place.left;
      this.pages.push(place.url.pathname);
      place = await this.#submit(place, this.#fillIn(place.url.pathname, decision));
    }
    throw new Error(`the pages never end: ${this.pages.join(' ')}`);
  }

  #fillIn(path, decision) {
    switch (path) {
      case '/login':
        return { fields: { username: this.username, password: this.password }, button: 'submit' };
      case '/login/totp':
        return { fields: { totp: codeOf(this.seed) }, button: 'submit' };
      case '/consent':
        return { fields: {}, button: decision };
      default:
        throw new Error(`no one knows what to do at ${path}`);
    }
  }

  async #submit(place, { fields, button }) {
    const controls = controlsOf(place.html);
    const sent = controls.filter((control) => control.type === 'hidden').map(({ name, value }) => [name, value]);
    for (const [id, value] of Object.entries(fields)) sent.push([find(controls, id, place).name, value]);
    const pressed = find(controls, button, place);
    if (pressed.name) sent.push([pressed.name, pressed.value]);
    return this.#open(place.url, new URLSearchParams(sent));
  }

  async #open(address, form) {
    let url = new URL(address);
    let answer = await this.#send(url, form);
    while (answer.statusCode === 303) {
      await answer.body.dump();
      url = new URL(answer.headers.location, url);
      if (url.origin !== this.issuer) return { left: url };
      answer = await this.#send(url);
    }
    const html = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`${url.pathname} answered ${answer.statusCode}: ${wordsOf(html)}`);
    return { url, html };
  }

  async #send(url, form) {
    if (url.origin !== this.issuer) throw new Error(`a page of ${url.origin}, not of the issuer`);
    const cookies = [...this.#cookies].map((pair) => pair.join('=')).join('; ');
    const headers = cookies ? { cookie: cookies } : {}; // a browser without cookies sends no such header
    if (form) Object.assign(headers, { origin: this.issuer, 'content-type': 'application/x-www-form-urlencoded' });
    const method = form ? 'POST' : 'GET';
    const answer = await request(url, { method, headers, body: form?.toString(), dispatcher: this.#dispatcher });
    for (const cookie of [answer.headers['set-cookie'] ?? []].flat()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      this.#cookies.set(name, value);
    }
    return answer;
  }
}

function controlsOf(html) {
  return [...html.matchAll(/<(?:input|button)\b([^>]*)>/g)].map(([, attributes]) =>
    Object.fromEntries([...attributes.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, plain(value)])),
  );
}

function find(controls, id, place) {
  const control = controls.find((each) => each.id === id);
  if (!control) throw new Error(`${place.url.pathname} has no control with the id ${id}`);
  return control;
}

function wordsOf(html) {
  return plain(html.replace(/<(style|script)[\s\S]*?<\/\1>|<[^>]+>/g, ' ')).replace(/\s+/g, ' ').slice(0, 300);
}

function plain(text) {
  const named = { amp: '&', lt: '<', gt: '>', quot: '"' };
  return text.replace(/&(?:#(\d+)|(\w+));/g, (all, code, name) => (code ? String.fromCodePoint(code) : (named[name] ?? all)));
}
