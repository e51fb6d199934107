// tidewire/client: without sessions, with a smaller wasm of its own.

import { place } from 'place:tidewire-client.wasm';
import { wasmFrom } from '../load.js';
import { useLoader } from '../wasm.js';

useLoader(wasmFrom(place));

export { Client } from '../client.js';
export { TidewireError } from '../errors.js';
export { ready } from '../wasm.js';
