// The wasm module: what there is one of, however many clients and sessions are made of it.

import { TidewireError } from './errors.js';
import { createTidewireGlue } from './glue.js';

/** Its exports; null until it has loaded. */
export let wasm = null;

const provided = {};
let loader = null;
let loading = null;
let view = new Uint8Array(0);

export const host = {
  __proto__: null,
  WebSocket: undefined,
  bytes() {
    // The old view dies when the memory grows.
    if (view.buffer !== wasm.memory.buffer) {
      view = new Uint8Array(wasm.memory.buffer);
    }
    return view;
  },
  call: (name, ...numbers) => wasm[name](...numbers),
};

export const glue = createTidewireGlue(host);

/** Gives the wasm functions to call, before it is loaded. */
export function provide(imports) {
  Object.assign(provided, imports);
}

/** An entry point says how the wasm is loaded: `loader(imports, options)` resolves to its exports. */
export function useLoader(entryLoader) {
  loader = entryLoader;
}

/** A text that the wasm hands over. */
export function taken(slot) {
  const value = glue.valueOf(slot);
  glue.imports.tidewire_js_release(slot);
  return value;
}

const READY_OPTIONS = ['wasmUrl', 'wasmBinary', 'WebSocket'];

/**
 * Loads the wasm, which the first client does by itself: from where the entry point has it, or from what is given here
 * before that. After a failure the next call tries again.
 */
export function ready(options = {}) {
  const unknown = Object.keys(options).find((name) => !READY_OPTIONS.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`options.${unknown} must be one of: ${READY_OPTIONS.join(', ')}; it`);
  }
  const own = { __proto__: null, ...options };
  host.WebSocket = own.WebSocket ?? host.WebSocket;
  if (loading === null) {
    loading = load(own);
    loading.catch(() => {
      loading = null;
    });
  }
  return loading;
}

async function load(options) {
  if (typeof globalThis.crypto?.getRandomValues !== 'function') {
    const text = 'no crypto here: Node 18 needs globalThis.crypto set to the webcrypto of node:crypto';
    throw new TidewireError('unavailable', text);
  }
  const imports = {
    env: { ...glue.imports, ...provided, emscripten_notify_memory_growth() {} },
    wasi_snapshot_preview1: { proc_exit() {} },
  };
  // A client that connects at once opens its socket (early.js) before the wasm is decoded, where that is inside the file. It
  // dials a microtask after connect(), which the first of these cannot follow: it was queued when the client was made.
  await undefined;
  await undefined;
  wasm = await loader(imports, options);
  wasm._initialize();
}
