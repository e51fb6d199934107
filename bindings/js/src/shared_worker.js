// The worker's side of a shared connection: a Client or a Session, and the tabs that use it.
//
// A tab sends { call, name, args }, { cancel }, { subscribe, channel, options }, { unsubscribe }, { join } with the name of
// a lock that it holds, or null, and { leave }. It gets { state }, { type, detail } for an event of the connection,
// { subscription, type, detail }, and { result, value } or { result, fault }.

const EVENTS = ['open', 'close', 'statechange', 'heartbeat', 'error', 'message', 'dropped', 'drain'];
const SUBSCRIPTION_EVENTS = ['event', 'gap', 'subscribed', 'end'];
const CALLS = ['send', 'publish', 'request', 'authenticate', 'reconnect', 'heartbeat', 'stats'];

/** An error as a message can carry it. */
const faultOf = (error) =>
  error && { name: error.name, message: error.message, code: error.code, temporary: error.temporary };

const withFault = (value) => (value?.error ? { ...value, error: faultOf(value.error) } : value);

// The properties that the library has given it.
function detailOf(event) {
  const { isTrusted, ...detail } = event;
  return withFault(detail);
}

/** One tab, from the message with which it joins to the one with which it leaves, or its end. */
class Tab {
  #connection;
  #latest;
  #port;
  #subscriptions = new Map();
  #calls = new Map();
  #joined = new AbortController();

  constructor(connection, latest, port) {
    this.#connection = connection;
    this.#latest = latest;
    this.#port = port;
    this.#joined.abort();
    port.addEventListener('message', ({ data }) => this.#take(data));
    port.start();
  }

  #take(message) {
    const [kind] = Object.keys(message);
    const actions = {
      join: () => this.#join(message),
      leave: () => this.#leave(),
      call: () => this.#call(message),
      cancel: () => this.#calls.get(message.cancel)?.abort(),
      subscribe: () => this.#subscribe(message),
      unsubscribe: () => this.#unsubscribe(message.unsubscribe),
    };
    actions[kind]?.();
  }

  #join({ join: lock }) {
    this.#leave();
    this.#joined = new AbortController();
    const { signal } = this.#joined;
    this.#post({ state: this.#connection.state });
    for (const type of EVENTS) {
      this.#connection.addEventListener(type, (event) => this.#post({ type, detail: detailOf(event) }), { signal });
    }
    // The tab holds it as long as it lives, so that its end is noticed however it comes.
    if (lock !== null) {
      globalThis.navigator.locks.request(lock, { signal }, () => this.#leave()).catch(() => {});
    }
  }

  #leave() {
    this.#joined.abort();
    [...this.#subscriptions.keys()].forEach((id) => this.#unsubscribe(id));
    this.#calls.forEach((controller) => controller.abort());
  }

  #post(message) {
    this.#port.postMessage(message);
  }

  async #call({ call: id, name, args }) {
    const controller = new AbortController();
    this.#calls.set(id, controller);
    try {
      if (!CALLS.includes(name) || !(name in this.#connection)) {
        throw new TypeError(`the shared connection has no ${name}()`);
      }
      const given = name === 'request' ? [args[0], args[1], { ...args[2], signal: controller.signal }] : args;
      const value = await this.#connection[name](...given);
      // A Reply is no plain object.
      this.#post({ result: id, value: name === 'request' ? { data: value.data } : withFault(value) });
    } catch (error) {
      this.#post({ result: id, fault: faultOf(error) });
    }
    this.#calls.delete(id);
  }

  #subscribe({ subscribe: id, channel, options }) {
    const post = (type, detail) => this.#post({ subscription: id, type, detail });
    try {
      const subscription = this.#connection.subscribe(channel, options);
      this.#subscriptions.set(id, subscription);
      for (const type of SUBSCRIPTION_EVENTS) {
        subscription.addEventListener(type, (event) => post(type, detailOf(event)));
      }
      this.#latest.follow(subscription);
    } catch (error) {
      post('end', { channel, error: faultOf({ ...faultOf(error), code: 'invalid' }) });
      return;
    }
    // A session replays for the first subscriber of a channel only.
    const latest = this.#latest.of(channel);
    if (options.replay > 0 && latest !== undefined) {
      post('event', latest);
    }
  }

  #unsubscribe(id) {
    const subscription = this.#subscriptions.get(id);
    if (subscription !== undefined) {
      this.#subscriptions.delete(id);
      subscription.unsubscribe();
      this.#latest.forget(subscription);
    }
  }
}

/** The latest event of each channel that any tab follows. */
class Latest {
  #channels = new Map();

  follow(subscription) {
    const { channel } = subscription;
    const entry = this.#channels.get(channel) ?? { followers: new Set(), event: undefined };
    this.#channels.set(channel, entry);
    entry.followers.add(subscription);
    subscription.addEventListener('event', (event) => (entry.event = detailOf(event)));
  }

  forget(subscription) {
    const { followers } = this.#channels.get(subscription.channel);
    followers.delete(subscription);
    if (followers.size === 0) {
      this.#channels.delete(subscription.channel);
    }
  }

  of(channel) {
    return this.#channels.get(channel)?.event;
  }
}

/** Lets all tabs of a SharedWorker use a Client or a Session. shared.d.ts describes it. */
export function serve(connection) {
  const latest = new Latest();
  globalThis.addEventListener('connect', ({ ports: [port] }) => new Tab(connection, latest, port));
}
