const SPOKEN = {
  connecting: 'Connecting',
  open: 'Connected: prices are live',
  waiting: 'Connection lost: trying again',
  closing: 'Closing',
  closed: 'Disconnected',
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
    write(this.#fields.state, state);
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
    write(this.#fields.reconnects, String(reconnects));
    this.tick();
  }

  ended(close) {
    this.#reason = reasonOf(close);
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
  }

  /** Brings up to date what changes with time alone. */
  tick() {
    const [detail, countdown] = this.#describe();
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

function reasonOf({ cause, code, reason, detail }) {
  const text = detail || (cause === 'closed-by-peer' ? 'closed by the server' : cause.replaceAll('-', ' '));
  const answer = reason && !text.includes(reason) ? `${text} (${code}: ${reason})` : text;
  return answer.replace(/[.\s]+$/, '');
}

function duration(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  const padded = (value) => String(value % 60).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  return seconds < 3600
    ? `${minutes}:${padded(seconds)}`
    : `${Math.floor(minutes / 60)}:${padded(minutes)}:${padded(seconds)}`;
}

function write(field, text) {
  if (field.textContent !== text) {
    field.textContent = text;
  }
}
