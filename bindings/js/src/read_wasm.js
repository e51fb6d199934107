// The wasm from a file, in Node, Bun and Deno.

import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { TidewireError } from './errors.js';

/** Answers a promise of the bytes of the file `name` in `folder`. */
export async function readWasm(folder, name) {
  const file = path.join(folder, name);
  try {
    return await readFile(file);
  } catch (error) {
    const cures = "Copy it beside the bundle, pass ready({ wasmBinary }), or import 'tidewire/inline', which contains it.";
    throw new TidewireError('unavailable', `${file}: ${error.message}. ${cures}`, error);
  }
}
