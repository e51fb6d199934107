// Session: the C++ session behind an EventTarget, its subscriptions behind others, its calls behind promises.

import {
  Connection,
  Handle,
  closeInfo,
  copyOf,
  current,
  dispatch,
  emit,
  endCalls,
  handleOf,
  living,
  report,
} from './connection.js';
import {
  check,
  PUBLISH_OPTIONS,
  REQUEST_OPTIONS,
  SESSION_OPTIONS,
  SUBSCRIBE_OPTIONS,
  SUBSCRIPTION_HANDLERS,
  readOptions,
  readToken,
  resolveUrl,
  wholeMilliseconds,
} from './options.js';
import { PendingCalls } from './pending.js';
import { CALL_RESULTS, OUTCOMES, noStats, statsFrom, timesOf } from './values.js';
import { glue, provide, taken } from './wasm.js';

const NOTHING_DROPPED = { messages: 0, bytes: 0 };

// --- What the wasm calls ---

let error = null;

const booksOf = (address) => handleOf(address)?.books;

// A subscription that nobody wants any more is in no book.
function emitTo(address, id, type, detail) {
  const subscription = booksOf(address)?.subscriptions.get(id);
  if (subscription !== undefined) {
    dispatch(subscription, type, { channel: subscription.channel, ...detail });
  }
}

provide({
  tidewire_js_session_open(address, subprotocolSlot, attempt, reconnects, handshakeTime, endpoint, resumed) {
    const subprotocol = glue.valueOf(subprotocolSlot);
    const times = timesOf(endpoint);
    emit(address, 'open', { subprotocol, attempt, reconnects, handshakeTime, times, resumed: resumed !== 0 });
  },

  tidewire_js_session_error_info(codeSlot, messageSlot, temporary) {
    error = new SessionError(glue.valueOf(codeSlot), glue.valueOf(messageSlot), temporary !== 0);
  },

  tidewire_js_session_error(address) {
    const { code, message, temporary } = error;
    emit(address, 'error', { code, message, temporary });
  },

  tidewire_js_session_token(address, attempt, hasLastClose, hasRefusal) {
    handleOf(address)?.askToken(attempt, hasLastClose !== 0 ? closeInfo : null, hasRefusal !== 0 ? error : null);
  },

  tidewire_js_session_event(address, id, seq, time, skipped, kind, bodySlot) {
    const subscription = booksOf(address)?.subscriptions.get(id);
    if (subscription !== undefined) {
      subscription.dispatchEvent(new ChannelEvent(subscription.channel, seq, time, skipped, bodyOf(kind, bodySlot)));
    }
  },

  tidewire_js_session_gap(address, id, hasRange, from, to) {
    emitTo(address, id, 'gap', { hasRange: hasRange !== 0, from, to });
  },

  tidewire_js_session_subscribed(address, id, epochSlot, seq) {
    emitTo(address, id, 'subscribed', { position: { epoch: glue.valueOf(epochSlot), seq } });
  },

  tidewire_js_session_end(address, id) {
    const books = booksOf(address);
    const subscription = books?.subscriptions.get(id);
    if (subscription !== undefined) {
      const why = error;
      subscription.unsubscribe();
      dispatch(subscription, 'end', { channel: subscription.channel, error: why });
    }
  },

  tidewire_js_session_ack(address, id, outcome, seq, hasError) {
    const ack = { outcome: OUTCOMES[outcome], seq: seq < 0 ? null : seq, error: hasError !== 0 ? error : null };
    booksOf(address)?.takeCall(id)?.resolve(ack);
  },

  tidewire_js_session_reply(address, id, hasError, kind, bodySlot) {
    const call = booksOf(address)?.takeCall(id);
    if (hasError !== 0) {
      call?.reject(error);
    } else {
      call?.resolve(new Reply(bodyOf(kind, bodySlot)));
    }
  },
});

// --- What a message carries ---

// A string, an ArrayBuffer, or null where there is none.
function bodyOf(kind, slot) {
  return kind < 0 ? null : glue.valueOf(slot);
}

function textOf(data) {
  return isBytes(data) ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(data) : (data ?? '');
}

// The buffer may be one of another realm, as those of a test runner's context are.
function isBytes(data) {
  return typeof data === 'object' && data !== null;
}

// JSON has no undefined: that says that it is none.
function jsonOf(data) {
  try {
    return JSON.parse(textOf(data));
  } catch {
    return undefined;
  }
}

class ChannelEvent extends Event {
  // There may be very many of them.
  constructor(channel, seq, time, skipped, data) {
    super('event');
    this.channel = channel;
    this.seq = seq;
    this.time = time < 0 ? null : time;
    this.skipped = skipped;
    this.data = data;
  }

  json() {
    return jsonOf(this.data);
  }
}

export class Reply {
  constructor(data) {
    this.data = data;
  }

  get text() {
    return textOf(this.data);
  }

  get bytes() {
    return isBytes(this.data) ? new Uint8Array(this.data) : new TextEncoder().encode(this.text);
  }

  json() {
    return jsonOf(this.data);
  }
}

export class SessionError extends Error {
  name = 'SessionError';

  constructor(code, message, temporary) {
    super(message);
    this.code = code;
    this.temporary = temporary;
  }
}

const REFUSALS = {
  closed: 'the session has closed',
  'too-large': 'larger than the whole outbox may be',
  'queue-full': 'the outbox is full',
  'invalid-name': 'not a channel or a method',
};

// `result`: one of CALL_RESULTS that is not 'queued'.
function refusalOf(result) {
  return new SessionError(result, REFUSALS[result], result === 'queue-full');
}

// --- What is not over ---

/** The subscriptions and calls of a session, by the numbers that the wasm knows them by. */
class Books {
  target = null; // As the session's own.
  report = null; // Dispatches an error event of the session.
  token = null;
  subscriptions = new Map();
  #calls = new Map();
  #lastId = 0;

  nextId() {
    return ++this.#lastId;
  }

  /** `refuse(error, outcome)`: what ends it without the wasm; the outcome is what a publish ends as. */
  addCall(resolve, reject, refuse) {
    const id = this.nextId();
    this.#calls.set(id, { resolve, reject, refuse });
    return id;
  }

  isWaiting(id) {
    return this.#calls.has(id);
  }

  /** Whoever has it answers it: once. */
  takeCall(id) {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    return call;
  }

  /** Ends the call unless it was accepted. */
  settle(id, result) {
    if (result !== 'queued') {
      this.takeCall(id)?.refuse(refusalOf(result), 'not-sent');
    }
  }

  /** Reports a publish that was kept, and that the wasm refuses: nothing else ends it. */
  reportUnless(result) {
    if (result !== 'queued') {
      const { code, message, temporary } = refusalOf(result);
      this.report({ code, message, temporary });
    }
  }

  endCalls(outcome) {
    for (const id of [...this.#calls.keys()]) {
      this.takeCall(id).refuse(refusalOf('closed'), outcome);
    }
  }
}

export class Subscription extends EventTarget {
  #books;
  #id;
  #channel;
  #over = false;
  #lastPosition = null;

  constructor(books, id, channel) {
    super();
    this.#books = books;
    this.#id = id;
    this.#channel = channel;
  }

  unsubscribe() {
    if (!this.#over) {
      this.#lastPosition = this.position;
      this.#over = true;
      this.#books.subscriptions.delete(this.#id);
      this.#books.target.unsubscribe(this.#id);
    }
  }

  get channel() {
    return this.#channel;
  }

  get isLive() {
    return !this.#over && this.#books.target.isLive(this.#id);
  }

  get position() {
    return this.#over ? this.#lastPosition : this.#books.target.position(this.#id);
  }

  get age() {
    return this.#over ? null : this.#books.target.age(this.#id);
  }
}

// --- Where a session's calls go ---

/** A Session of the wasm. */
class SessionHandle extends Handle {
  constructor(session, options, functions, books) {
    super('session', session, options, functions, NOTHING_DROPPED);
    this.books = books;
  }

  get serverTime() {
    return numberOrNull(this.call('server_time'));
  }

  subscribe(id, channel, { conflate = false, replay = 0, since }) {
    const place = [since ? 1 : 0, glue.hold(since?.epoch ?? ''), wholeNumber(since?.seq ?? 0)];
    this.call('subscribe', id, glue.hold(channel), conflate ? 1 : 0, wholeNumber(replay), ...place);
  }

  unsubscribe(id) {
    this.call('unsubscribe', id);
  }

  isLive(id) {
    return this.call('is_live', id) !== 0;
  }

  position(id) {
    const seq = this.call('position_seq', id);
    return seq < 0 ? null : { epoch: taken(this.call('position_epoch', id)), seq };
  }

  age(id) {
    return numberOrNull(this.call('age', id));
  }

  publish(id, channel, body, resend) {
    return CALL_RESULTS[this.call('publish', id, glue.hold(channel), ...held(body), resend ? 1 : 0)];
  }

  /** A negative `timeout` is the default. `waited`: how long the call was pending, which counts. */
  request(id, method, body, timeout, idempotent, waited = 0) {
    const numbers = [timeout, idempotent ? 1 : 0, waited];
    return CALL_RESULTS[this.call('request', id, glue.hold(method), ...held(body), ...numbers)];
  }

  cancel(id) {
    this.call('cancel', id);
  }

  authenticate(token) {
    return CALL_RESULTS[this.call('authenticate', glue.hold(token))];
  }

  askToken(attempt, lastClose, refusal) {
    this.ask(
      async () => readToken(await this.functions.token({ attempt, lastClose, refusal })),
      ({ token, url }) => this.call('token_answer', attempt, glue.hold(token), glue.hold(url)),
      (why) => this.call('token_fail', attempt, glue.hold(why)),
    );
  }
}

const numberOrNull = (value) => (Number.isNaN(value) ? null : value);

// Infinity is as many as there are.
const wholeNumber = (value) => Math.min(value, Number.MAX_SAFE_INTEGER);

// The slot of a body, and whether it is text.
const held = (body) => [glue.hold(body), typeof body === 'string' ? 1 : 0];

/** Before the wasm has loaded. Subscriptions and the token are kept apart: they outlive a failure to load it. */
class PendingSessionCalls extends PendingCalls {
  serverTime = null;
  #books;
  #subscriptions = new Map();

  constructor(books) {
    super();
    this.#books = books;
  }

  subscribe(id, channel, options) {
    this.#subscriptions.set(id, { channel, options });
  }

  unsubscribe(id) {
    this.#subscriptions.delete(id);
  }

  isLive() {
    return false;
  }

  position() {
    return null;
  }

  age() {
    return null;
  }

  publish(id, channel, body, resend) {
    return this.#keepCall(id, (target) => target.publish(id, channel, body, resend));
  }

  request(id, method, body, timeout, idempotent) {
    const since = performance.now();
    const waited = () => performance.now() - since;
    return this.#keepCall(id, (target) => target.request(id, method, body, timeout, idempotent, waited()));
  }

  cancel() {}

  authenticate(token) {
    this.#books.token = token;
    return 'queued';
  }

  stats() {
    return statsFrom(noStats(), NOTHING_DROPPED);
  }

  replay(target) {
    if (this.#books.token !== null) {
      target.authenticate(this.#books.token);
    }
    this.#subscriptions.forEach(({ channel, options }, id) => target.subscribe(id, channel, options));
    super.replay(target);
  }

  giveUp() {
    return super.giveUp() && NOTHING_DROPPED;
  }

  // A publish without an acknowledgement has no id; one that was cancelled is not made.
  #keepCall(id, call) {
    return this.keepMessage(0, (target) => {
      if (id === 0) {
        this.#books.reportUnless(call(target));
      } else if (this.#books.isWaiting(id)) {
        this.#books.settle(id, call(target));
      }
    });
  }
}

// --- The public class ---

/** A connection to a server that speaks "tidewire.v1". tidewire.d.ts describes it. */
export class Session extends Connection {
  #books;

  constructor(url, options = {}) {
    const given = readOptions(options, SESSION_OPTIONS, 'options');
    const { token, log } = options;
    const resolved = resolveUrl(url);
    const books = new Books();
    books.token = typeof token === 'string' ? token : null;
    books.target = new PendingSessionCalls(books);
    super(resolved, books.target, (session) => {
      books.target = new SessionHandle(session, given, { token, sink: log?.sink }, books);
      return books.target;
    });
    books.report = (detail) => this[report]('error', detail);
    this.#books = books;
  }

  get serverTime() {
    return this[current] === null ? null : this[current].serverTime;
  }

  subscribe(channel, options = {}, handlers = {}) {
    const target = this[living];
    check(typeof channel === 'string', 'channel', 'a string');
    readOptions(options, SUBSCRIBE_OPTIONS, 'options');
    check(options.since === undefined || isPosition(options.since), 'options.since', 'a position: an epoch and a seq');
    readOptions(handlers, SUBSCRIPTION_HANDLERS, 'handlers');
    const id = this.#books.nextId();
    const subscription = new Subscription(this.#books, id, channel);
    for (const [name, handler] of Object.entries(handlers)) {
      subscription.addEventListener(name.slice(2).toLowerCase(), handler);
    }
    this.#books.subscriptions.set(id, subscription);
    target.subscribe(id, channel, structuredClone(options));
    return subscription;
  }

  publish(channel, body = '', options = {}) {
    return options?.ack === true
      ? this.#publishAcknowledged(channel, body, options)
      : this[living].publish(0, ...readPublish(channel, body, options));
  }

  async #publishAcknowledged(channel, body, options) {
    const target = this[living];
    const read = readPublish(channel, body, options);
    return new Promise((resolve) => {
      const refuse = (error, outcome) => resolve({ outcome, seq: null, error });
      const id = this.#books.addCall(resolve, null, refuse);
      this.#books.settle(id, target.publish(id, ...read));
    });
  }

  async request(method, body = '', options = {}) {
    const target = this[living];
    check(typeof method === 'string', 'method', 'a string');
    readOptions(options, REQUEST_OPTIONS, 'options');
    const { timeout, idempotent = false, signal } = options;
    const time = timeout === undefined ? -1 : wholeMilliseconds(timeout);
    const payload = copyOf(body, 'body');
    signal?.throwIfAborted();
    let abort;
    const reply = new Promise((resolve, reject) => {
      const id = this.#books.addCall(resolve, reject, reject);
      abort = () => {
        if (this.#books.takeCall(id) !== undefined) {
          this[current].cancel(id);
          reject(signal.reason);
        }
      };
      this.#books.settle(id, target.request(id, method, payload, time, idempotent));
    });
    signal?.addEventListener('abort', abort);
    return reply.finally(() => signal?.removeEventListener('abort', abort));
  }

  authenticate(token) {
    check(typeof token === 'string', 'token', 'a string');
    return this[living].authenticate(token);
  }

  dispose() {
    const isLoaded = this[current] instanceof SessionHandle;
    this.#books.subscriptions.forEach((subscription) => subscription.unsubscribe());
    this.#books.endCalls(isLoaded ? 'unknown' : 'not-sent');
    super.dispose();
  }

  [endCalls]() {
    this.#books.endCalls('not-sent');
  }
}

const isPosition = ({ epoch, seq }) => epoch !== undefined && seq !== undefined;

function readPublish(channel, body, options) {
  check(typeof channel === 'string', 'channel', 'a string');
  readOptions(options, PUBLISH_OPTIONS, 'options');
  return [channel, copyOf(body, 'body'), options.resend ?? false];
}
