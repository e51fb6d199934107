// Where a build of an entry point has its wasm: the module `place:NAME`, whose `place()` is what wasmFrom() takes.

import path from 'node:path';

const PLACES = {
  // Bundlers know this very expression, and copy the file.
  beside: (name) => `export const place = () => new URL('./${name}', import.meta.url);`,

  // Decoded when it is needed, not when the module is evaluated.
  inside: (name) => `import text from './${name}';
    import { bytesOf } from './base64.js';
    export const place = () => bytesOf(text);`,

  // The script's own address is known only while it runs. A worker does not know what it imported.
  besideScript: (name) => `const address = globalThis.document?.currentScript?.src ?? globalThis.location?.href;
    export const place = () => new URL('./${name}', address);`,

  // Node.
  besideFile: (name) => `import { readWasm } from './read_wasm.js';
    export const place = () => readWasm(__dirname, '${name}');`,
};

/** A plugin for esbuild. `place`: one of PLACES. `modules` and `wasm`: the folders that these lie in. */
export const placing = (place, { modules, wasm }) => ({
  name: 'place',
  setup(build) {
    build.onResolve({ filter: /^place:/ }, ({ path: name }) => ({ path: name.slice('place:'.length), namespace: 'place' }));
    build.onResolve({ filter: /\.wasm$/ }, ({ path: name }) => ({ path: path.resolve(wasm, name) }));
    build.onLoad({ filter: /./, namespace: 'place' }, ({ path: name }) => ({
      contents: PLACES[place](name),
      resolveDir: path.resolve(modules),
    }));
  },
});
