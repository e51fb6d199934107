// Sockets that are opened while the wasm still loads, so that the two do not wait for each other. The wasm makes all
// decisions: what happens to such a socket is kept, and repeated when the wasm opens a connection to the same address.

import { host } from './wasm.js';

const MAX_KEPT_BYTES = 1024 * 1024;
const CLOSED = 3;

const waiting = [];

class EarlySocket {
  #events = [];
  #bytes = 0;

  constructor(url, protocols) {
    this.address = addressOf(url, protocols);
    this.socket = new (host.WebSocket ?? globalThis.WebSocket)(url, protocols);
    host.made?.(this.socket);
    this.socket.binaryType = 'arraybuffer';
    this.socket.onopen = () => this.#keep('onopen', {});
    this.socket.onmessage = ({ data }) => {
      this.#bytes += data.byteLength ?? data.length;
      this.#keep('onmessage', { data });
    };
    this.socket.onerror = (event) => this.#keep('onerror', event);
    this.socket.onclose = (event) => this.#keep('onclose', event);
  }

  /** It is not wanted any more, or not adopted. */
  discard() {
    if (this.#leave()) {
      this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
      this.socket.onerror = () => {}; // npm's ws ends the process on an error without a listener.
      this.socket.close();
    }
  }

  /** The socket, for listeners of its own. What has happened to it follows as soon as the caller has returned. */
  adopt() {
    this.#leave();
    queueMicrotask(() => this.#events.forEach(([listener, event]) => this.socket[listener]?.(event)));
    return this.socket;
  }

  #keep(listener, event) {
    this.#events.push([listener, event]);
    // A page cannot pause its peer.
    if (this.#bytes > MAX_KEPT_BYTES) {
      this.discard();
    }
  }

  #leave() {
    const at = waiting.indexOf(this);
    if (at >= 0) {
      waiting.splice(at, 1);
    }
    return at >= 0;
  }
}

const addressOf = (url, protocols) => JSON.stringify([url, protocols]);

/** Returns a socket that connects, or null where that cannot be tried. */
export function openEarly(url, protocols) {
  try {
    const early = new EarlySocket(url, protocols);
    // Chromium, of what the page's policy forbids.
    if (early.socket.readyState !== CLOSED) {
      waiting.push(early);
      return early;
    }
  } catch {
    // The wasm will meet the same, and report it.
  }
  return null;
}

host.early = (url, protocols) => waiting.find(({ address }) => address === addressOf(url, protocols))?.adopt();
