// Tidewire for JavaScript: the C++ client, compiled to WebAssembly, behind an EventTarget. Payloads never enter
// WebAssembly: it is told their slot, their kind and their size.

import { createTidewireGlue } from './glue.js';
import {
  check,
  OPTIONS,
  SEND_OPTIONS,
  SEND_QUEUE,
  readOptions,
  withDefaults,
  resolveUrl,
  readEndpoint,
  textOf,
} from './options.js';
import { Rehearsal } from './rehearsal.js';
import {
  STATES,
  CAUSES,
  CONNECT_RESULTS,
  SEND_RESULTS,
  CLOSE_RESULTS,
  HEARTBEAT_RESULTS,
  RECONNECT_RESULTS,
  PAUSE_RESULTS,
  DROP_REASONS,
  WHEN_NOT_OPEN,
  LOG_LEVELS,
  STATS_LENGTH,
  statsFrom,
  timesOf,
} from './values.js';

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
