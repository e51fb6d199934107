import { write } from './chart.js';

const SPOKEN = {
  connecting: 'Connecting',
  open: 'Connected: prices are live',
  waiting: 'Connection lost: trying again',
  closing: 'Closing',
  closed: 'Disconnected',
};

// For customers; `detail` is for those who help them, and shows under the pointer.
const ENDINGS = {
  'closed-by-user': 'Disconnected',
  'reconnect-requested': 'Connecting again, as you asked',
  'closed-by-peer': 'The server ended the connection',
  'connection-lost': 'The connection was lost',
  'connect-failed': 'The server cannot be reached',
  'handshake-refused': 'The server refused the connection',
  'untrusted-certificate': 'The server could not prove its identity',
  'connect-timeout': 'The server does not answer',
  'heartbeat-timeout': 'The server no longer answers',
  'slow-consumer': 'This page could not keep up, and starts afresh',
  unavailable: 'This browser cannot connect',
  'woke-up': 'Connecting again after a pause',
};

/** The header: what the connection is doing, why, and how well. */
export class Status {
  #fields;
  #state = 'idle';
  #reason = '';
  #retryAt = 0;
  #openedAt = 0;
  #handshakeTime = 0;
  #arrivals = 0;
  #lastArrival = 0;
  #quiet = false;
  #detail = '';
  #measuredAt = performance.now();

  constructor(root) {
    this.#fields = Object.fromEntries(
      [...root.querySelectorAll('[data-role]')].map((field) => [field.dataset.role, field]),
    );
  }

  /** Shows a state of the session. */
  enter(state) {
    this.#state = state;
    document.body.dataset.state = state;
    this.#announce(state);
    if (state !== 'open') {
      write(this.#fields.rtt, '–');
    }
    this.tick();
  }

  opened({ reconnects, handshakeTime }) {
    this.#openedAt = performance.now();
    this.#handshakeTime = handshakeTime;
    this.#reason = '';
    this.#detail = '';
    write(this.#fields.reconnects, String(reconnects));
    this.tick();
  }

  ended(close) {
    this.#reason = reasonOf(close);
    this.#detail = `${close.cause}, code ${close.code}: ${close.detail}`;
    this.#retryAt = performance.now() + close.retryIn;
    this.tick();
  }

  /** Shows what the server has against us. */
  refused(reason) {
    this.#reason = reason;
    this.tick();
  }

  heartbeat(roundTrip) {
    write(this.#fields.rtt, `${roundTrip.toFixed(roundTrip < 10 ? 2 : 0)} ms`);
  }

  countEvent() {
    this.#arrivals++;
    this.#lastArrival = performance.now();
  }

  /** Brings up to date what changes with time alone. `quiet`: every price is stale, whatever the connection says. */
  tick(quiet = this.#quiet) {
    this.#quiet = quiet;
    const isQuiet = quiet && this.#state === 'open';
    document.body.dataset.quiet = isQuiet;
    write(this.#fields.state, isQuiet ? 'no prices' : this.#state);
    const [detail, countdown] = this.#describe();
    this.#fields.detail.title = this.#detail;
    write(this.#fields.detail, detail);
    write(this.#fields.countdown, countdown);
  }

  /** Shows the rate since the last call. */
  measure() {
    const now = performance.now();
    const rate = (this.#arrivals * 1000) / (now - this.#measuredAt);
    write(this.#fields.rate, rate < 10 && rate > 0 ? rate.toFixed(1) : rate.toFixed(0));
    this.#arrivals = 0;
    this.#measuredAt = now;
  }

  #describe() {
    const why = this.#reason && `${this.#reason[0].toUpperCase()}${this.#reason.slice(1)}.`;
    switch (this.#state) {
      case 'open':
        return [why || this.#describeOpen(), ''];
      case 'waiting':
        return [why, `Next try in ${Math.max(0, (this.#retryAt - performance.now()) / 1000).toFixed(1)} s`];
      case 'connecting':
        return why ? [why, 'Trying again…'] : ['Connecting…', ''];
      default:
        return [why, ''];
    }
  }

  #describeOpen() {
    if (this.#quiet) {
      return `No prices for ${Math.round((performance.now() - this.#lastArrival) / 1000)} s`;
    }
    const time = duration(performance.now() - this.#openedAt);
    return `Open for ${time}, handshake ${this.#handshakeTime.toFixed(1)} ms`;
  }

  /** Speaks only what a listener needs: retries alternate between two states many times. */
  #announce(state) {
    if (state === 'connecting' && this.#reason) {
      return;
    }
    write(this.#fields.announcement, SPOKEN[state] ?? '');
  }
}

function reasonOf({ cause, code, reason }) {
  const text = ENDINGS[cause] ?? 'Something went wrong with the connection';
  return reason ? `${text}: ${reason.replace(/[.\s]+$/, '')} (${code})` : text;
}

function duration(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  const padded = (value) => String(value % 60).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  return seconds < 3600
    ? `${minutes}:${padded(seconds)}`
    : `${Math.floor(minutes / 60)}:${padded(minutes)}:${padded(seconds)}`;
}
