import { Session } from '/dist/tidewire.js';

import { Recorder } from '/test/recording.js';

const TYPES = ['statechange', 'open', 'close', 'heartbeat', 'error'];

/** A session and everything it has told. */
export class SessionRecording extends Recorder {
  constructor(url, options) {
    const session = new Session(url, options);
    super(session, TYPES);
    this.session = session;
  }

  /** Resolves when the session has reached `state` after the present moment or is in it. */
  reached(state) {
    return this.until(() => this.session.state === state);
  }

  subscribe(channel, options) {
    return new SubscriptionRecording(this.session.subscribe(channel, options));
  }
}

/** A subscription and everything it has told. */
export class SubscriptionRecording extends Recorder {
  constructor(subscription) {
    super(subscription, ['event', 'gap', 'subscribed', 'end']);
    this.subscription = subscription;
  }

  /** The numbers of the first `count` events. */
  async seqs(count) {
    await this.nth('event', count);
    return this.of('event').map((event) => event.seq);
  }
}

/** A session that is open. */
export async function opened(url, options) {
  const recording = new SessionRecording(url, options);
  recording.session.connect();
  const closed = recording.first('close').then((close) => {
    throw new Error(`not open but closed: ${close.cause}, ${close.detail}`);
  });
  await Promise.race([recording.first('open'), closed]);
  return recording;
}

/** How a promise ended. An Error does not survive the way out of the page; its own properties do. */
export async function ending(promise) {
  try {
    return { value: await promise };
  } catch (error) {
    const { name, code, message, temporary } = error;
    return { name, code, message, temporary };
  }
}
