// useSubscription: a channel of a session as state of a React component. Nothing of the core is imported: the session is
// the application's, of whichever entry point it has.

import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react';

const NOTHING = Object.freeze({ event: null, isLive: false, error: null });

/** A subscription for all components that want the same, so that one which comes later has the latest event at once. */
class Store {
  snapshot = NOTHING;
  #users = new Set();
  #end;

  /** `over()` is called when the last user has gone. */
  constructor(session, channel, options, over) {
    const subscription = session.subscribe(channel, options, {
      onEvent: (event) => this.#take('onEvent', event, { event }),
      onGap: (event) => this.#take('onGap', event),
      onSubscribed: (event) => this.#take('onSubscribed', event, { isLive: true }),
      onEnd: (event) => this.#take('onEnd', event, { isLive: false, error: event.error }),
    });
    // Until the session is back; then 'subscribed' comes again.
    const lost = () => this.snapshot.isLive && this.#update({ isLive: false });
    session.addEventListener('close', lost);
    this.#end = () => {
      session.removeEventListener('close', lost);
      subscription.unsubscribe();
      over();
    };
  }

  /** `user`: its `onChange`, and a reference to its handlers. Returns how to leave. */
  add(user) {
    this.#users.add(user);
    return () => {
      this.#users.delete(user);
      if (this.#users.size === 0) {
        this.#end();
      }
    };
  }

  #take(name, event, change) {
    if (change !== undefined) {
      this.#update(change);
    }
    [...this.#users].forEach(({ handlers }) => handlers.current[name]?.(event));
  }

  #update(change) {
    this.snapshot = { ...this.snapshot, ...change };
    [...this.#users].forEach(({ onChange }) => onChange());
  }
}

// Of each session, by what is subscribed to.
const storesOf = new WeakMap();

// Without a session, and where a server renders.
const NO_VIEW = { subscribe: () => () => {}, read: () => NOTHING };

// Nothing happens while React renders, which it may do in vain.
function viewOf(session, channel, options, key, handlers) {
  const stores = storesOf.get(session) ?? new Map();
  storesOf.set(session, stores);
  return {
    subscribe(onChange) {
      if (!stores.has(key)) {
        stores.set(key, new Store(session, channel, options, () => stores.delete(key)));
      }
      return stores.get(key).add({ onChange, handlers });
    },
    read: () => stores.get(key)?.snapshot ?? NOTHING,
  };
}

/** The latest event of a channel, and whether more will come. react.d.ts describes it. */
export function useSubscription(session, channel, options = {}) {
  const { onEvent, onGap, onSubscribed, onEnd, since, ...rest } = options;
  const handlers = useRef({});
  useEffect(() => {
    handlers.current = { onEvent, onGap, onSubscribed, onEnd };
  });
  // By value, since a component makes its options anew each time. What is no option throws where it is given.
  const key = JSON.stringify([channel, rest, since?.epoch, since?.seq]);
  const { subscribe, read } = useMemo(
    () => (session ? viewOf(session, channel, { ...rest, since }, key, handlers) : NO_VIEW),
    [session, key],
  );
  return useSyncExternalStore(subscribe, read, NO_VIEW.read);
}
