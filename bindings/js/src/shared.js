// A tab's side of a shared connection: see shared_worker.js for the messages.

import { ChannelEvent, Reply } from './bodies.js';
import { SessionError } from './errors.js';

const HANDLERS = ['onEvent', 'onGap', 'onSubscribed', 'onEnd'];

// As the worker has seen it.
function errorOf(fault) {
  return fault.code === undefined
    ? Object.assign(new Error(fault.message), { name: fault.name })
    : new SessionError(fault.code, fault.message, fault.temporary === true);
}

const withError = (detail) => (detail?.error ? { ...detail, error: errorOf(detail.error) } : detail);

const eventOf = (type, detail) => Object.assign(new Event(type), withError(detail));

/** As Subscription of a session. */
class SharedSubscription extends EventTarget {
  isLive = false;
  #unsubscribe;

  constructor(channel, unsubscribe) {
    super();
    this.channel = channel;
    this.#unsubscribe = unsubscribe;
  }

  unsubscribe() {
    this.isLive = false;
    this.#unsubscribe();
  }
}

/** What a tab has of a connection in a SharedWorker. shared.d.ts describes it. */
export class SharedConnection extends EventTarget {
  #port;
  #state = 'idle';
  #lastId = 0;
  #calls = new Map();
  #subscriptions = new Map(); // What was asked for, so that it can be asked for again.
  #release = () => {};
  #isJoined = false;
  #kept = []; // What was sent before.
  #listening = new AbortController();

  constructor(worker) {
    super();
    this.#port = worker.port ?? worker;
    this.#port.addEventListener('message', ({ data }) => this.#take(data));
    this.#port.start();
    // A page in the back/forward cache hears nothing, and holding a lock would keep it out of there.
    const { signal } = this.#listening;
    globalThis.addEventListener('pagehide', () => this.#leave(), { signal });
    globalThis.addEventListener('pageshow', ({ persisted }) => persisted && this.#join(), { signal });
    this.#join();
  }

  get state() {
    return this.#state;
  }

  async connected() {
    while (this.#state !== 'open') {
      await new Promise((resolve) => this.addEventListener('statechange', resolve, { once: true }));
    }
  }

  send(data, options) {
    return this.#call('send', data, options);
  }

  publish(channel, body, options) {
    return this.#call('publish', channel, body, options);
  }

  async request(method, body, { signal, ...options } = {}) {
    signal?.throwIfAborted();
    const id = this.#lastId + 1;
    const reply = this.#call('request', method, body, options);
    const abort = () => {
      this.#post({ cancel: id });
      this.#calls.get(id)?.reject(signal.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    return new Reply((await reply.finally(() => signal?.removeEventListener('abort', abort))).data);
  }

  authenticate(token) {
    return this.#call('authenticate', token);
  }

  reconnect() {
    return this.#call('reconnect');
  }

  heartbeat() {
    return this.#call('heartbeat');
  }

  stats() {
    return this.#call('stats');
  }

  subscribe(channel, options = {}, handlers = {}) {
    const id = ++this.#lastId;
    const subscription = new SharedSubscription(channel, () => {
      if (this.#subscriptions.delete(id) && this.#isJoined) {
        this.#post({ unsubscribe: id });
      }
    });
    for (const name of HANDLERS.filter((each) => handlers[each] !== undefined)) {
      subscription.addEventListener(name.slice(2).toLowerCase(), handlers[name]);
    }
    const message = { subscribe: id, channel, options };
    this.#subscriptions.set(id, { subscription, message });
    if (this.#isJoined) {
      this.#post(message);
    }
    return subscription;
  }

  close() {
    this.#leave();
    this.#listening.abort();
    this.#subscriptions.clear();
    this.#calls.forEach(({ reject }) => reject(errorOf({ code: 'closed', message: 'this tab has left' })));
    this.#port.close();
  }

  #post(message) {
    if (this.#isJoined) {
      this.#port.postMessage(message);
    } else {
      this.#kept.push(message);
    }
  }

  // The worker notices the end of this tab by its lock. Without a secure context there are no locks.
  #join() {
    const join = (lock) => {
      this.#isJoined = true;
      this.#post({ join: lock });
      this.#subscriptions.forEach(({ message }) => this.#post(message));
      this.#kept.splice(0).forEach((message) => this.#post(message));
    };
    const name = `tidewire ${Date.now()} ${Math.random()}`;
    if (globalThis.navigator?.locks === undefined) {
      join(null);
    } else {
      navigator.locks.request(name, () => {
        join(name);
        return new Promise((release) => (this.#release = release));
      });
    }
  }

  #leave() {
    this.#post({ leave: true });
    this.#isJoined = false;
    this.#lost();
    this.#release();
  }

  #call(name, ...args) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#post({ call: id, name, args });
    }).finally(() => this.#calls.delete(id));
  }

  #take(message) {
    if ('result' in message) {
      this.#settle(message);
    } else if ('subscription' in message) {
      this.#dispatchTo(this.#subscriptions.get(message.subscription)?.subscription, message);
    } else if ('state' in message) {
      this.#change(message.state);
    } else if (message.type === 'statechange') {
      this.#change(message.detail.to);
    } else {
      this.#dispatch(message);
    }
  }

  #dispatch({ type, detail }) {
    if (type === 'close') {
      this.#lost();
    }
    this.dispatchEvent(eventOf(type, detail));
  }

  // Until each subscription is live again.
  #lost() {
    this.#subscriptions.forEach(({ subscription }) => (subscription.isLive = false));
  }

  #change(to) {
    const from = this.#state;
    this.#state = to;
    if (from !== to) {
      this.dispatchEvent(eventOf('statechange', { from, to }));
    }
  }

  #settle({ result: id, value, fault }) {
    const call = this.#calls.get(id);
    if (fault === undefined) {
      call?.resolve(withError(value));
    } else {
      call?.reject(errorOf(fault));
    }
  }

  #dispatchTo(subscription, { subscription: id, type, detail }) {
    if (subscription === undefined) {
      return;
    }
    if (type === 'end') {
      this.#subscriptions.delete(id);
    }
    subscription.isLive = type === 'subscribed' || (type !== 'end' && subscription.isLive);
    subscription.dispatchEvent(type === 'event' ? new ChannelEvent(detail.channel, detail) : eventOf(type, detail));
  }
}
