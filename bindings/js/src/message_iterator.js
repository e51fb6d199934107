// The messages of a client for one `for await` loop.

import { TidewireError } from './errors.js';

/**
 * Keeps messages from its creation on until they are taken, up to `maxBytes`; beyond it the loop throws, because a page
 * cannot stop its peer. Ends when the client has closed for good.
 */
export class MessageIterator {
  #maxBytes;
  #bytes = 0;
  #kept = [];
  #waiting = [];
  #fault = null;
  #listening = new AbortController();

  constructor(client, maxBytes) {
    this.#maxBytes = maxBytes;
    const { signal } = this.#listening;
    client.addEventListener('message', ({ data }) => this.#take(data), { signal });
    client.addEventListener('statechange', ({ to }) => to === 'closed' && this.#end(), { signal });
  }

  next() {
    if (this.#kept.length > 0) {
      const value = this.#kept.shift();
      this.#bytes -= sizeOf(value);
      return Promise.resolve({ value, done: false });
    }
    if (this.#fault !== null) {
      const fault = this.#fault;
      this.#fault = null;
      return Promise.reject(fault);
    }
    return this.#listening.signal.aborted
      ? Promise.resolve({ value: undefined, done: true })
      : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The loop was left. */
  return() {
    this.#kept = [];
    this.#end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  #take(value) {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting({ value, done: false });
    } else if (this.#kept.length > 0 && this.#bytes + sizeOf(value) > this.#maxBytes) {
      this.#fault = new TidewireError('slow-consumer', `more than ${this.#maxBytes} bytes wait for the loop (deliveryQueueBytes)`);
      this.#end();
    } else {
      this.#kept.push(value);
      this.#bytes += sizeOf(value);
    }
  }

  #end() {
    this.#listening.abort();
    this.#waiting.splice(0).forEach((resolve) => resolve({ value: undefined, done: true }));
  }
}

// Of a text its units, as in Stats.
const sizeOf = (value) => (typeof value === 'string' ? value.length : value.byteLength);
