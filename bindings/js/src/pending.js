// The calls of a connection before the wasm has loaded: they are kept in order and made when it has. Nothing is judged
// here, since the limits and their defaults are those of the wasm; a message that does not fit is reported as dropped
// when it is sent.

import { readStats } from './described.js';
import { EarlySocket } from './early.js';
import { blank } from './fields.js';

/** Stands for the Client or Session of the wasm until that exists. */
export class PendingCalls {
  state = 'idle';
  bufferedAmount = 0;
  /** Messages that were dropped because the wasm could not be loaded. */
  dropped = { messages: 0, bytes: 0 };
  #calls = [];
  #messages = 0;
  #started = false;
  #closing = false; // close() was called, and its 'close' event is due.
  #whenNotOpen;
  #protocols;
  #early = []; // Of each call of connect(), unless a function decides where it goes.

  /** `protocols`: what is offered; null if a function decides about that. `whenNotOpen`: the option, if it is given. */
  constructor(protocols, whenNotOpen) {
    this.#protocols = protocols;
    this.#whenNotOpen = whenNotOpen;
  }

  connect(url) {
    if (this.#started) {
      return 'already-started';
    }
    this.#started = true;
    this.#closing = false;
    this.state = 'idle';
    this.keep((target) => target.connect());
    if (this.#protocols !== null) {
      this.#early.push(new EarlySocket(url, this.#protocols));
    }
    return 'started';
  }

  connectFault() {
    return '';
  }

  send(payload, isText, bytes, whenNotOpen = this.#whenNotOpen) {
    if (this.state !== 'closed' && whenNotOpen === 'refuse') {
      return 'not-open';
    }
    const since = performance.now();
    // The client is not open when it gets the message either, but the message was accepted.
    return this.keepMessage(bytes, (target) => target.send(payload, isText, bytes, 'queue', performance.now() - since));
  }

  close(code, reason) {
    if (!this.#started) {
      return 'already-closed';
    }
    this.#started = false;
    this.#closing = true;
    this.state = 'closed';
    this.#early.at(-1)?.close();
    this.keep((target) => target.close(code, reason));
    return 'accepted';
  }

  reconnect() {
    if (!this.#started) {
      return 'closed';
    }
    this.keep((target) => target.reconnect());
    return 'started';
  }

  heartbeat() {
    return 'not-open';
  }

  pause() {
    this.keep((target) => target.pause());
    return 'accepted';
  }

  resume() {
    this.keep((target) => target.resume());
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
    return '';
  }

  /** Keeps `call(target)` for later. */
  keep(call) {
    this.#calls.push(call);
  }

  /** Keeps a call that queues a message of `bytes`. */
  keepMessage(bytes, call) {
    if (this.state === 'closed') {
      return 'closed';
    }
    ++this.#messages;
    this.bufferedAmount += bytes;
    this.keep(call);
    return 'queued';
  }

  replay(target) {
    this.#calls.forEach((call) => call(target));
    // The wasm takes them in the turn that follows, or never will. Its clients have their turns in this order too.
    this.#early.forEach((early) => early.offer());
    setTimeout(() => this.discard());
  }

  /** Nothing will come of a socket that was opened early. */
  discard() {
    this.#early.splice(0).forEach((early) => early.discard());
  }

  /**
   * The wasm could not be loaded. Returns the cause of the close and the drop to report, or null if no connection was
   * wanted.
   */
  giveUp() {
    if (!this.#started && !this.#closing) {
      return null;
    }
    const cause = this.#started ? 'unavailable' : 'closed-by-user';
    const dropped = { reason: 'closed', messages: this.#messages, bytes: this.bufferedAmount };
    this.#calls = [];
    this.#started = this.#closing = false;
    this.discard();
    this.#messages = this.bufferedAmount = 0;
    this.state = 'closed';
    this.dropped.messages += dropped.messages;
    this.dropped.bytes += dropped.bytes;
    return { cause, dropped };
  }
}
