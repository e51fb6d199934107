// What the wasm's numbers mean.

// In the order of the enumerations in tidewire/events.hpp, session_events.hpp, options.hpp and log.hpp.
export const STATES = ['idle', 'connecting', 'open', 'closing', 'waiting', 'closed'];
export const CAUSES = [
  'closed-by-user',
  'reconnect-asked',
  'closed-by-peer',
  'connection-lost',
  'connect-failed',
  'handshake-refused',
  'untrusted-certificate',
  'connect-timeout',
  'heartbeat-timeout',
  'protocol-error',
  'message-too-big',
  'slow-consumer',
  'unavailable',
  'endpoint-failed',
  'thawed',
];
export const CONNECT_RESULTS = [
  'started',
  'already-started',
  'invalid-url',
  'invalid-subprotocol',
  'unsupported',
  'wrong-thread',
  'invalid-header',
  'invalid-option',
  'unavailable',
];
export const SEND_RESULTS = [
  'queued',
  'closed',
  'too-large',
  'queue-full',
  'invalid-utf8',
  'wrong-thread',
  'not-open',
  'unavailable',
];
export const CLOSE_RESULTS = ['accepted', 'already-closed', 'invalid-code', 'invalid-reason', 'wrong-thread'];
export const HEARTBEAT_RESULTS = ['asked', 'not-open', 'unsupported', 'wrong-thread'];
export const RECONNECT_RESULTS = ['started', 'closed', 'wrong-thread'];
export const PAUSE_RESULTS = ['accepted', 'wrong-thread'];
export const CALL_RESULTS = [
  'queued',
  'closed',
  'too-large',
  'queue-full',
  'invalid-name',
  'invalid-utf8',
  'wrong-thread',
];
export const OUTCOMES = ['published', 'refused', 'unknown', 'not-sent'];
export const DROP_REASONS = ['closed', 'expired', 'displaced', 'stale', 'refused'];
export const ON_THAW = ['trust', 'reconnect'];
export const WHEN_FULL = ['reject', 'drop-oldest'];
export const WHEN_NOT_OPEN = ['queue', 'refuse'];
export const LOG_LEVELS = ['error', 'warning', 'info', 'debug'];

// In the order of numbersOf in exports.cpp.
const COUNTS = [
  'attempts',
  'opens',
  'reconnects',
  'messagesSent',
  'bytesSent',
  'messagesReceived',
  'bytesReceived',
  'queuedMessages',
  'queuedBytes',
  'bufferedBytes',
  'deliveryEvents',
  'deliveryBytes',
  'droppedMessages',
  'droppedBytes',
  'unconfirmedMessages',
];
// Behind them: three round trips, the endpoint's time in the last handshake, and the endings and reconnects by cause.
export const STATS_LENGTH = COUNTS.length + 4 + 2 * CAUSES.length;

// Those of a client that has done nothing yet.
export const noStats = () => new Array(STATS_LENGTH).fill(0).fill(-1, COUNTS.length, COUNTS.length + 4);

// A time is negative where there is none.
export const timesOf = (endpoint) => (endpoint < 0 ? {} : { endpoint });

const byCause = (numbers) => Object.fromEntries(CAUSES.map((cause, i) => [cause, numbers[i]]));

// `droppedBefore` is what the wasm does not know of.
export function statsFrom(numbers, droppedBefore) {
  const stats = Object.fromEntries(COUNTS.map((name, i) => [name, numbers[i]]));
  stats.droppedMessages += droppedBefore.messages;
  stats.droppedBytes += droppedBefore.bytes;
  const [last, smoothed, min, endpoint, ...causes] = numbers.slice(COUNTS.length);
  return {
    ...stats,
    roundTrips: last < 0 ? null : { last, smoothed, min },
    lastHandshake: timesOf(endpoint),
    endings: byCause(causes),
    reconnectsAfter: byCause(causes.slice(CAUSES.length)),
  };
}
