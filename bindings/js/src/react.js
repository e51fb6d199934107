// useSubscription: a channel of a session as state of a React component. Nothing of the core is imported: the session is
// the application's, of whichever entry point it has.

import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react';

const NOTHING = Object.freeze({ event: null, isLive: false, error: null });

/** What React reads of one subscription, and has made and ended. */
function storeOf(session, channel, options, handlers) {
  let snapshot = NOTHING;
  let changed = () => {};
  const update = (change) => {
    snapshot = { ...snapshot, ...change };
    changed();
  };
  const handle = (name, changeOf) => (event) => {
    if (changeOf !== undefined) {
      update(changeOf(event));
    }
    handlers.current[name]?.(event);
  };

  function subscribe(onChange) {
    changed = onChange;
    const subscription = session.subscribe(channel, options, {
      onEvent: handle('onEvent', (event) => ({ event })),
      onGap: handle('onGap'),
      onSubscribed: handle('onSubscribed', () => ({ isLive: true })),
      onEnd: handle('onEnd', ({ error }) => ({ isLive: false, error })),
    });
    // Until the session is back; then 'subscribed' comes again.
    const lost = () => snapshot.isLive && update({ isLive: false });
    session.addEventListener('close', lost);
    return () => {
      changed = () => {};
      session.removeEventListener('close', lost);
      subscription.unsubscribe();
      snapshot = { ...snapshot, isLive: false };
    };
  }
  return { subscribe, read: () => snapshot };
}

// Without a session, and where a server renders.
const NO_STORE = { subscribe: () => () => {}, read: () => NOTHING };

/** The latest event of a channel, and whether more will come. react.d.ts describes it. */
export function useSubscription(session, channel, options = {}) {
  const { onEvent, onGap, onSubscribed, onEnd, since, ...rest } = options;
  const handlers = useRef({});
  useEffect(() => {
    handlers.current = { onEvent, onGap, onSubscribed, onEnd };
  });
  // By value, since a component makes its options anew each time. What is no option throws where it is given.
  const key = JSON.stringify([rest, since?.epoch, since?.seq]);
  const store = useMemo(
    () => (session ? storeOf(session, channel, { ...rest, since }, handlers) : NO_STORE),
    [session, channel, key],
  );
  return useSyncExternalStore(store.subscribe, store.read, NO_STORE.read);
}
