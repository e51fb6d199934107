// What clients and sessions may be told, checked as it is given: a mistake throws where it was made.

import { ON_THAW, WHEN_FULL, WHEN_NOT_OPEN, LOG_LEVELS } from './values.js';

const LONGEST_MS = 1e12;

// Upwards: zero has a meaning of its own.
export const wholeMilliseconds = (value) => Math.min(Math.ceil(value), LONGEST_MS);

export function check(fits, name, expected) {
  if (!fits) {
    throw new TypeError(`${name} must be ${expected}`);
  }
}

const duration = {
  check: (value, name) =>
    check(typeof value === 'number' && value >= 0, name, 'a number of milliseconds that is not negative'),
  toNumbers: (value) => [wholeMilliseconds(value)],
};
const count = {
  check: (value, name) =>
    check(value === Infinity || (Number.isSafeInteger(value) && value >= 0), name, 'an integer that is not negative'),
  toNumbers: (value) => [Math.min(value, 0xffffffff)],
};
const flag = {
  check: (value, name) => check(typeof value === 'boolean', name, 'true or false'),
  toNumbers: (value) => [value ? 1 : 0],
};
const closeCodes = {
  check: (value, name) =>
    check(
      Array.isArray(value) && value.every((code) => Number.isInteger(code) && code >= 1000 && code <= 4999),
      name,
      'an array of close codes from 1000 to 4999',
    ),
  toNumbers: (value) => value,
};
const text = {
  check: (value, name) => check(typeof value === 'string', name, 'a string'),
  toTexts: (value) => [value],
};
const oneOf = (names) => ({
  check: (value, name) => check(names.includes(value), name, `one of: ${names.join(', ')}`),
  toNumbers: (value) => [names.indexOf(value)],
});
// The function itself stays here.
const callback = {
  check: (value, name) => check(typeof value === 'function', name, 'a function'),
  toNumbers: () => [1],
};
// One that is no function is given to the session when it is made.
const token = {
  check: (value, name) => check(['string', 'function'].includes(typeof value), name, 'a string or a function'),
  toNumbers: (value) => (typeof value === 'function' ? [1] : []),
};
// By what it can do: one of a frame has another class.
const signal = {
  check: (value, name) =>
    check(
      typeof value?.aborted === 'boolean' && typeof value.addEventListener === 'function',
      name,
      'an AbortSignal',
    ),
};
const texts = {
  check: (value, name) =>
    check(Array.isArray(value) && value.every((each) => typeof each === 'string'), name, 'an array of strings'),
  toTexts: (value) => value,
};
const whenNotOpen = oneOf(WHEN_NOT_OPEN);
const subprotocols = {
  check: (value, name) =>
    check(
      Array.isArray(value) &&
        new Set(value).size === value.length &&
        value.every((each) => typeof each === 'string' && /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(each)),
      name,
      'an array of different tokens (RFC 7230)',
    ),
  toTexts: (value) => value,
};

// The numbers are those of OptionsBuilder in exchange.cpp.
export const OPTIONS = {
  subprotocols: [1, subprotocols],
  connectTimeout: [2, duration],
  closeTimeout: [3, duration],
  endpoint: [30, callback],
  name: [16, text],
  heartbeat: {
    interval: [4, duration],
    timeout: [5, duration],
    message: [6, text],
    answer: [7, text],
    silence: [17, duration],
    thawTimeout: [18, duration],
    onThaw: [19, oneOf(ON_THAW)],
  },
  reconnect: {
    enabled: [8, flag],
    firstDelay: [9, duration],
    maxDelay: [10, duration],
    resetAfter: [11, duration],
    finalCodes: [12, closeCodes],
    maxAttempts: [20, count],
  },
  sendQueue: {
    maxBytes: [13, count],
    maxMessages: [14, count],
    maxAge: [21, duration],
    whenFull: [22, oneOf(WHEN_FULL)],
    whenNotOpen: [23, whenNotOpen],
    lowWaterBytes: [24, count],
  },
  maxMessageBytes: [15, count],
  deliveryQueueBytes: [25, count],
  flightRecorder: { entries: [26, count], payloadBytes: [27, count] },
  log: { level: [28, oneOf(LOG_LEVELS)], sink: [29, callback] },
};

const { interval, timeout, thawTimeout } = OPTIONS.heartbeat;

// As options_fault.cpp does.
export function checkHeartbeat({ message = '', answer = '' } = {}) {
  const places = (text) => text.split('{n}').length - 1;
  check(places(message) <= 1, 'options.heartbeat.message', 'a text with at most one {n}');
  const agree = places(message) === places(answer);
  check(agree, 'options.heartbeat.answer', 'a text with {n} once if the message has it, else without');
}

export const SESSION_OPTIONS = {
  token: [35, token],
  name: OPTIONS.name,
  connectTimeout: OPTIONS.connectTimeout,
  closeTimeout: OPTIONS.closeTimeout,
  heartbeat: { interval, timeout, thawTimeout },
  reconnect: OPTIONS.reconnect,
  outbox: { maxBytes: [31, count], maxCalls: [32, count], batchDelay: [33, duration] },
  allowedHosts: [34, texts],
  maxMessageBytes: OPTIONS.maxMessageBytes,
  flightRecorder: OPTIONS.flightRecorder,
  log: OPTIONS.log,
};

// These are read by name.
export const SUBSCRIBE_OPTIONS = {
  conflate: [0, flag],
  replay: [0, count],
  since: { epoch: [0, text], seq: [0, count] },
};
export const SUBSCRIPTION_HANDLERS = {
  onEvent: [0, callback],
  onGap: [0, callback],
  onSubscribed: [0, callback],
  onEnd: [0, callback],
};
export const PUBLISH_OPTIONS = { ack: [0, flag], resend: [0, flag] };
export const REQUEST_OPTIONS = { timeout: [0, duration], idempotent: [0, flag], signal: [0, signal] };

export const SEND_OPTIONS = { whenNotOpen: [0, whenNotOpen] };

// Checks `given` against `schema` and returns a list of [number, type, value].
export function readOptions(given, schema, path) {
  check(typeof given === 'object' && given !== null, path, 'an object');
  const list = [];
  for (const [key, value] of Object.entries(given)) {
    const name = `${path}.${key}`;
    check(Object.hasOwn(schema, key), name, `one of: ${Object.keys(schema).join(', ')}; it`);
    if (value !== undefined) {
      list.push(...readOption(value, schema[key], name));
    }
  }
  return list;
}

function readOption(value, entry, name) {
  if (!Array.isArray(entry)) {
    return readOptions(value, entry, name);
  }
  const [number, type] = entry;
  type.check(value, name);
  // A copy: what the caller does to his array afterwards changes nothing.
  return [[number, type, Array.isArray(value) ? [...value] : value]];
}

// Resolves as the WebSocket constructor does. What that lets stand although RFC 3986 does not is percent-encoded in the
// path and refused in the host.
export function resolveUrl(url) {
  check(url != null, 'url', 'given');
  const resolved = new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href);
  const href = resolved.href.replace(/^http/, 'ws');
  check(/^wss?:/.test(href), 'url', 'a ws:, wss:, http: or https: URL');
  check(!href.includes('#'), 'url', 'without a fragment');
  check(resolved.username === '' && resolved.password === '', 'url', 'without user name and password');
  check(!/["`{}]/.test(resolved.hostname), 'url', 'to a host that RFC 3986 allows');
  check(resolved.port !== '0', 'url', 'to a port from 1 to 65535');
  const target = (resolved.pathname + resolved.search).replace(/["<>[\\\]^`{|}]/g, encodeURIComponent);
  check(!/%(?![0-9A-Fa-f]{2})/.test(target), 'url', 'percent-encoded correctly');
  return `${href.slice(0, href.indexOf(':'))}://${resolved.host}${target}`;
}

const ENDPOINT = { url: [0], subprotocols: OPTIONS.subprotocols };

// What an endpoint function answered, checked.
export function readEndpoint(answer) {
  check(typeof answer === 'object' && answer !== null, 'the answer of options.endpoint', 'an object');
  const { url, ...rest } = answer;
  readOptions(rest, ENDPOINT, 'endpoint');
  return { url: resolveUrl(url), subprotocols: rest.subprotocols ?? [] };
}

// What a token function answered, checked. An empty URL is the session's own.
export function readToken(answer) {
  if (typeof answer === 'string') {
    return { token: answer, url: '' };
  }
  check(typeof answer?.token === 'string', 'the answer of options.token', 'a string or an object with a token');
  return { token: answer.token, url: answer.url == null ? '' : resolveUrl(answer.url) };
}

// What is thrown need not be an Error, nor have a text.
export function textOf(error) {
  try {
    return String(error);
  } catch {
    return 'an error without a text';
  }
}
