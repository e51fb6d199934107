// Tidewire for JavaScript: the C++ client, compiled to WebAssembly, behind an EventTarget. Payloads never enter
// WebAssembly: it is told their slot, their kind and their size.

import { createTidewireGlue } from './glue.js';

// In the order of the enumerations in tidewire/events.hpp.
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
];
const CONNECT_RESULTS = [
  'started',
  'already-started',
  'invalid-url',
  'invalid-subprotocol',
  'unsupported',
  'wrong-thread',
];
const SEND_RESULTS = ['queued', 'closed', 'too-large', 'queue-full', 'invalid-utf8', 'wrong-thread'];
const CLOSE_RESULTS = ['accepted', 'already-closed', 'invalid-code', 'invalid-reason', 'wrong-thread'];
const HEARTBEAT_RESULTS = ['asked', 'not-open', 'unsupported', 'wrong-thread'];
const RECONNECT_RESULTS = ['started', 'closed', 'wrong-thread'];

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
  toNumbers: (value) => [Math.min(value, LONGEST_MS)],
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
  heartbeat: { interval: [4, duration], timeout: [5, duration], message: [6, text], answer: [7, text] },
  reconnect: {
    enabled: [8, flag],
    firstDelay: [9, duration],
    maxDelay: [10, duration],
    resetAfter: [11, duration],
    finalCodes: [12, closeCodes],
  },
  sendQueue: { maxBytes: [13, count], maxMessages: [14, count] },
  maxMessageBytes: [15, count],
};

// What is sent before the wasm has loaded waits in JavaScript, under the same limits: they have to be known here.
const SEND_QUEUE = { maxBytes: 16 * 1024 * 1024, maxMessages: 65536 };

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

// Resolves as the WebSocket constructor does. What that lets stand although RFC 3986 does not is percent-encoded.
function resolveUrl(url) {
  const resolved = new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href);
  const href = resolved.href.replace(/^http/, 'ws');
  check(/^wss?:/.test(href), 'url', 'a ws:, wss:, http: or https: URL');
  check(!href.includes('#'), 'url', 'without a fragment');
  check(resolved.username === '' && resolved.password === '', 'url', 'without user name and password');
  const target = (resolved.pathname + resolved.search).replace(/["<>[\\\]^`{|}]/g, encodeURIComponent);
  check(!/%(?![0-9A-Fa-f]{2})/.test(target), 'url', 'percent-encoded correctly');
  return `${href.slice(0, href.indexOf(':'))}://${resolved.host}${target}`;
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
const clients = new Map();
const busy = new Set();
const abandoned = new FinalizationRegistry((address) => destroy(address));

function destroy(address) {
  clients.delete(address);
  wasm.tidewire_client_delete(address);
}

function dispatch(client, type, detail) {
  client.dispatchEvent(Object.assign(new Event(type), detail));
}

function emit(address, type, detail) {
  const client = clients.get(address)?.deref();
  if (client !== undefined) {
    dispatch(client, type, detail);
  }
}

const clientImports = {
  tidewire_js_client_state(address, from, to) {
    const client = clients.get(address)?.deref();
    if (client !== undefined) {
      holdWhileBusy(client, STATES[to]);
      dispatch(client, 'statechange', { from: STATES[from], to: STATES[to] });
    }
  },

  tidewire_js_client_open(address, subprotocolSlot, attempt, reconnects, handshakeTime) {
    emit(address, 'open', { subprotocol: glue.valueOf(subprotocolSlot), attempt, reconnects, handshakeTime });
  },

  tidewire_js_client_message(address, slot) {
    clients
      .get(address)
      ?.deref()
      ?.dispatchEvent(new MessageEvent('message', { data: glue.valueOf(slot) }));
  },

  tidewire_js_client_close(address, cause, code, reasonSlot, detailSlot, wasOpen, retryIn, attempt, droppedMessages) {
    emit(address, 'close', {
      cause: CAUSES[cause],
      code,
      reason: glue.valueOf(reasonSlot),
      detail: glue.valueOf(detailSlot),
      wasOpen: wasOpen !== 0,
      willRetry: retryIn >= 0,
      retryIn: Math.max(retryIn, 0),
      attempt,
      droppedMessages,
    });
  },

  tidewire_js_client_heartbeat(address, roundTrip) {
    emit(address, 'heartbeat', { roundTrip });
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

/** Until the wasm has loaded: answers as it would, and notes the calls. */
class Rehearsal {
  state = 'idle';
  #limits;
  #canAsk;
  #calls = [];
  #up = false;
  #messages = 0;
  #bytes = 0;

  constructor(limits, canAsk) {
    this.#limits = limits;
    this.#canAsk = canAsk;
  }

  connect() {
    if (this.#up) {
      return 'already-started';
    }
    this.#up = true;
    this.state = 'idle';
    this.#calls.push((target) => target.connect());
    return 'started';
  }

  send(payload, isText, bytes) {
    if (this.state === 'closed') {
      return 'closed';
    }
    if (bytes > this.#limits.maxBytes) {
      return 'too-large';
    }
    if (this.#messages >= this.#limits.maxMessages || this.#bytes + bytes > this.#limits.maxBytes) {
      return 'queue-full';
    }
    ++this.#messages;
    this.#bytes += bytes;
    this.#calls.push((target) => target.send(payload, isText, bytes));
    return 'queued';
  }

  close(code, reason) {
    if (!this.#up) {
      return 'already-closed';
    }
    this.#up = false;
    this.state = 'closed';
    this.#calls.push((target) => target.close(code, reason));
    return 'accepted';
  }

  reconnect() {
    if (!this.#up) {
      return 'closed';
    }
    this.#calls.push((target) => target.reconnect());
    return 'started';
  }

  heartbeat() {
    return this.#canAsk ? 'not-open' : 'unsupported';
  }

  replay(target) {
    for (const call of this.#calls) {
      call(target);
    }
  }

  /** Nothing has loaded. Answers how many messages are dropped, or -1 if no connection was wanted. */
  giveUp() {
    const dropped = this.#up ? this.#messages : -1;
    if (this.#up) {
      this.#calls = [];
      this.#up = false;
      this.#messages = this.#bytes = 0;
      this.state = 'closed';
    }
    return dropped;
  }
}

/** A Client of the wasm. */
class Handle {
  constructor(client, url, options) {
    this.client = client;
    wasm.tidewire_option_text(0, glue.hold(url));
    for (const [number, type, value] of options) {
      for (const each of type.toNumbers?.(value) ?? []) {
        wasm.tidewire_option_number(number, each);
      }
      for (const each of type.toTexts?.(value) ?? []) {
        wasm.tidewire_option_text(number, glue.hold(each));
      }
    }
    this.address = wasm.tidewire_client_new();
    clients.set(this.address, new WeakRef(client));
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

  connect() {
    const result = CONNECT_RESULTS[wasm.tidewire_client_connect(this.address)];
    if (result === 'started') {
      busy.add(this.client);
    }
    return result;
  }

  send(payload, isText, bytes) {
    return SEND_RESULTS[wasm.tidewire_client_send(this.address, glue.hold(payload), isText ? 1 : 0, bytes)];
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
  #target; // Rehearsal, then Handle, and null once disposed.
  #loading = false;

  constructor(url, options = {}) {
    super();
    this.#url = resolveUrl(url);
    const sendQueue = { ...SEND_QUEUE, ...options.sendQueue };
    this.#options = readOptions({ ...options, sendQueue }, OPTIONS, 'options');
    this.#target = new Rehearsal(sendQueue, Boolean(options.heartbeat?.message));
    this.#load();
  }

  get url() {
    return this.#url;
  }

  get state() {
    return this.#target === null ? 'closed' : this.#target.state;
  }

  connect() {
    const result = this.#living().connect();
    this.#load();
    return result;
  }

  send(data) {
    const target = this.#living();
    if (typeof data === 'string') {
      return target.send(data, true, glue.utf8Length(data));
    }
    const bytes = copyOf(data);
    return target.send(bytes, false, bytes.length);
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
      this.#target = new Handle(this, this.#url, this.#options);
      rehearsal.replay(this.#target);
    }
  }

  #loadFailed(error) {
    this.#loading = false;
    const droppedMessages = this.#target === null ? -1 : this.#target.giveUp();
    if (droppedMessages < 0) {
      return;
    }
    dispatch(this, 'statechange', { from: 'idle', to: 'closed' });
    if (this.#target !== null) {
      dispatch(this, 'close', {
        cause: 'unavailable',
        code: 1006,
        reason: '',
        detail: String(error),
        wasOpen: false,
        willRetry: false,
        retryIn: 0,
        attempt: 1,
        droppedMessages,
      });
    }
  }
}
