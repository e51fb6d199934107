import { Client } from '/dist/tidewire.js';

const TYPES = ['statechange', 'open', 'message', 'close', 'heartbeat'];

// An Event does not survive the way out of the page; its own properties do.
function plain(event) {
  return { type: event.type, ...event, ...(event.type === 'message' ? { data: event.data } : {}) };
}

/** A client and everything it has told, in order. Waiting for an event is waiting for the event, not for time. */
export class Recording {
  events = [];
  #waiting = [];

  constructor(url, options) {
    this.client = new Client(url, options);
    for (const type of TYPES) {
      this.client.addEventListener(type, (event) => this.#record(event));
    }
  }

  of(type) {
    return this.events.filter((event) => event.type === type);
  }

  /** Resolves to the event of `type` that is number `count`, whether it came already or not. */
  async nth(type, count) {
    while (this.of(type).length < count) {
      await new Promise((resolve) => this.#waiting.push(resolve));
    }
    return this.of(type)[count - 1];
  }

  first(type) {
    return this.nth(type, 1);
  }

  /** Resolves when the client has reached `state` after the present moment or is in it. */
  async reached(state) {
    while (this.client.state !== state) {
      await new Promise((resolve) => this.#waiting.push(resolve));
    }
  }

  async messages(count) {
    await this.nth('message', count);
    return this.of('message').map((event) => event.data);
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
