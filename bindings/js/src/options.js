// The options of clients and sessions, checked as they are given: a mistake throws where it was made. Which options
// there are stands in described.js. What C++ would refuse too has the text that connectFault() gives there.

import { FAULTS, OPTIONS, SESSION_OPTIONS } from './described.js';

const LONGEST_MS = 1e12;

// Upwards: zero has a meaning of its own.
export const wholeMilliseconds = (value) => Math.min(Math.ceil(value), LONGEST_MS);

export function check(fits, name, expected) {
  if (!fits) {
    throw new TypeError(`${name} must be ${expected}`);
  }
}

// `name` as the application's code has it; a fault names the option as C++ does.
function checkValue(fits, name, fault) {
  if (!fits) {
    throw new TypeError(`${name.replace(/^\w+\./, '')}: ${fault}`);
  }
}

// How what is given is read: by the names that described.js has for it. Some have more checks, by the option's place.
const TYPES = {
  duration: {
    check(value, name) {
      check(typeof value === 'number' && !Number.isNaN(value), name, 'a number of milliseconds');
      checkValue(value >= 0, name, FAULTS.kNegativeTime);
    },
    toNumbers: (value) => [wholeMilliseconds(value)],
  },
  count: {
    check: (value, name) =>
      check(value === Infinity || (Number.isSafeInteger(value) && value >= 0), name, 'an integer that is not negative'),
    toNumbers: (value) => [Math.min(value, 0xffffffff)],
  },
  flag: {
    check: (value, name) => check(typeof value === 'boolean', name, 'true or false'),
    toNumbers: (value) => [value ? 1 : 0],
  },
  closeCodes: {
    check(value, name) {
      check(Array.isArray(value) && value.every(Number.isInteger), name, 'an array of integers');
      checkValue(
        value.every((code) => code >= 1000 && code <= 4999),
        name,
        FAULTS.kNoCloseCode,
      );
    },
    toNumbers: (value) => value,
  },
  text: {
    check: (value, name) => check(typeof value === 'string', name, 'a string'),
    toTexts: (value) => [value],
  },
  texts: {
    check: (value, name) =>
      check(Array.isArray(value) && value.every((each) => typeof each === 'string'), name, 'an array of strings'),
    toTexts: (value) => value,
  },
  oneOf: {
    check: (value, name, names) => check(names.includes(value), name, `one of: ${names.join(', ')}`),
    toNumbers: (value, names) => [names.indexOf(value)],
  },
  // The function itself stays here.
  callback: {
    check: (value, name) => check(typeof value === 'function', name, 'a function'),
    toNumbers: () => [1],
  },
  // One that is no function is given to the session when it is made.
  token: {
    check: (value, name) => check(['string', 'function'].includes(typeof value), name, 'a string or a function'),
    toNumbers: (value) => (typeof value === 'function' ? [1] : []),
  },
  // By what it can do: one of a frame has another class.
  signal: {
    check: (value, name) =>
      check(
        typeof value?.aborted === 'boolean' && typeof value.addEventListener === 'function',
        name,
        'an AbortSignal',
      ),
  },
};

function checkSubprotocols(list) {
  const fits = (each) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(each);
  checkValue(new Set(list).size === list.length && list.every(fits), 'options.subprotocols', FAULTS.kBadSubprotocol);
}

function checkHeartbeat({ message = '', answer = '' }) {
  const places = (text) => text.split('{n}').length - 1;
  const [sent, answered] = [places(message), places(answer)];
  checkValue(sent <= 1, 'options.heartbeat.message', FAULTS.kTwoNumbers);
  checkValue(sent === answered, 'options.heartbeat.answer', sent === 1 ? FAULTS.kNoNumber : FAULTS.kNumberAlone);
}

/** A copy of `options` without what a page may have added to Object.prototype. */
export function ownOf(options) {
  check(typeof options === 'object' && options !== null, 'options', 'an object');
  return { __proto__: null, ...options };
}

/** Checks a client's options; answers them as a list for `give`. */
export function readClientOptions(given) {
  const list = readOptions(given, OPTIONS, 'options');
  checkSubprotocols(given.subprotocols ?? []);
  checkHeartbeat(given.heartbeat ?? {});
  return list;
}

/** The same of a session's. */
export const readSessionOptions = (given) => readOptions(given, SESSION_OPTIONS, 'options');

// How many letters have to be inserted, removed or replaced.
function editDistance(from, to) {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (const letter of from) {
    const above = row;
    row = [above[0] + 1];
    for (let i = 0; i < to.length; ++i) {
      row.push(Math.min(row[i] + 1, above[i + 1] + 1, above[i] + (letter === to[i] ? 0 : 1)));
    }
  }
  return row[to.length];
}

function adviceFor(key, names) {
  const distance = (name) => editDistance(key.toLowerCase(), name.toLowerCase());
  const nearest = names.reduce((best, name) => (distance(name) < distance(best) ? name : best));
  return distance(nearest) <= nearest.length / 3 ? `Did you mean '${nearest}'?` : `There are: ${names.join(', ')}`;
}

// Checks `given` against `schema` and returns a list of [number, type, value, ...].
export function readOptions(given, schema, path) {
  check(typeof given === 'object' && given !== null, path, 'an object');
  const list = [];
  for (const [key, value] of Object.entries(given)) {
    const name = `${path}.${key}`;
    if (!Object.hasOwn(schema, key)) {
      throw new TypeError(`${name} is not an option. ${adviceFor(key, Object.keys(schema))}`);
    }
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
  const [number, way, names] = entry;
  TYPES[way].check(value, name, names);
  // A copy: what the caller does to his array afterwards changes nothing.
  return [[number, TYPES[way], Array.isArray(value) ? [...value] : value, names]];
}

/** Hands a list of options over: `toNumber(number, value)` and `toText(number, text)` are called for each. */
export function give(list, toNumber, toText) {
  for (const [number, type, value, names] of list) {
    type.toNumbers?.(value, names).forEach((each) => toNumber(number, each));
    type.toTexts?.(value).forEach((each) => toText(number, each));
  }
}

/** Of the page or worker; undefined elsewhere. */
export const baseUrl = () => globalThis.document?.baseURI ?? globalThis.location?.href;

/** True where nothing says what the URL is relative to, as on a server that renders a page. */
export const isUnresolvable = (url) => baseUrl() === undefined && /^(?!\s*[a-z][a-z\d+.-]*:)./i.test(url);

/** As `resolveUrl`, except that a URL which cannot be resolved here stays as it is until `connect()`. */
export const resolveUrlHere = (url) => (isUnresolvable(url) ? String(url) : resolveUrl(url));

// Resolves as the WebSocket constructor does. What that lets stand although RFC 3986 does not is percent-encoded in the
// path and refused in the host.
//
// What the URL standard's parser refuses has that parser's text.
export function resolveUrl(url) {
  check(url != null, 'url', 'given');
  const resolved = new URL(url, baseUrl());
  const href = resolved.href.replace(/^http/, 'ws');
  checkValue(/^wss?:/.test(href), 'url', FAULTS.kNotWebSocket);
  checkValue(!href.includes('#'), 'url', FAULTS.kFragment);
  checkValue(resolved.username === '' && resolved.password === '', 'url', FAULTS.kUserInfo);
  checkValue(!/["`{}]/.test(resolved.hostname), 'url', FAULTS.kBadCharacter);
  checkValue(resolved.port !== '0', 'url', FAULTS.kBadPort);
  const target = (resolved.pathname + resolved.search).replace(/["<>[\\\]^`{|}]/g, encodeURIComponent);
  checkValue(!/%(?![0-9A-Fa-f]{2})/.test(target), 'url', FAULTS.kBadCharacter);
  return `${href.slice(0, href.indexOf(':'))}://${resolved.host}${target}`;
}

const ENDPOINT = { url: [0], subprotocols: OPTIONS.subprotocols };

// What an endpoint function answered, checked.
export function readEndpoint(answer) {
  check(typeof answer === 'object' && answer !== null, 'the answer of options.endpoint', 'an object');
  const { url, ...rest } = answer;
  readOptions(rest, ENDPOINT, 'endpoint');
  checkSubprotocols(rest.subprotocols ?? []);
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

// What is thrown need not be an Error, nor have a text. Of a plain Error the message alone, as C++ has it.
export function textOf(error) {
  try {
    return error?.name === 'Error' && error.message ? `${error.message}` : String(error);
  } catch {
    return 'an error without a text';
  }
}
