// What loss_client.cpp does, in a page, with the package's Session. The lines are the same.

import { Session } from '/dist/tidewire.js';

const OPTIONS = {
  connectTimeout: 1000,
  heartbeat: { interval: 200, timeout: 300 },
  reconnect: { firstDelay: 10, maxDelay: 100 },
};
// A session that is asked to close has done so by then, or never will.
const CLOSING_MS = 10_000;

const isBytes = (number) => number % 5 === 0;
const latin1 = new TextDecoder('latin1');

/** Of the message of that number: its number and something that only it has. Each fifth cannot go as text. */
function textOf(number) {
  const text = `${number} ${String.fromCharCode(97 + (number % 26)).repeat((number * 37) % 700)}`;
  return isBytes(number) ? `${text}\x1e\xff` : text;
}

const bytesOf = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** The number of the message that has this body; nothing has the number 0. */
function numberOf(data) {
  const isText = typeof data === 'string';
  const text = isText ? data : latin1.decode(data ?? new ArrayBuffer(0));
  const number = parseInt(text, 10);
  return text === textOf(number) && isText !== isBytes(number) ? number : 0;
}

/** A tick says its own place. */
const isTick = ({ data, seq }) => typeof data === 'string' && data.includes(`"seq":${seq},`);

/** As C++ calls it: 'not-sent' is NotSent. */
const nativeName = (name) => name.replace(/(^|-)(.)/g, (_, dash, letter) => letter.toUpperCase());

/** `tell` is called with one or more lines, and again once it has answered. */
export class LossClient {
  #wanted;
  #tell;
  #session;
  #subscriptions = 0;
  #events = 0;
  #published = 0;
  #untold = [];
  #telling; // Resolved when nothing is left.

  constructor({ tell, ...wanted }) {
    this.#wanted = wanted;
    this.#tell = tell;
    this.#session = new Session(wanted.url, OPTIONS);
    this.#listen();
    for (const [kind, channels] of [['room', wanted.rooms], ['reliable', wanted.reliable], ['latest', wanted.latest]]) {
      channels.forEach((channel) => this.#subscribe(channel, kind));
    }
    this.#session.connect();
  }

  /** Answers when the session has closed and everything is told. */
  async stop() {
    const session = this.#session;
    const closed = new Promise((resolve) => {
      session.addEventListener('statechange', ({ to }) => to === 'closed' && resolve());
      setTimeout(resolve, CLOSING_MS);
    });
    session.close();
    await closed;
    if (session.state === 'closed') this.#say({ over: true });
    await this.#telling;
  }

  #say(line) {
    this.#untold.push(JSON.stringify(line));
    this.#telling ??= this.#tellAll();
  }

  // A call of `tell` takes a millisecond or more. What is said meanwhile goes with the next one.
  async #tellAll() {
    await undefined; // The rest of this turn.
    while (this.#untold.length > 0) await this.#tell(this.#untold.splice(0).join('\n'));
    this.#telling = undefined;
  }

  #listen() {
    this.#session.addEventListener('open', ({ attempt, resumed }) => {
      this.#say({ open: attempt, resumed });
      this.#publish();
    });
    // What is called for while there is no connection waits for one.
    this.#session.addEventListener('close', ({ cause, code, wasOpen, willRetry }) => {
      this.#say({ close: nativeName(cause), code, opened: wasOpen });
      if (wasOpen && willRetry) this.#publish();
    });
    this.#session.addEventListener('error', ({ code }) => this.#say({ error: code }));
  }

  #subscribe(channel, kind) {
    const number = this.#subscriptions++;
    const conflate = kind === 'latest';
    this.#say({ subscribe: number, channel, conflate });
    this.#session.subscribe(channel, { conflate }, {
      onEvent: (event) => this.#event(number, kind, event),
      onGap: ({ hasRange, from, to }) => this.#say({ gap: number, ...(hasRange && { from, to }) }),
      onSubscribed: ({ position: { epoch, seq } }) => this.#say({ subscribed: number, epoch, seq }),
      onEnd: ({ error }) => this.#say({ end: number, code: error.code }),
    });
  }

  #event(number, kind, event) {
    const line = { event: number, seq: event.seq, skipped: event.skipped };
    if (kind === 'room') {
      this.#say({ ...line, message: numberOf(event.data) });
      return;
    }
    this.#say(isTick(event) ? line : { ...line, spoilt: true });
    if (kind === 'reliable') {
      ++this.#events;
      this.#publishInStep();
    }
  }

  #publishInStep() {
    const { publishes, events } = this.#wanted;
    while (this.#published < publishes && this.#published * events < this.#events * publishes) this.#publish();
  }

  #publish() {
    const { rooms, publishes } = this.#wanted;
    if (this.#published === publishes) return;
    const number = ++this.#published;
    const channel = rooms[number % rooms.length];
    const text = textOf(number);
    this.#say({ publish: number, channel });
    const body = isBytes(number) ? bytesOf(text) : text;
    this.#session.publish(channel, body, { ack: true }).then(({ outcome, seq, error }) => {
      this.#say({ ack: number, outcome: nativeName(outcome), seq: seq ?? 0, code: error?.code ?? '' });
    });
  }
}
