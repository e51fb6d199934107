// The wasm module: what there is one of, however many clients and sessions are made of it.

import { createTidewireGlue } from './glue.js';

/** Its exports; null until it has loaded. */
export let wasm = null;

const provided = {};
let loading = null;
let view = new Uint8Array(0);

export const glue = createTidewireGlue({
  bytes() {
    // The old view dies when the memory grows.
    if (view.buffer !== wasm.memory.buffer) {
      view = new Uint8Array(wasm.memory.buffer);
    }
    return view;
  },
  call: (name, ...numbers) => wasm[name](...numbers),
});

/** Gives the wasm functions to call, before it is loaded. */
export function provide(imports) {
  Object.assign(provided, imports);
}

/** A text that the wasm hands over. */
export function taken(slot) {
  const value = glue.valueOf(slot);
  glue.imports.tidewire_js_release(slot);
  return value;
}

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
  if (typeof globalThis.crypto?.getRandomValues !== 'function') {
    throw new Error('no crypto here: Node 18 needs globalThis.crypto set to the webcrypto of node:crypto');
  }
  const imports = {
    env: { ...glue.imports, ...provided, emscripten_notify_memory_growth() {} },
    wasi_snapshot_preview1: { proc_exit() {} },
  };
  const instance = await instantiate(source, imports);
  wasm = instance.exports;
  wasm._initialize();
}

// By name, since each realm (a frame, a test runner's context) has classes of its own.
function isA(name, value) {
  return value?.[Symbol.toStringTag] === name;
}

async function instantiate(source, imports) {
  if (isA('WebAssembly.Module', source)) {
    return WebAssembly.instantiate(source, imports);
  }
  const bytes = typeof source === 'string' || isA('URL', source) ? await fetchWasm(source) : source;
  const result =
    isA('Response', bytes)
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
