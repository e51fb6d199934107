// tidewire: everything. `place:` is the wasm of that name, wherever the build of this file has it (package/places.mjs).

import { place } from 'place:tidewire.wasm';
import { wasmFrom } from '../load.js';
import { useLoader } from '../wasm.js';

useLoader(wasmFrom(place));

export * from '../all.js';
