// Sockets that are opened while the wasm still loads, so that the two do not wait for each other. The wasm makes all
// decisions: what happens to such a socket is kept, and repeated when the wasm opens a connection to the same address.

import { host } from './wasm.js';

const MAX_KEPT_BYTES = 1024 * 1024;
const CLOSED = 3;

const offered = [];

/** Stands for a socket that was not opened, of an attempt that close() ended at once. */
const closedSocket = () => ({ readyState: CLOSED, protocol: '', bufferedAmount: 0, send() {}, close() {} });

/** What the first attempt of a client finds. It dials when the caller has returned: close() may follow. */
export class EarlySocket {
  #protocols;
  #socket = null;
  #isOver = false; // Discarded, closed or taken.
  #events = [];
  #bytes = 0;

  constructor(url, protocols) {
    this.#protocols = protocols;
    this.address = addressOf(url, protocols);
    queueMicrotask(() => !this.#isOver && this.#dial(url));
  }

  /** The attempt of the wasm is to find it. */
  offer() {
    if (this.#socket !== null) {
      offered.push(this);
    }
  }

  /** close() ended the attempt, so that it is to find a socket without a connection. */
  close() {
    this.discard();
    this.#socket = closedSocket();
    this.#events = [['onclose', { code: 1006, reason: '' }]]; // For an attempt that goes on all the same.
  }

  /** It is not wanted any more, or not taken. */
  discard() {
    const socket = this.#socket;
    if (!this.#isOver && socket !== null) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.onerror = () => {}; // npm's ws ends the process on an error without a listener.
      socket.close();
    }
    this.#isOver = true;
    this.#socket = null;
    this.#withdraw();
  }

  /** The socket, for listeners of its own. What has happened to it follows as soon as the caller has returned. */
  take() {
    const socket = this.#socket;
    this.#isOver = true;
    this.#withdraw();
    queueMicrotask(() => this.#events.forEach(([listener, event]) => socket[listener]?.(event)));
    return socket;
  }

  #dial(url) {
    try {
      const socket = new (host.WebSocket ?? globalThis.WebSocket)(url, this.#protocols);
      host.made?.(socket);
      // Chromium, of what the page's policy forbids.
      if (socket.readyState !== CLOSED) {
        this.#listen(socket);
      }
    } catch {
      // The wasm will meet the same, and report it.
    }
  }

  #listen(socket) {
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.#keep('onopen', {});
    socket.onmessage = ({ data }) => {
      this.#bytes += data.byteLength ?? data.length;
      this.#keep('onmessage', { data });
    };
    socket.onerror = (event) => this.#keep('onerror', event);
    socket.onclose = (event) => this.#keep('onclose', event);
  }

  #keep(listener, event) {
    this.#events.push([listener, event]);
    // A page cannot pause its peer.
    if (this.#bytes > MAX_KEPT_BYTES) {
      this.discard();
    }
  }

  #withdraw() {
    const at = offered.indexOf(this);
    if (at >= 0) {
      offered.splice(at, 1);
    }
  }
}

const addressOf = (url, protocols) => JSON.stringify([url, protocols]);

host.early = (url, protocols) => offered.find(({ address }) => address === addressOf(url, protocols))?.take();
