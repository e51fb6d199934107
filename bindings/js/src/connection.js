// What clients and sessions have in common: a connection that is usable at once, while the wasm loads behind it.

import {
  CLOSE_RESULT,
  CONNECT_RESULT,
  EVENTS,
  HEARTBEAT_RESULT,
  RECONNECT_RESULT,
  STATE,
  URL_OPTION,
  readStats,
} from './described.js';
import { TidewireError } from './errors.js';
import { Fields } from './fields.js';
import { check, give, isUnresolvable, resolveUrl, textOf } from './options.js';
import { PendingCalls } from './pending.js';
import { wasm, glue, host, provide, ready, taken } from './wasm.js';

// --- What the wasm calls ---

// By address in the wasm. A connection without a reference to it may go, unless something can still happen to it.
const handles = new Map();
export const busy = new Set();
const abandoned = new FinalizationRegistry(({ kind, address }) => destroy(kind, address));

// A signal may live for much longer than what it closes.
const unheard = new FinalizationRegistry(({ signal, listener }) => signal.deref()?.removeEventListener('abort', listener));

/** The handle at that address; undefined if it is not held any more. */
export const handleAt = (address) => handles.get(address)?.deref();

let sinksRunning = 0;

function destroy(kind, address) {
  const free = () => wasm[kind + '_delete'](address);
  handles.delete(address);
  if (sinksRunning > 0) {
    // The wasm is in the middle of a turn of perhaps this connection.
    queueMicrotask(free);
  } else {
    free();
  }
}

export function dispatch(target, type, detail) {
  target.dispatchEvent(Object.assign(new Event(type), detail));
}

// What is done with an event other than to dispatch it at its connection: (handle, event, id).
const takers = { __proto__: null }; // A page may add to Object.prototype.
const events = [...EVENTS];

/** Events whose numbers follow those of the earlier ones. */
export function addEvents(more) {
  events.push(...more);
}

/** Has `taker` called for the events of that name. The handle is undefined if it is not held any more. */
export function take(name, taker) {
  takers[name] = taker;
}

function emit(handle, type, event) {
  if (handle !== undefined) {
    dispatch(handle.connection, type, event);
  }
}

provide({
  tidewire_js_event(kind, address, id, fields) {
    const { name, type, read } = events[kind];
    const event = read(new Fields(fields));
    const handle = handleAt(address);
    if (name in takers) {
      takers[name](handle, event, id);
    } else {
      emit(handle, type, event);
    }
  },
});

take('statechange', (handle, change) => {
  if (handle !== undefined) {
    holdWhileBusy(handle.connection, change.to);
    dispatch(handle.connection, 'statechange', change);
  }
});

take('log', (handle, record) => {
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
});

function holdWhileBusy(connection, state) {
  if (state === 'idle' || state === 'closed') {
    busy.delete(connection);
  } else {
    busy.add(connection);
  }
  host.changed?.();
}

// --- Where a connection's calls go ---

/** Options in the wasm, which the client or session that they are for takes over. */
export function makeOptions(url, list) {
  const options = wasm.tidewire_options_new();
  const giveText = (number, text) => wasm.tidewire_option_text(options, number, glue.hold(text));
  giveText(URL_OPTION, url);
  give(list, (number, value) => wasm.tidewire_option_number(options, number, value), giveText);
  return options;
}

/** A Client or a Session of the wasm. */
export class Handle {
  #kind;
  #droppedBefore;

  /**
   * `kind`: what its functions of the wasm begin with, 'tidewire_client' or 'tidewire_session'. `functions`: those of the
   * application's that the options hold.
   */
  constructor(kind, connection, options, functions, droppedBefore) {
    this.#kind = kind;
    this.connection = connection;
    this.functions = functions;
    this.#droppedBefore = droppedBefore;
    this.address = wasm[kind + '_new'](makeOptions(connection.url, options));
    handles.set(this.address, new WeakRef(this));
    abandoned.register(connection, { kind, address: this.address }, this);
  }

  dispose() {
    abandoned.unregister(this);
    holdWhileBusy(this.connection, 'closed');
    destroy(this.#kind, this.address);
  }

  call(name, ...numbers) {
    return wasm[this.#kind + name](this.address, ...numbers);
  }

  get state() {
    return STATE[this.call('_state')];
  }

  connect() {
    const result = CONNECT_RESULT[this.call('_connect')];
    if (result === 'started') {
      holdWhileBusy(this.connection, 'connecting');
    }
    return result;
  }

  connectFault() {
    return taken(this.call('_connect_fault'));
  }

  close(code, reason) {
    return CLOSE_RESULT[this.call('_close', code, glue.hold(reason))];
  }

  reconnect() {
    return RECONNECT_RESULT[this.call('_reconnect')];
  }

  heartbeat() {
    return HEARTBEAT_RESULT[this.call('_heartbeat')];
  }

  stats() {
    const stats = readStats(new Fields(this.call('_stats')));
    stats.droppedMessages += this.#droppedBefore.messages;
    stats.droppedBytes += this.#droppedBefore.bytes;
    return stats;
  }

  flightRecord() {
    return taken(this.call('_flight_record'));
  }

  /** Calls a function of the application. Its result, or that of its promise, goes to `answer`, an error's text to `fail`. */
  async callApplication(call, answer, fail) {
    let answered = null;
    let fault = '';
    try {
      answered = await call();
    } catch (error) {
      fault = textOf(error);
    }
    // Perhaps the connection has gone meanwhile, and another one has its address.
    if (handles.get(this.address)?.deref() !== this) {
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

/** A copy of a message's payload, text or bytes: it may wait, and the caller may reuse the buffer at once. */
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

/** Closes `connection` when `signal` aborts, and keeps neither of them. */
export function closeOn(signal, connection) {
  if (signal === undefined) {
    return;
  }
  signal.throwIfAborted();
  const held = new WeakRef(connection);
  const listener = () => {
    const target = held.deref();
    if (target?.[current]) {
      target.close();
    }
  };
  signal.addEventListener('abort', listener, { once: true });
  unheard.register(connection, { signal: new WeakRef(signal), listener });
}

// For the classes that are made of it only.
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
    // A server that renders a page makes clients which never connect.
    if (!isUnresolvable(url) && (wasm !== null || globalThis.location !== undefined)) {
      this.#load();
    }
  }

  get url() {
    return this.#url;
  }

  get state() {
    return this.#target === null ? 'closed' : this.#target.state;
  }

  connect() {
    const target = this[living];
    if (isUnresolvable(this.#url)) {
      this.#url = resolveUrl(this.#url);
    }
    const result = target.connect(this.#url);
    this.#load();
    return result;
  }

  /** Resolves with the next 'open', at once while open; rejects when the connection has closed for good. */
  async connected() {
    const { state } = this[living];
    if (state === 'open') {
      return;
    }
    // A call of connect() shows in `busy` before it does in the state.
    if (state === 'closed' && !busy.has(this)) {
      throw new TidewireError('closed', 'it has closed: connect() opens it again');
    }
    const listening = new AbortController();
    const { signal } = listening;
    let last = null;
    await new Promise((resolve, reject) => {
      this.addEventListener('open', resolve, { signal });
      this.addEventListener('close', (info) => {
        last = info;
        if (!info.willRetry) {
          reject(new TidewireError(info.cause, info.detail, info));
        }
      }, { signal });
      // Without a close event where close() ended the wait for an attempt.
      this.addEventListener('statechange', ({ from, to }) => {
        if (from === 'waiting' && to === 'closed') {
          reject(new TidewireError('closed-by-user', 'closed while it waited for the next attempt', last ?? undefined));
        }
      }, { signal });
    }).finally(() => listening.abort());
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
    } else {
      this.#target?.discard();
    }
    this.#target = null;
  }

  // Of `await using`: closes, and frees when that is over.
  async #closeAndDispose() {
    if (this.#target === null) {
      return;
    }
    if (this.close() === 'accepted' && this.state !== 'closed') {
      await new Promise((resolve) => {
        this.addEventListener('statechange', ({ to }) => to === 'closed' && resolve());
      });
    }
    this.dispose();
  }

  static {
    // Node 20 and older browsers have no such symbol.
    if (Symbol.asyncDispose !== undefined) {
      Object.defineProperty(this.prototype, Symbol.asyncDispose, {
        value() {
          return this.#closeAndDispose();
        },
        configurable: true,
        writable: true,
      });
    }
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
    const ending = this.#target?.giveUp() ?? null;
    if (ending === null) {
      return;
    }
    const { cause, dropped } = ending;
    this[endCalls]();
    this[report]('statechange', { from: 'idle', to: 'closed' });
    if (dropped.messages > 0) {
      this[report]('dropped', dropped);
    }
    this[report]('close', {
      cause,
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
