// The two libraries on one feed. Each hands over ticks, says whether it would call its price live, and what it does.

import { Session } from 'tidewire';
import ReconnectingWebSocket from 'reconnecting-websocket';

const CHANNEL = 'ticker/AAPL';

/** Both try again after so many milliseconds at first, and at most. */
const FIRST_DELAY = 250;
const MAX_DELAY = 2000;

/** A price that is older is not called live, where a library knows how old it is. */
const OLD_AFTER = 1000;

/** `onTick(tick)` gets each one; `WebSocket` is what the library is to use. */
export function openReconnectingWebSocket({ base, WebSocket, onTick }) {
  const socket = new ReconnectingWebSocket(`${base}/ticker?symbols=AAPL`, [], {
    WebSocket,
    minReconnectionDelay: FIRST_DELAY,
    maxReconnectionDelay: MAX_DELAY,
  });
  socket.addEventListener('message', ({ data }) => onTick(JSON.parse(data)));
  return {
    get state() {
      return ['connecting', 'open', 'closing', 'waiting'][socket.readyState];
    },
    // All that it knows: it has neither a heartbeat nor the time of the feed.
    get isLive() {
      return socket.readyState === socket.OPEN;
    },
  };
}

/** `onGap(count)` is called for ticks that the server cannot bring back. */
export function openTidewire({ base, onTick, onGap }) {
  const session = new Session(`${base}/stream`, {
    heartbeat: { interval: 1000, timeout: 1000 },
    reconnect: { firstDelay: FIRST_DELAY, maxDelay: MAX_DELAY },
  });
  const subscription = session.subscribe(
    CHANNEL,
    { replay: 1 },
    {
      onEvent: (event) => onTick(event.json()),
      onGap: ({ hasRange, from, to }) => onGap(hasRange ? to - from + 1 : 0),
    },
  );
  session.connect();
  return {
    get state() {
      return session.state;
    },
    get isLive() {
      return subscription.isLive && (subscription.age ?? Infinity) <= OLD_AFTER;
    },
  };
}
