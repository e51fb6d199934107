// tidewire/nowasm: the same wasm, translated to JavaScript, for where there is no WebAssembly.

import { instantiate } from '../tidewire.wasm.js';
import { useLoader } from '../wasm.js';

useLoader(async (imports, { wasmUrl, wasmBinary }) => {
  if (wasmUrl !== undefined || wasmBinary !== undefined) {
    throw new TypeError("'tidewire/nowasm' contains all of its code: it takes no wasmUrl and no wasmBinary");
  }
  return instantiate({ ...imports.env, ...imports.wasi_snapshot_preview1 });
});

export * from '../all.js';
