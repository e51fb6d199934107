// Tidewire for JavaScript: the C++ client, compiled to WebAssembly, behind an EventTarget. Payloads never enter
// WebAssembly: it is told their slot, their kind and their size.

import { createTidewireGlue } from './glue.js';

// In the order of the enumerations in tidewire/events.hpp, options.hpp and log.hpp.
const STATES = ['idle', 'connecting', 'open', 'closing', 'waiting', 'closed'];
const CAUSES = [
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
const CONNECT_RESULTS = [
  'started',
  'already-started',
  'invalid-url',
  'invalid-subprotocol',
  'unsupported',
  'wrong-thread',
  'invalid-header',
  'invalid-option',
];
const SEND_RESULTS = ['queued', 'closed', 'too-large', 'queue-full', 'invalid-utf8', 'wrong-thread', 'not-open'];
const CLOSE_RESULTS = ['accepted', 'already-closed', 'invalid-code', 'invalid-reason', 'wrong-thread'];
const HEARTBEAT_RESULTS = ['asked', 'not-open', 'unsupported', 'wrong-thread'];
const RECONNECT_RESULTS = ['started', 'closed', 'wrong-thread'];
const PAUSE_RESULTS = ['accepted', 'wrong-thread'];
const DROP_REASONS = ['closed', 'expired', 'displaced'];
const ON_THAW = ['trust', 'reconnect'];
const WHEN_FULL = ['reject', 'drop-oldest'];
const WHEN_NOT_OPEN = ['queue', 'refuse'];
const LOG_LEVELS = ['error', 'warning', 'info', 'debug'];

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
// Behind them: three round trips, the endpoint's time in the last handshake, and the endings by cause.
const STATS_LENGTH = COUNTS.length + 4 + CAUSES.length;

// --- Options ---

const LONGEST_MS = 1e12;

function check(fits, name, expected) {
  if (!fits) {
    throw new TypeError(`${name} must be ${expected}`);
  }
}

const duration = {
  check: (value, name) =>
    check(typeof value === 'number' && value >= 0, name, 'a number of milliseconds that is not negative'),
  // Upwards: zero has a meaning of its own.
  toNumbers: (value) => [Math.min(Math.ceil(value), LONGEST_MS)],
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

// The numbers are those of OptionsBuilder in exports.cpp.
const OPTIONS = {
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

const SEND_OPTIONS = { whenNotOpen: [0, whenNotOpen] };

// What is sent before the wasm has loaded waits in JavaScript, under the same limits: they have to be known here.
const SEND_QUEUE = {
  maxBytes: 16 * 1024 * 1024,
  maxMessages: 65536,
  maxAge: 0,
  whenFull: 'reject',
  whenNotOpen: 'queue',
};

// Checks `given` against `schema` and returns a list of [number, type, value].
function readOptions(given, schema, path) {
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

function withDefaults(given, defaults) {
  return Object.fromEntries(Object.entries(defaults).map(([key, value]) => [key, given?.[key] ?? value]));
}

// Resolves as the WebSocket constructor does. What that lets stand although RFC 3986 does not is percent-encoded in the
// path and refused in the host.
function resolveUrl(url) {
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
function readEndpoint(answer) {
  check(typeof answer === 'object' && answer !== null, 'the answer of options.endpoint', 'an object');
  const { url, ...rest } = answer;
  readOptions(rest, ENDPOINT, 'endpoint');
  return { url: resolveUrl(url), subprotocols: rest.subprotocols ?? [] };
}

// What is thrown need not be an Error, nor have a text.
function textOf(error) {
  try {
    return String(error);
  } catch {
    return 'an error without a text';
  }
}

// --- The wasm module ---

let wasm = null;
let loading = null;
let view = new Uint8Array(0);

const glue = createTidewireGlue({
  bytes() {
    // The old view dies when the memory grows.
    if (view.buffer !== wasm.memory.buffer) {
      view = new Uint8Array(wasm.memory.buffer);
    }
    return view;
  },
  call: (name, ...numbers) => wasm[name](...numbers),
});

/**
 * Loads the wasm, which the first client does by itself: from the file beside this one, or from what is given here
 * before that. After a failure the next call tries again.
 */
export function ready(source = new URL('tidewire.wasm', import.meta.url)) {
  if (loading === null) {
    loading = load(source);
    loading.catch(() => {
      loading = null;
    });
  }
  return loading;
}

async function load(source) {
  const imports = {
    env: { ...glue.imports, ...clientImports, emscripten_notify_memory_growth() {} },
    wasi_snapshot_preview1: { proc_exit() {} },
  };
  const instance = await instantiate(source, imports);
  wasm = instance.exports;
  wasm._initialize();
}

async function instantiate(source, imports) {
  if (source instanceof WebAssembly.Module) {
    return WebAssembly.instantiate(source, imports);
  }
  const bytes = typeof source === 'string' || source instanceof URL ? await fetchWasm(source) : source;
  const result =
    bytes instanceof Response
      ? await WebAssembly.instantiateStreaming(bytes, imports)
      : await WebAssembly.instantiate(bytes, imports);
  return result.instance;
}

// Streaming wants the right MIME type, which not every server knows.
async function fetchWasm(url) {
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(`${url}: HTTP status ${response.status}`);
  }
  const isWasm = /^application\/wasm\b/.test(response.headers.get('content-type'));
  return isWasm ? response : response.arrayBuffer();
}

// --- What the wasm calls ---

// By address in the wasm. A client that nobody holds may go, unless something can still happen to it.
const handles = new Map();
const busy = new Set();
const abandoned = new FinalizationRegistry((address) => destroy(address));

let closeInfo = null;
let sinksRunning = 0;

function destroy(address) {
  handles.delete(address);
  if (sinksRunning > 0) {
    // The wasm is in the middle of a turn of perhaps this client.
    queueMicrotask(() => wasm.tidewire_client_delete(address));
  } else {
    wasm.tidewire_client_delete(address);
  }
}

function handleOf(address) {
  return handles.get(address)?.deref();
}

function dispatch(client, type, detail) {
  client.dispatchEvent(Object.assign(new Event(type), detail));
}

function emit(address, type, detail) {
  const handle = handleOf(address);
  if (handle !== undefined) {
    dispatch(handle.client, type, detail);
  }
}

// A time is negative where there is none.
const timesOf = (endpoint) => (endpoint < 0 ? {} : { endpoint });

const clientImports = {
  tidewire_js_client_state(address, from, to) {
    const handle = handleOf(address);
    if (handle !== undefined) {
      holdWhileBusy(handle.client, STATES[to]);
      dispatch(handle.client, 'statechange', { from: STATES[from], to: STATES[to] });
    }
  },

  tidewire_js_client_open(address, subprotocolSlot, attempt, reconnects, handshakeTime, endpoint) {
    const subprotocol = glue.valueOf(subprotocolSlot);
    emit(address, 'open', { subprotocol, attempt, reconnects, handshakeTime, times: timesOf(endpoint) });
  },

  tidewire_js_client_message(address, slot) {
    handleOf(address)?.client.dispatchEvent(new MessageEvent('message', { data: glue.valueOf(slot) }));
  },

  tidewire_js_close_info(
    cause,
    code,
    reasonSlot,
    detailSlot,
    wasOpen,
    retryIn,
    attempt,
    droppedMessages,
    unconfirmedMessages,
    neverOpened,
  ) {
    closeInfo = {
      cause: CAUSES[cause],
      code,
      reason: glue.valueOf(reasonSlot),
      detail: glue.valueOf(detailSlot),
      wasOpen: wasOpen !== 0,
      willRetry: retryIn >= 0,
      retryIn: Math.max(retryIn, 0),
      attempt,
      droppedMessages,
      unconfirmedMessages,
      neverOpened: neverOpened !== 0,
    };
  },

  tidewire_js_client_close(address) {
    emit(address, 'close', closeInfo);
  },

  tidewire_js_client_heartbeat(address, roundTrip, smoothed, min) {
    emit(address, 'heartbeat', { roundTrip, smoothed, min });
  },

  tidewire_js_client_dropped(address, reason, messages, bytes) {
    emit(address, 'dropped', { reason: DROP_REASONS[reason], messages, bytes });
  },

  tidewire_js_client_drain(address, bufferedAmount) {
    emit(address, 'drain', { bufferedAmount });
  },

  tidewire_js_client_endpoint(address, attempt, hasLastClose) {
    handleOf(address)?.askEndpoint(attempt, hasLastClose !== 0 ? closeInfo : null);
  },

  tidewire_js_client_log(address, level, clientSlot, textSlot) {
    const record = { level: LOG_LEVELS[level], client: glue.valueOf(clientSlot), text: glue.valueOf(textSlot) };
    const handle = handleOf(address);
    ++sinksRunning;
    try {
      handle?.functions.sink(record);
    } catch (error) {
      // Reported as an error in a listener is, and not inside the wasm.
      queueMicrotask(() => {
        throw error;
      });
    }
    --sinksRunning;
  },
};

function holdWhileBusy(client, state) {
  if (state === 'idle' || state === 'closed') {
    busy.delete(client);
  } else {
    busy.add(client);
  }
}

// --- Where a client's calls go ---

const isMessage = ({ size }) => size !== undefined;

// `droppedBefore` is what the wasm does not know of.
function statsFrom(numbers, droppedBefore) {
  const stats = Object.fromEntries(COUNTS.map((name, i) => [name, numbers[i]]));
  stats.droppedMessages += droppedBefore.messages;
  stats.droppedBytes += droppedBefore.bytes;
  const [last, smoothed, min, endpoint, ...endings] = numbers.slice(COUNTS.length);
  return {
    ...stats,
    roundTrips: last < 0 ? null : { last, smoothed, min },
    lastHandshake: timesOf(endpoint),
    endings: Object.fromEntries(CAUSES.map((cause, i) => [cause, endings[i]])),
  };
}

/** Until the wasm has loaded: answers as it would, and notes the calls. */
class Rehearsal {
  state = 'idle';
  bufferedAmount = 0;
  dropped = { messages: 0, bytes: 0 };
  #limits;
  #canAsk;
  #name;
  #report;
  #calls = []; // Messages have a `size`.
  #up = false;
  #messages = 0;
  #untold = null;

  constructor(limits, canAsk, name, report) {
    this.#limits = limits;
    this.#canAsk = canAsk;
    this.#name = name;
    this.#report = report;
  }

  connect() {
    if (this.#up) {
      return 'already-started';
    }
    this.#up = true;
    this.state = 'idle';
    this.#note((target) => target.connect());
    return 'started';
  }

  connectFault() {
    return '';
  }

  send(payload, isText, bytes, whenNotOpen = this.#limits.whenNotOpen) {
    if (this.state === 'closed') {
      return 'closed';
    }
    if (whenNotOpen === 'refuse') {
      return 'not-open';
    }
    const { maxBytes, maxMessages, whenFull } = this.#limits;
    if (bytes > maxBytes) {
      return 'too-large';
    }
    const isFull = () => this.#messages >= maxMessages || this.bufferedAmount + bytes > maxBytes;
    if (isFull() && (whenFull === 'reject' || maxMessages === 0)) {
      return 'queue-full';
    }
    while (isFull()) {
      this.#drop(this.#calls.findIndex(isMessage), 'displaced');
    }
    ++this.#messages;
    this.bufferedAmount += bytes;
    // It is not open when this is carried out either, but was accepted.
    const call = (target) => target.send(payload, isText, bytes, 'queue');
    this.#calls.push({ call, size: bytes, since: performance.now() });
    return 'queued';
  }

  close(code, reason) {
    if (!this.#up) {
      return 'already-closed';
    }
    this.#up = false;
    this.state = 'closed';
    this.#note((target) => target.close(code, reason));
    return 'accepted';
  }

  reconnect() {
    if (!this.#up) {
      return 'closed';
    }
    this.#note((target) => target.reconnect());
    return 'started';
  }

  heartbeat() {
    return this.#canAsk ? 'not-open' : 'unsupported';
  }

  pause() {
    this.#note((target) => target.pause());
    return 'accepted';
  }

  resume() {
    this.#note((target) => target.resume());
    return 'accepted';
  }

  stats() {
    const numbers = new Array(STATS_LENGTH).fill(0).fill(-1, COUNTS.length, COUNTS.length + 4);
    const stats = statsFrom(numbers, this.dropped);
    stats.queuedMessages = this.#messages;
    stats.queuedBytes = stats.bufferedBytes = this.bufferedAmount;
    return stats;
  }

  flightRecord() {
    return `client ${this.#name}\n`;
  }

  replay(target) {
    const { maxAge } = this.#limits;
    const isExpired = ({ since }) => maxAge > 0 && performance.now() - since >= maxAge;
    for (let i = this.#calls.findIndex(isExpired); i >= 0; i = this.#calls.findIndex(isExpired)) {
      this.#drop(i, 'expired');
    }
    for (const { call } of this.#calls) {
      call(target);
    }
  }

  /** Nothing has loaded. Answers what is dropped, or null if no connection was wanted. */
  giveUp() {
    if (!this.#up) {
      return null;
    }
    const dropped = { reason: 'closed', messages: this.#messages, bytes: this.bufferedAmount };
    this.#calls = [];
    this.#up = false;
    this.#messages = this.bufferedAmount = 0;
    this.state = 'closed';
    this.dropped.messages += dropped.messages;
    this.dropped.bytes += dropped.bytes;
    return dropped;
  }

  #note(call) {
    this.#calls.push({ call });
  }

  // Reported later, in one go: never inside the call.
  #drop(index, reason) {
    const [{ size }] = this.#calls.splice(index, 1);
    --this.#messages;
    this.bufferedAmount -= size;
    if (this.#untold?.reason !== reason) {
      const untold = { reason, messages: 0, bytes: 0 };
      this.#untold = untold;
      queueMicrotask(() => {
        this.#untold = null;
        this.#report(untold);
      });
    }
    for (const count of [this.#untold, this.dropped]) {
      ++count.messages;
      count.bytes += size;
    }
  }
}

// A text that the wasm hands over.
function taken(slot) {
  const value = glue.valueOf(slot);
  glue.imports.tidewire_js_release(slot);
  return value;
}

/** A Client of the wasm. */
class Handle {
  #droppedBefore;

  /** `functions`: the endpoint function and the sink of the log, if there are any. */
  constructor(client, options, functions, droppedBefore) {
    this.client = client;
    this.functions = functions;
    this.#droppedBefore = droppedBefore;
    wasm.tidewire_option_text(0, glue.hold(client.url));
    for (const [number, type, value] of options) {
      for (const each of type.toNumbers?.(value) ?? []) {
        wasm.tidewire_option_number(number, each);
      }
      for (const each of type.toTexts?.(value) ?? []) {
        wasm.tidewire_option_text(number, glue.hold(each));
      }
    }
    this.address = wasm.tidewire_client_new();
    handles.set(this.address, new WeakRef(this));
    abandoned.register(client, this.address, this);
  }

  dispose() {
    abandoned.unregister(this);
    busy.delete(this.client);
    destroy(this.address);
  }

  get state() {
    return STATES[wasm.tidewire_client_state(this.address)];
  }

  get bufferedAmount() {
    return wasm.tidewire_client_buffered_amount(this.address);
  }

  connect() {
    const result = CONNECT_RESULTS[wasm.tidewire_client_connect(this.address)];
    if (result === 'started') {
      busy.add(this.client);
    }
    return result;
  }

  connectFault() {
    return taken(wasm.tidewire_client_connect_fault(this.address));
  }

  send(payload, isText, bytes, whenNotOpen) {
    // -1, for what is not in the list, leaves it to the options.
    const mode = WHEN_NOT_OPEN.indexOf(whenNotOpen);
    return SEND_RESULTS[wasm.tidewire_client_send(this.address, glue.hold(payload), isText ? 1 : 0, bytes, mode)];
  }

  close(code, reason) {
    return CLOSE_RESULTS[wasm.tidewire_client_close(this.address, code, glue.hold(reason))];
  }

  reconnect() {
    return RECONNECT_RESULTS[wasm.tidewire_client_reconnect(this.address)];
  }

  heartbeat() {
    return HEARTBEAT_RESULTS[wasm.tidewire_client_heartbeat(this.address)];
  }

  pause() {
    return PAUSE_RESULTS[wasm.tidewire_client_pause(this.address)];
  }

  resume() {
    return PAUSE_RESULTS[wasm.tidewire_client_resume(this.address)];
  }

  stats() {
    const start = wasm.tidewire_client_stats(this.address);
    return statsFrom([...new Float64Array(wasm.memory.buffer, start, STATS_LENGTH)], this.#droppedBefore);
  }

  flightRecord() {
    return taken(wasm.tidewire_client_flight_record(this.address));
  }

  async askEndpoint(attempt, lastClose) {
    const { endpoint, configured } = this.functions;
    let answer = null;
    let fault = '';
    try {
      answer = readEndpoint(await endpoint({ attempt, lastClose, configured: configured() }));
    } catch (error) {
      fault = textOf(error);
    }
    // Perhaps the client has gone meanwhile, and another one has its address.
    if (handleOf(this.address) !== this) {
      return;
    }
    if (answer === null) {
      wasm.tidewire_endpoint_fail(this.address, attempt, glue.hold(fault));
    } else {
      wasm.tidewire_option_text(0, glue.hold(answer.url));
      answer.subprotocols.forEach((each) => wasm.tidewire_option_text(OPTIONS.subprotocols[0], glue.hold(each)));
      wasm.tidewire_endpoint_answer(this.address, attempt);
    }
  }
}

// --- The public class ---

// The message may wait, and the caller may reuse his buffer at once.
function copyOf(data) {
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  }
  const tag = Object.prototype.toString.call(data);
  check(tag === '[object ArrayBuffer]' || tag === '[object SharedArrayBuffer]', 'data', 'a string, a buffer or a view');
  return new Uint8Array(data).slice();
}

/** A WebSocket client that stays connected. tidewire.d.ts describes it. */
export class Client extends EventTarget {
  #url;
  #options;
  #functions;
  #target; // Rehearsal, then Handle, and null once disposed.
  #loading = false;

  constructor(url, options = {}) {
    super();
    const given = readOptions(options, OPTIONS, 'options');
    const { endpoint, log, name, heartbeat, subprotocols = [] } = options;
    check((url ?? endpoint) != null, 'url', 'given, unless options.endpoint is');
    this.#url = url == null ? '' : resolveUrl(url);
    const limits = withDefaults(options.sendQueue, SEND_QUEUE);
    this.#options = [...given, ...readOptions({ sendQueue: limits }, OPTIONS, 'options')];
    const offered = [...subprotocols];
    const configured = () => ({ url: this.#url, subprotocols: [...offered] });
    this.#functions = { endpoint, configured, sink: log?.sink };
    // As the wasm calls it.
    const shownName = name || this.#url.replace(/\?.*/, '') || '?';
    const report = (dropped) => this.#report('dropped', dropped);
    this.#target = new Rehearsal(limits, Boolean(heartbeat?.message), shownName, report);
    this.#load();
  }

  get url() {
    return this.#url;
  }

  get state() {
    return this.#target === null ? 'closed' : this.#target.state;
  }

  get bufferedAmount() {
    return this.#target === null ? 0 : this.#target.bufferedAmount;
  }

  connect() {
    const result = this.#living().connect();
    this.#load();
    return result;
  }

  connectFault() {
    return this.#living().connectFault();
  }

  send(data, options) {
    const target = this.#living();
    if (options !== undefined) {
      readOptions(options, SEND_OPTIONS, 'options');
    }
    const mode = options?.whenNotOpen;
    if (typeof data === 'string') {
      return target.send(data, true, glue.utf8Length(data), mode);
    }
    const bytes = copyOf(data);
    return target.send(bytes, false, bytes.length, mode);
  }

  close(code = 1000, reason = '') {
    const target = this.#living();
    check(Number.isInteger(code), 'code', 'an integer');
    check(typeof reason === 'string', 'reason', 'a string');
    if (code !== 1000 && !(code >= 3000 && code <= 4999)) {
      return 'invalid-code';
    }
    return glue.utf8Length(reason) > 123 ? 'invalid-reason' : target.close(code, reason);
  }

  reconnect() {
    return this.#living().reconnect();
  }

  heartbeat() {
    return this.#living().heartbeat();
  }

  pause() {
    return this.#living().pause();
  }

  resume() {
    return this.#living().resume();
  }

  stats() {
    return this.#living().stats();
  }

  flightRecord() {
    return this.#living().flightRecord();
  }

  dispose() {
    if (this.#target instanceof Handle) {
      this.#target.dispose();
    }
    this.#target = null;
  }

  #living() {
    if (this.#target === null) {
      throw new TypeError('this client was disposed');
    }
    return this.#target;
  }

  #load() {
    if (!(this.#target instanceof Rehearsal) || this.#loading) {
      return;
    }
    if (wasm !== null) {
      this.#loaded();
    } else {
      this.#loading = true;
      ready().then(
        () => this.#loaded(),
        (error) => this.#loadFailed(error),
      );
    }
  }

  #loaded() {
    const rehearsal = this.#target;
    if (rehearsal !== null) {
      this.#target = new Handle(this, this.#options, this.#functions, rehearsal.dropped);
      rehearsal.replay(this.#target);
    }
  }

  #loadFailed(error) {
    this.#loading = false;
    const dropped = this.#target?.giveUp() ?? null;
    if (dropped === null) {
      return;
    }
    this.#report('statechange', { from: 'idle', to: 'closed' });
    if (dropped.messages > 0) {
      this.#report('dropped', dropped);
    }
    this.#report('close', {
      cause: 'unavailable',
      code: 1006,
      reason: '',
      detail: textOf(error),
      wasOpen: false,
      willRetry: false,
      retryIn: 0,
      attempt: 1,
      droppedMessages: dropped.messages,
      unconfirmedMessages: 0,
      neverOpened: false,
    });
  }

  // A listener may have disposed the client.
  #report(type, detail) {
    if (this.#target !== null) {
      dispatch(this, type, detail);
    }
  }
}
