// What clients and sessions have in common: a connection that is usable at once, while the wasm loads behind it.

import { check, textOf } from './options.js';
import { PendingCalls } from './pending.js';
import {
  STATES,
  CAUSES,
  CONNECT_RESULTS,
  CLOSE_RESULTS,
  HEARTBEAT_RESULTS,
  RECONNECT_RESULTS,
  LOG_LEVELS,
  STATS_LENGTH,
  statsFrom,
} from './values.js';
import { wasm, glue, provide, ready, taken } from './wasm.js';

// --- What the wasm calls ---

// By address in the wasm. A connection that nobody holds may go, unless something can still happen to it.
const handles = new Map();
const busy = new Set();
const abandoned = new FinalizationRegistry(({ kind, address }) => destroy(kind, address));

let sinksRunning = 0;

/** What the next call of the wasm is about, if that is a close. */
export let closeInfo = null;

function destroy(kind, address) {
  const free = () => wasm[`tidewire_${kind}_delete`](address);
  handles.delete(address);
  if (sinksRunning > 0) {
    // The wasm is in the middle of a turn of perhaps this connection.
    queueMicrotask(free);
  } else {
    free();
  }
}

export function handleOf(address) {
  return handles.get(address)?.deref();
}

export function dispatch(target, type, detail) {
  target.dispatchEvent(Object.assign(new Event(type), detail));
}

/** Dispatches an event of the connection with that address, if anybody still holds it. */
export function emit(address, type, detail) {
  const handle = handleOf(address);
  if (handle !== undefined) {
    dispatch(handle.connection, type, detail);
  }
}

provide({
  tidewire_js_state(address, from, to) {
    const handle = handleOf(address);
    if (handle !== undefined) {
      holdWhileBusy(handle.connection, STATES[to]);
      dispatch(handle.connection, 'statechange', { from: STATES[from], to: STATES[to] });
    }
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

  tidewire_js_close(address) {
    emit(address, 'close', closeInfo);
  },

  tidewire_js_heartbeat(address, roundTrip, smoothed, min) {
    emit(address, 'heartbeat', { roundTrip, smoothed, min });
  },

  tidewire_js_log(address, level, clientSlot, textSlot) {
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
});

function holdWhileBusy(connection, state) {
  if (state === 'idle' || state === 'closed') {
    busy.delete(connection);
  } else {
    busy.add(connection);
  }
}

// --- Where a connection's calls go ---

/** A Client or a Session of the wasm. */
export class Handle {
  #kind;
  #droppedBefore;

  /**
   * `kind`: what the wasm calls it, 'client' or 'session'. `functions`: those of the application's that the options
   * hold.
   */
  constructor(kind, connection, options, functions, droppedBefore) {
    this.#kind = kind;
    this.connection = connection;
    this.functions = functions;
    this.#droppedBefore = droppedBefore;
    wasm.tidewire_option_text(0, glue.hold(connection.url));
    for (const [number, type, value] of options) {
      for (const each of type.toNumbers?.(value) ?? []) {
        wasm.tidewire_option_number(number, each);
      }
      for (const each of type.toTexts?.(value) ?? []) {
        wasm.tidewire_option_text(number, glue.hold(each));
      }
    }
    this.address = wasm[`tidewire_${kind}_new`]();
    handles.set(this.address, new WeakRef(this));
    abandoned.register(connection, { kind, address: this.address }, this);
  }

  dispose() {
    abandoned.unregister(this);
    busy.delete(this.connection);
    destroy(this.#kind, this.address);
  }

  call(name, ...numbers) {
    return wasm[`tidewire_${this.#kind}_${name}`](this.address, ...numbers);
  }

  get state() {
    return STATES[this.call('state')];
  }

  connect() {
    const result = CONNECT_RESULTS[this.call('connect')];
    if (result === 'started') {
      busy.add(this.connection);
    }
    return result;
  }

  connectFault() {
    return taken(this.call('connect_fault'));
  }

  close(code, reason) {
    return CLOSE_RESULTS[this.call('close', code, glue.hold(reason))];
  }

  reconnect() {
    return RECONNECT_RESULTS[this.call('reconnect')];
  }

  heartbeat() {
    return HEARTBEAT_RESULTS[this.call('heartbeat')];
  }

  stats() {
    const start = this.call('stats');
    return statsFrom([...new Float64Array(wasm.memory.buffer, start, STATS_LENGTH)], this.#droppedBefore);
  }

  flightRecord() {
    return taken(this.call('flight_record'));
  }

  /** Asks the application; what it answers goes to `answer`, and why it does not goes to `fail`. */
  async ask(question, answer, fail) {
    let answered = null;
    let fault = '';
    try {
      answered = await question();
    } catch (error) {
      fault = textOf(error);
    }
    // Perhaps the connection has gone meanwhile, and another one has its address.
    if (handleOf(this.address) !== this) {
      return;
    }
    if (answered === null) {
      fail(fault);
    } else {
      answer(answered);
    }
  }
}

// --- The public classes ---

/** What a message carries, as text or bytes. It may wait, and the caller may reuse his buffer at once. */
export function copyOf(data, name = 'data') {
  if (typeof data === 'string') {
    return data;
  }
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  }
  const tag = Object.prototype.toString.call(data);
  check(tag === '[object ArrayBuffer]' || tag === '[object SharedArrayBuffer]', name, 'a string, a buffer or a view');
  return new Uint8Array(data).slice();
}

// For the classes that are made of it, and for nobody else.
export const current = Symbol('current');
export const living = Symbol('living');
export const report = Symbol('report');
export const endCalls = Symbol('endCalls');

/** What Client and Session are made of. */
export class Connection extends EventTarget {
  #url;
  #target; // PendingCalls, then Handle, and null once disposed.
  #makeHandle;
  #loading = false;

  /** `makeHandle(connection, dropped)` is called when the wasm has loaded, perhaps at once. */
  constructor(url, pending, makeHandle) {
    super();
    this.#url = url;
    this.#target = pending;
    this.#makeHandle = makeHandle;
    this.#load();
  }

  get url() {
    return this.#url;
  }

  get state() {
    return this.#target === null ? 'closed' : this.#target.state;
  }

  connect() {
    const result = this[living].connect();
    this.#load();
    return result;
  }

  connectFault() {
    return this[living].connectFault();
  }

  close(code = 1000, reason = '') {
    const target = this[living];
    check(Number.isInteger(code), 'code', 'an integer');
    check(typeof reason === 'string', 'reason', 'a string');
    if (code !== 1000 && !(code >= 3000 && code <= 4999)) {
      return 'invalid-code';
    }
    return glue.utf8Length(reason) > 123 ? 'invalid-reason' : target.close(code, reason);
  }

  reconnect() {
    return this[living].reconnect();
  }

  heartbeat() {
    return this[living].heartbeat();
  }

  stats() {
    return this[living].stats();
  }

  flightRecord() {
    return this[living].flightRecord();
  }

  dispose() {
    if (this.#target instanceof Handle) {
      this.#target.dispose();
    }
    this.#target = null;
  }

  get [current]() {
    return this.#target;
  }

  get [living]() {
    if (this.#target === null) {
      throw new TypeError(`this ${this.constructor.name.toLowerCase()} was disposed`);
    }
    return this.#target;
  }

  // A listener may have disposed the connection.
  [report](type, detail) {
    if (this.#target !== null) {
      dispatch(this, type, detail);
    }
  }

  /** Nothing will come of what was called. */
  [endCalls]() {}

  #load() {
    if (!(this.#target instanceof PendingCalls) || this.#loading) {
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
    const pending = this.#target;
    if (pending !== null) {
      this.#target = this.#makeHandle(this, pending.dropped);
      pending.replay(this.#target);
    }
  }

  #loadFailed(error) {
    this.#loading = false;
    const dropped = this.#target?.giveUp() ?? null;
    if (dropped === null) {
      return;
    }
    this[endCalls]();
    this[report]('statechange', { from: 'idle', to: 'closed' });
    if (dropped.messages > 0) {
      this[report]('dropped', dropped);
    }
    this[report]('close', {
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
}
