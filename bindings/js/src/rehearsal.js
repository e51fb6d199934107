// Stands for a client until the wasm has loaded.

import { readStats } from './described.js';
import { blank } from './fields.js';

const isMessage = ({ size }) => size !== undefined;

/** Until the wasm has loaded: answers as it would, and notes the calls. */
export class Rehearsal {
  state = 'idle';
  bufferedAmount = 0;
  dropped = { messages: 0, bytes: 0 };
  #limits;
  #canAsk;
  #name;
  #report;
  #calls = []; // Those that take room in the queue have a `size`.
  #up = false;
  #messages = 0;
  #untold = null;

  constructor(limits, canAsk, name, report) {
    this.#limits = limits;
    this.#canAsk = canAsk;
    this.#name = name;
    this.#report = report;
  }

  connect() {
    if (this.#up) {
      return 'already-started';
    }
    this.#up = true;
    this.state = 'idle';
    this.#note((target) => target.connect());
    return 'started';
  }

  connectFault() {
    return '';
  }

  send(payload, isText, bytes, whenNotOpen = this.#limits.whenNotOpen) {
    // It is not open when this is carried out either, but was accepted.
    return this.queue(bytes, whenNotOpen, (target) => target.send(payload, isText, bytes, 'queue'));
  }

  /** Notes a call that takes `bytes` of the queue. */
  queue(bytes, whenNotOpen, call) {
    if (this.state === 'closed') {
      return 'closed';
    }
    if (whenNotOpen === 'refuse') {
      return 'not-open';
    }
    const { maxBytes, maxMessages, whenFull } = this.#limits;
    if (bytes > maxBytes) {
      return 'too-large';
    }
    const isFull = () => this.#messages >= maxMessages || this.bufferedAmount + bytes > maxBytes;
    if (isFull() && (whenFull === 'reject' || maxMessages === 0)) {
      return 'queue-full';
    }
    while (isFull()) {
      this.#drop(this.#calls.findIndex(isMessage), 'displaced');
    }
    ++this.#messages;
    this.bufferedAmount += bytes;
    this.#calls.push({ call, size: bytes, since: performance.now() });
    return 'queued';
  }

  close(code, reason) {
    if (!this.#up) {
      return 'already-closed';
    }
    this.#up = false;
    this.state = 'closed';
    this.#note((target) => target.close(code, reason));
    return 'accepted';
  }

  reconnect() {
    if (!this.#up) {
      return 'closed';
    }
    this.#note((target) => target.reconnect());
    return 'started';
  }

  heartbeat() {
    return this.#canAsk ? 'not-open' : 'unsupported';
  }

  pause() {
    this.#note((target) => target.pause());
    return 'accepted';
  }

  resume() {
    this.#note((target) => target.resume());
    return 'accepted';
  }

  stats() {
    const stats = readStats(blank);
    stats.droppedMessages = this.dropped.messages;
    stats.droppedBytes = this.dropped.bytes;
    stats.queuedMessages = this.#messages;
    stats.queuedBytes = stats.bufferedBytes = this.bufferedAmount;
    return stats;
  }

  flightRecord() {
    return `client ${this.#name}\n`;
  }

  replay(target) {
    const { maxAge } = this.#limits;
    const isExpired = ({ since }) => maxAge > 0 && performance.now() - since >= maxAge;
    for (let i = this.#calls.findIndex(isExpired); i >= 0; i = this.#calls.findIndex(isExpired)) {
      this.#drop(i, 'expired');
    }
    for (const { call } of this.#calls) {
      call(target);
    }
  }

  /** Nothing has loaded. Answers what is dropped, or null if no connection was wanted. */
  giveUp() {
    if (!this.#up) {
      return null;
    }
    const dropped = { reason: 'closed', messages: this.#messages, bytes: this.bufferedAmount };
    this.#calls = [];
    this.#up = false;
    this.#messages = this.bufferedAmount = 0;
    this.state = 'closed';
    this.dropped.messages += dropped.messages;
    this.dropped.bytes += dropped.bytes;
    return dropped;
  }

  #note(call) {
    this.#calls.push({ call });
  }

  // Reported later, in one go: never inside the call.
  #drop(index, reason) {
    const [{ size }] = this.#calls.splice(index, 1);
    --this.#messages;
    this.bufferedAmount -= size;
    if (this.#untold?.reason !== reason) {
      const untold = { reason, messages: 0, bytes: 0 };
      this.#untold = untold;
      queueMicrotask(() => {
        this.#untold = null;
        this.#report(untold);
      });
    }
    for (const count of [this.#untold, this.dropped]) {
      ++count.messages;
      count.bytes += size;
    }
  }
}
