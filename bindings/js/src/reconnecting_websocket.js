// ReconnectingWebSocket: the interface of the browser's WebSocket (WHATWG) over a Client. tidewire.d.ts describes it.

import { Client, receive } from './client.js';
import { baseUrl } from './options.js';

const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3];

// Endings in which a browser reports no error before the close: of an open connection, and not by a fault of the peer.
const QUIET = ['closed-by-user', 'closed-by-peer', 'connection-lost', 'reconnect-requested'];

// Node before version 23 has none.
const CloseEvent =
  globalThis.CloseEvent ??
  class extends Event {
    constructor(type, { wasClean, code, reason }) {
      super(type);
      Object.assign(this, { wasClean, code, reason });
    }
  };

const fault = (name, text) => new DOMException(text, name);

// As WebIDL converts to DOMString or sequence<DOMString>.
function listOf(protocols) {
  const isSequence = Object(protocols) === protocols && protocols[Symbol.iterator] !== undefined;
  return isSequence ? Array.from(protocols, (each) => `${each}`) : [`${protocols}`];
}

// [Clamp] of WebIDL, with the part behind the point cut off as Chromium does.
const clamp = (value) => Math.trunc(Math.min(Math.max(+value || 0, 0), 0xffff));

const tagOf = (value) => Object.prototype.toString.call(value).slice(8, -1);

/** What Client.send takes, or a Blob. */
function payloadOf(data) {
  const isObject = typeof data === 'object' && data !== null;
  return isObject && (ArrayBuffer.isView(data) || ['ArrayBuffer', 'Blob'].includes(tagOf(data))) ? data : `${data}`;
}

/** The client of a socket, for unref.js. */
export const underlying = Symbol('underlying');

// The one event object of each message is made for the socket, and not for a client in between.
class Inner extends Client {
  owner = null;

  [receive](message) {
    this.owner(message);
  }
}

/** A WebSocket that opens again after each loss. */
export class ReconnectingWebSocket extends EventTarget {
  #client;
  #url;
  #origin;
  #state = CONNECTING;
  #protocol = '';
  #binaryType = 'blob';
  #handlers = {};
  #queues; // Messages wait for a connection, because the options say so.
  #unsent = 0; // Bytes of messages that came too late, as the browser counts them.
  #connection = 0;
  #tail = null; // A promise of the last call that waits for a Blob to be read.
  #waitingBytes = 0;

  constructor(url, protocols = [], options = {}) {
    super();
    if (arguments.length === 0) {
      throw new TypeError("Failed to construct 'ReconnectingWebSocket': 1 argument required, but only 0 present.");
    }
    const given = url == null && options.endpoint ? null : `${url}`;
    const subprotocols = listOf(protocols);
    const whenNotOpen = options.sendQueue?.whenNotOpen ?? 'refuse';
    this.#queues = whenNotOpen === 'queue';
    this.#client = this.#make(given, { ...options, subprotocols, sendQueue: { ...options.sendQueue, whenNotOpen } });
    this.#url = given === null ? '' : new URL(given, baseUrl()).href.replace(/^http/, 'ws');
    this.#origin = this.#url && new URL(this.#url).origin;
    this.#client.owner = (data) => this.#receive(data);
    this.#client.addEventListener('open', ({ subprotocol }) => this.#opened(subprotocol));
    this.#client.addEventListener('close', (info) => this.#closed(info));
    this.#client.addEventListener('statechange', ({ from, to }) => {
      if (from === 'waiting' && to === 'closed') {
        this.#closed({ code: 1006, reason: '', wasOpen: false, willRetry: false });
      }
    });
    this.#client.connect();
  }

  get url() {
    return this.#url;
  }

  get readyState() {
    return this.#state;
  }

  get bufferedAmount() {
    return this.#client.bufferedAmount + this.#unsent + this.#waitingBytes;
  }

  get extensions() {
    return '';
  }

  get protocol() {
    return this.#protocol;
  }

  get binaryType() {
    return this.#binaryType;
  }

  set binaryType(type) {
    if (['blob', 'arraybuffer'].includes(`${type}`)) {
      this.#binaryType = `${type}`;
    }
  }

  send(data) {
    if (arguments.length === 0) {
      throw new TypeError("Failed to execute 'send': 1 argument required, but only 0 present.");
    }
    const payload = payloadOf(data);
    if (this.#state === CONNECTING && !this.#queues) {
      throw fault('InvalidStateError', 'still in CONNECTING state');
    }
    const bytes = payload.size ?? payload.byteLength ?? new TextEncoder().encode(payload).length;
    if (this.#state > OPEN) {
      this.#unsent += bytes;
    } else if (tagOf(payload) === 'Blob') {
      this.#inOrder((read) => this.#send(read), bytes, payload.arrayBuffer());
    } else {
      const kept = this.#tail === null || typeof payload === 'string' ? payload : structuredClone(payload);
      this.#inOrder(() => this.#send(kept), bytes);
    }
  }

  close(code = undefined, reason = '') {
    const number = code === undefined ? 1000 : clamp(code);
    if (number !== 1000 && !(number >= 3000 && number <= 4999)) {
      throw fault('InvalidAccessError', `the code must be 1000, or from 3000 to 4999; ${number} is neither`);
    }
    const text = `${reason}`;
    if (new TextEncoder().encode(text).length > 123) {
      throw fault('SyntaxError', 'the reason is longer than 123 bytes');
    }
    if (this.#state < CLOSING) {
      this.#state = CLOSING;
      this.#inOrder(() => this.#client.close(number, text));
    }
  }

  /** Ends the connection, or the wait for one, and connects at once; after `close()` too. */
  reconnect() {
    if (this.#client.reconnect() === 'closed' && this.#client.connect() === 'started') {
      this.#state = CONNECTING;
    }
  }

  get [underlying]() {
    return this.#client;
  }

  #make(url, options) {
    try {
      return new Inner(url, options);
    } catch (error) {
      // What is wrong with an option stays a TypeError; the browser's constructor knows two arguments only.
      throw /^(url|subprotocols)\b|URL/.test(error.message) ? fault('SyntaxError', error.message) : error;
    }
  }

  #opened(protocol) {
    this.#protocol = protocol;
    this.#unsent = 0;
    // A call of close() is under way otherwise.
    if (this.#state === CONNECTING) {
      this.#state = OPEN;
      this.dispatchEvent(new Event('open'));
    }
  }

  #receive(data) {
    if (this.#state === OPEN || this.#state === CLOSING) {
      const isBlob = typeof data !== 'string' && this.#binaryType === 'blob';
      this.dispatchEvent(new MessageEvent('message', { data: isBlob ? new Blob([data]) : data, origin: this.#origin }));
    }
  }

  #closed({ cause, code, reason, wasOpen, willRetry, retryIn = 0, detail = '' }) {
    this.#state = willRetry ? CONNECTING : CLOSED;
    if (!willRetry || !this.#queues) {
      ++this.#connection;
      this.#tail = null;
      this.#waitingBytes = 0;
    }
    if (!wasOpen || !QUIET.includes(cause)) {
      this.dispatchEvent(new Event('error'));
    }
    const wasClean = wasOpen && code !== 1006 && /^closed-by/.test(cause);
    const init = wasOpen ? { wasClean, code, reason } : { wasClean, code: 1006, reason: '' };
    this.dispatchEvent(Object.assign(new CloseEvent('close', init), { cause, detail, willRetry, retryIn }));
  }

  #send(payload) {
    const result = this.#client.send(payload);
    if (result === 'queue-full' || result === 'too-large') {
      throw fault('QuotaExceededError', `${result}: see sendQueue.maxBytes`);
    }
  }

  // A Blob has to be read, and what follows it waits, so that the order stays: `call` gets what `value` is read as. Calls
  // for a connection that has ended meanwhile are dropped.
  #inOrder(call, bytes = 0, value = null) {
    if (this.#tail === null && value === null) {
      call();
      return;
    }
    const connection = this.#connection;
    this.#waitingBytes += bytes;
    const tail = Promise.all([value, this.#tail]).then(([read]) => {
      if (connection === this.#connection) {
        this.#waitingBytes -= bytes;
        this.#tail = this.#tail === tail ? null : this.#tail;
        call(read);
      }
    });
    this.#tail = tail;
  }

  static {
    for (const type of ['open', 'error', 'close', 'message']) {
      Object.defineProperty(this.prototype, `on${type}`, {
        configurable: true,
        get() {
          return this.#handlers[type]?.handler ?? null;
        },
        set(handler) {
          this.#setHandler(type, Object(handler) === handler ? handler : null);
        },
      });
    }
    // As WebIDL has them.
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(this.prototype))) {
      const enumerable = name !== 'constructor';
      Object.defineProperty(this.prototype, name, { ...property, enumerable, configurable: true });
    }
    for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSING, CLOSED })) {
      Object.defineProperty(this, name, { value, enumerable: true });
      Object.defineProperty(this.prototype, name, { value, enumerable: true });
    }
    Object.defineProperty(this.prototype, Symbol.toStringTag, { value: 'ReconnectingWebSocket', configurable: true });
  }

  // A handler that is replaced keeps its place among the listeners.
  #setHandler(type, handler) {
    const present = this.#handlers[type];
    if (present !== undefined && handler !== null) {
      present.handler = handler;
    } else if (present !== undefined) {
      this.removeEventListener(type, present.listener);
      delete this.#handlers[type];
    } else if (handler !== null) {
      const entry = { handler, listener: (event) => typeof entry.handler === 'function' && entry.handler.call(this, event) };
      this.#handlers[type] = entry;
      this.addEventListener(type, entry.listener);
    }
  }
}
