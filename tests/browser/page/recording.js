import { Client } from '/dist/tidewire.js';

const TYPES = ['statechange', 'open', 'message', 'close', 'heartbeat'];

// An Event does not survive the way out of the page; its own properties do.
function plain(event) {
  const { isTrusted, ...own } = event;
  return { type: event.type, ...own, ...(event.type === 'message' ? { data: event.data } : {}) };
}

/** Everything that a target has told, in order. Waiting for an event is waiting for the event, not for time. */
export class Recorder {
  events = [];
  #waiting = [];

  constructor(target, types) {
    for (const type of types) {
      target.addEventListener(type, (event) => this.#record(event));
    }
  }

  of(type) {
    return this.events.filter((event) => event.type === type);
  }

  /** Resolves when `condition()` holds, which only an event can change. */
  async until(condition) {
    while (!condition()) {
      await new Promise((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Resolves to the event of `type` that is number `count`, whether it came already or not. */
  async nth(type, count) {
    await this.until(() => this.of(type).length >= count);
    return this.of(type)[count - 1];
  }

  first(type) {
    return this.nth(type, 1);
  }

  #record(event) {
    this.events.push(plain(event));
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) {
      resolve();
    }
  }
}

/** A client and everything it has told. */
export class Recording extends Recorder {
  constructor(url, options) {
    const client = new Client(url, options);
    super(client, TYPES);
    this.client = client;
  }

  /** Resolves when the client has reached `state` after the present moment or is in it. */
  reached(state) {
    return this.until(() => this.client.state === state);
  }

  async messages(count) {
    await this.nth('message', count);
    return this.of('message').map((event) => event.data);
  }
}

/** A client that is open. */
export async function opened(url, options) {
  const recording = new Recording(url, options);
  recording.client.connect();
  const closed = recording.first('close').then((close) => {
    throw new Error(`not open but closed: ${close.cause}, ${close.detail}`);
  });
  await Promise.race([recording.first('open'), closed]);
  return recording;
}
