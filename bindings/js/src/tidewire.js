// Tidewire for JavaScript: the C++ library, compiled to WebAssembly. tidewire.d.ts describes it.

import { wasmFrom } from './load.js';
import { useLoader } from './wasm.js';

useLoader(wasmFrom(() => new URL('./tidewire.wasm', import.meta.url)));

export * from './all.js';
