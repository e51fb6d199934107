// What package.json says: the entry points, and which file each kind of consumer gets.

const CLIENT = ['Client', 'TidewireError', 'ready'];

/**
 * The entry points. `exports`: its values, if not all. `wasm`: the one beside it. `apart`: nothing of the core is in it,
 * and its types stand in a file of its own; `needs`: what it imports.
 */
export const ENTRIES = {
  tidewire: { wasm: 'tidewire.wasm' },
  client: { wasm: 'tidewire-client.wasm', exports: CLIENT },
  websocket: { wasm: 'tidewire-client.wasm', exports: ['ReconnectingWebSocket', ...CLIENT] },
  inline: { contains: 'tidewire.wasm' },
  nowasm: { contains: 'JavaScript' },
  react: { apart: true, needs: ['react'] },
  shared: { apart: true },
};

const both = (name) => ({ require: `./dist/${name}.cjs`, default: `./dist/${name}.js` });

const typesOf = (name) => ({ require: `./dist/${name}.d.cts`, default: `./dist/${name}.d.ts` });

// Bundlers that know `module` give `import` and `require` the same file, so that there is one copy of each class.
const bundled = (name) => ({ module: `./dist/${name}.js`, ...both(name) });

// A development server need not find the wasm: it gets the file that contains it.
function conditionsOf(name, { wasm, apart }) {
  if (apart) {
    return { types: typesOf(name), ...bundled(name) };
  }
  const node = { require: `./dist/${name}.node.cjs`, default: `./dist/${name}.node.mjs` };
  const page = `./dist/${name}.js`;
  const inside = name === 'tidewire' ? 'inline' : `${name}.inline`;
  return wasm === undefined
    ? { types: typesOf(name), node, ...bundled(name) }
    : {
        types: typesOf(name),
        node,
        development: bundled(inside),
        module: page,
        require: `./dist/${inside}.cjs`,
        browser: page,
        worker: page,
        default: page,
      };
}

/** The text of package.json. */
export function manifest(version) {
  const exported = Object.entries(ENTRIES).map(([name, entry]) => [
    name === 'tidewire' ? '.' : `./${name}`,
    conditionsOf(name, entry),
  ]);
  const fields = {
    name: 'tidewire',
    version,
    description: 'A WebSocket client that detects dead connections and reconnects, and a protocol that loses no message',
    keywords: ['websocket', 'reconnecting', 'client', 'realtime', 'webassembly', 'wasm', 'pubsub'],
    license: 'MIT',
    type: 'module',
    sideEffects: false,
    main: './dist/tidewire.node.cjs',
    module: './dist/tidewire.js',
    types: './dist/tidewire.d.ts',
    unpkg: './dist/tidewire.global.js',
    jsdelivr: './dist/tidewire.global.js',
    exports: { ...Object.fromEntries(exported), './dist/*': './dist/*', './package.json': './package.json' },
    files: ['dist', 'provenance.json'],
    engines: { node: '>=18' },
    peerDependencies: { react: '>=18' },
    peerDependenciesMeta: { react: { optional: true } },
  };
  return `${JSON.stringify(fields, null, 2)}\n`;
}
