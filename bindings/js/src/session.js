// Session: the C++ session behind an EventTarget, its subscriptions behind others, its calls behind promises.

import { ChannelEvent, Reply } from './bodies.js';
import {
  Connection,
  Handle,
  addEvents,
  closeOn,
  copyOf,
  current,
  dispatch,
  endCalls,
  living,
  report,
  take,
} from './connection.js';
import {
  CALL_RESULT,
  PUBLISH_OPTIONS,
  REQUEST_OPTIONS,
  SESSION_EVENTS,
  SUBSCRIBE_OPTIONS,
  SUBSCRIPTION_HANDLERS,
  readChannelPosition,
  readStats,
} from './described.js';
import { SessionError } from './errors.js';
import { Fields, blank } from './fields.js';
import { check, ownOf, readOptions, readSessionOptions, readToken, resolveUrlHere, wholeMilliseconds } from './options.js';
import { PendingCalls } from './pending.js';
import { createMessageImports } from './messages.js';
import { glue, provide } from './wasm.js';

const NOTHING_DROPPED = { messages: 0, bytes: 0 };

// --- What the wasm calls ---

provide(createMessageImports(glue));
addEvents(SESSION_EVENTS);

// Undefined if the application has unsubscribed.
const subscriptionOf = (handle, id) => handle?.registry.subscriptions.get(id);

function dispatchTo(subscription, type, detail) {
  dispatch(subscription, type, { channel: subscription.channel, ...detail });
}

for (const type of ['gap', 'subscribed']) {
  take(`subscription.${type}`, (handle, event, id) => {
    const subscription = subscriptionOf(handle, id);
    if (subscription !== undefined) {
      dispatchTo(subscription, type, event);
    }
  });
}

take('subscription.event', (handle, event, id) => {
  const subscription = subscriptionOf(handle, id);
  subscription?.dispatchEvent(new ChannelEvent(subscription.channel, event));
});

take('subscription.end', (handle, { error }, id) => {
  const subscription = subscriptionOf(handle, id);
  if (subscription !== undefined) {
    subscription.unsubscribe();
    dispatchTo(subscription, 'end', { error: errorOf(error) });
  }
});

take('token', (handle, request) => handle?.requestToken({ ...request, refusal: errorOf(request.refusal) }));

take('ack', (handle, ack, id) => {
  handle?.registry.takeCall(id)?.resolve({ ...ack, error: ack.error.code === '' ? null : errorOf(ack.error) });
});

take('reply', (handle, { error, data }, id) => {
  const call = handle?.registry.takeCall(id);
  if (error === null) {
    call?.resolve(new Reply(data));
  } else {
    call?.reject(errorOf(error));
  }
});

// Of what the wasm tells.
function errorOf(told) {
  return told && new SessionError(told.code, told.message, told.temporary);
}

const REFUSALS = {
  closed: 'the session has closed',
  'too-large': 'larger than the whole outbox may be',
  'queue-full': 'the outbox is full',
  'invalid-name': 'not a channel or a method',
};

// `result`: one of CALL_RESULT that is not 'queued'.
function refusalOf(result) {
  return new SessionError(result, REFUSALS[result], result === 'queue-full');
}

// --- What is not over ---

/** The subscriptions and calls of a session, by the numbers that the wasm knows them by. */
class SessionRegistry {
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

  /** Its taker ends it, so that it ends once. */
  takeCall(id) {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    return call;
  }

  /** Ends the call unless it was accepted. A publish without an acknowledgement, whose id is 0, is only reported. */
  settle(id, result) {
    if (result === 'queued') {
      return;
    }
    const refusal = refusalOf(result);
    if (id === 0) {
      const { code, message, temporary } = refusal;
      this.report({ code, message, temporary });
    } else {
      this.takeCall(id)?.refuse(refusal, 'not-sent');
    }
  }

  endCalls(outcome) {
    for (const id of [...this.#calls.keys()]) {
      this.takeCall(id).refuse(refusalOf('closed'), outcome);
    }
  }
}

export class Subscription extends EventTarget {
  #registry;
  #id;
  #channel;
  #over = false;
  #lastPosition = null;

  constructor(registry, id, channel) {
    super();
    this.#registry = registry;
    this.#id = id;
    this.#channel = channel;
  }

  unsubscribe() {
    if (!this.#over) {
      this.#lastPosition = this.position;
      this.#over = true;
      this.#registry.subscriptions.delete(this.#id);
      this.#registry.target.unsubscribe(this.#id);
    }
  }

  get channel() {
    return this.#channel;
  }

  get isLive() {
    return !this.#over && this.#registry.target.isLive(this.#id);
  }

  get position() {
    return this.#over ? this.#lastPosition : this.#registry.target.position(this.#id);
  }

  get age() {
    return this.#over ? null : this.#registry.target.age(this.#id);
  }
}

// --- Where a session's calls go ---

/** A Session of the wasm. */
class SessionHandle extends Handle {
  constructor(session, options, functions, registry) {
    super('tidewire_session', session, options, functions, NOTHING_DROPPED);
    this.registry = registry;
  }

  get serverTime() {
    return numberOrNull(this.call('_server_time'));
  }

  subscribe(id, channel, { conflate = false, replay = 0, since }) {
    const place = [since ? 1 : 0, glue.hold(since?.epoch ?? ''), wholeNumber(since?.seq ?? 0)];
    this.call('_subscribe', id, glue.hold(channel), conflate ? 1 : 0, wholeNumber(replay), ...place);
  }

  unsubscribe(id) {
    this.call('_unsubscribe', id);
  }

  isLive(id) {
    return this.call('_is_live', id) !== 0;
  }

  position(id) {
    return new Fields(this.call('_position', id)).optional(readChannelPosition);
  }

  age(id) {
    return numberOrNull(this.call('_age', id));
  }

  publish(id, channel, body, resend) {
    return CALL_RESULT[this.call('_publish', id, glue.hold(channel), ...held(body), resend ? 1 : 0)];
  }

  /** A negative `timeout` is the default. `waited`: how long the call was pending, which counts. */
  request(id, method, body, timeout, idempotent, waited = 0) {
    const numbers = [timeout, idempotent ? 1 : 0, waited];
    return CALL_RESULT[this.call('_request', id, glue.hold(method), ...held(body), ...numbers)];
  }

  cancel(id) {
    this.call('_cancel', id);
  }

  authenticate(token) {
    return CALL_RESULT[this.call('_authenticate', glue.hold(token))];
  }

  requestToken(request) {
    const { attempt } = request;
    this.callApplication(
      async () => readToken(await this.functions.token(request)),
      ({ token, url }) => this.call('_token_answer', attempt, glue.hold(token), glue.hold(url)),
      (why) => this.call('_token_fail', attempt, glue.hold(why)),
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
  #registry;
  #subscriptions = new Map();

  constructor(registry, callsForToken) {
    super(callsForToken ? null : ['tidewire.v1']);
    this.#registry = registry;
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
    this.#registry.token = token;
    return 'queued';
  }

  stats() {
    return readStats(blank);
  }

  replay(target) {
    if (this.#registry.token !== null) {
      target.authenticate(this.#registry.token);
    }
    this.#subscriptions.forEach(({ channel, options }, id) => target.subscribe(id, channel, options));
    super.replay(target);
  }

  giveUp() {
    const ending = super.giveUp();
    return ending && { ...ending, dropped: NOTHING_DROPPED };
  }

  // A call that was cancelled meanwhile is not made.
  #keepCall(id, call) {
    return this.keepMessage(0, (target) => {
      if (id === 0 || this.#registry.isWaiting(id)) {
        this.#registry.settle(id, call(target));
      }
    });
  }
}

// --- The public class ---

/** A connection to a server that speaks "tidewire.v1". tidewire.d.ts describes it. */
export class Session extends Connection {
  #registry;

  constructor(url, options = {}) {
    const own = ownOf(options);
    const given = readSessionOptions(own);
    const { token, log } = own;
    const resolved = resolveUrlHere(url);
    const registry = new SessionRegistry();
    registry.report = (detail) => this[report]('error', detail);
    registry.token = typeof token === 'string' ? token : null;
    registry.target = new PendingSessionCalls(registry, typeof token === 'function');
    super(resolved, registry.target, (session) => {
      registry.target = new SessionHandle(session, given, { token, sink: log?.sink }, registry);
      return registry.target;
    });
    this.#registry = registry;
    closeOn(own.signal, this);
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
    const id = this.#registry.nextId();
    const subscription = new Subscription(this.#registry, id, channel);
    for (const [name, handler] of Object.entries(handlers)) {
      subscription.addEventListener(name.slice(2).toLowerCase(), handler);
    }
    this.#registry.subscriptions.set(id, subscription);
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
      const id = this.#registry.addCall(resolve, null, refuse);
      this.#registry.settle(id, target.publish(id, ...read));
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
      const id = this.#registry.addCall(resolve, reject, reject);
      abort = () => {
        if (this.#registry.takeCall(id) !== undefined) {
          this[current].cancel(id);
          reject(signal.reason);
        }
      };
      this.#registry.settle(id, target.request(id, method, payload, time, idempotent));
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
    this.#registry.subscriptions.forEach((subscription) => subscription.unsubscribe());
    this.#registry.endCalls(isLoaded ? 'unknown' : 'not-sent');
    super.dispose();
  }

  [endCalls]() {
    this.#registry.endCalls('not-sent');
  }
}

const isPosition = ({ epoch, seq }) => epoch !== undefined && seq !== undefined;

function readPublish(channel, body, options) {
  check(typeof channel === 'string', 'channel', 'a string');
  readOptions(options, PUBLISH_OPTIONS, 'options');
  return [channel, copyOf(body, 'body'), options.resend ?? false];
}
