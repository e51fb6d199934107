// Builds the npm package from the modules and the wasm that CMake has put into one folder:
//
//   node build.mjs --modules DIR --to DIR --version V --wasm2js PROGRAM --compiler PROGRAM --flags 'A;B'

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { build } from 'esbuild';

import { ENTRIES, manifest } from './manifest.mjs';
import { makeShortener } from './names.mjs';
import { placing } from './places.mjs';
import { measure, report } from './size.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const OPTIONS = ['modules', 'to', 'version', 'wasm2js', 'compiler', 'flags'];
const { values: given } = parseArgs({ options: Object.fromEntries(OPTIONS.map((name) => [name, { type: 'string' }])) });
const DIST = path.join(given.to, 'dist');
const WASM = ['tidewire.wasm', 'tidewire-client.wasm'];
// Those that it is compiled with.
const WASM_FEATURES = ['--enable-bulk-memory', '--enable-sign-ext', '--enable-mutable-globals'];

const names = Object.keys(ENTRIES);
const shortener = makeShortener(WASM.map((name) => readFileSync(path.join(given.modules, name))));

const shortening = {
  name: 'short-names',
  setup(build) {
    build.onLoad({ filter: /\.js$/, namespace: 'file' }, ({ path: file }) => ({
      contents: shortener.javaScript(readFileSync(file, 'utf8')),
    }));
  },
};

const sourceOf = (name) => path.join(given.modules, 'entries', `${name === 'inline' ? 'tidewire' : name}.js`);

// name: of the entry point; output: of the file in dist.
function bundle(name, output, place, options) {
  return build({
    entryPoints: [sourceOf(name)],
    outfile: path.join(DIST, output),
    bundle: true,
    minify: true,
    sourcemap: name !== 'nowasm', // Of machine-made code it is ten times as large, and of no use.
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
    loader: { '.wasm': 'base64' },
    external: ENTRIES[name].needs ?? [],
    // For React's servers: what is in it runs in the page too.
    banner: ENTRIES[name].needs?.includes('react') ? { js: "'use client';" } : {},
    plugins: [placing(place, { modules: given.modules, wasm: DIST }), shortening],
    ...options,
  });
}

const bundleModule = (name, output, place) => bundle(name, `${output}.js`, place, { format: 'esm' });
const bundleCommon = (name, output, place, options) =>
  bundle(name, `${output}.cjs`, place, { format: 'cjs', ...options });

// What Node gets of the core has unref(), which nothing in it imports.
const forNode = { inject: [path.join(given.modules, 'unref.js')] };

// Both modules of an entry point that have their wasm inside.
const bundleBoth = (name, output, options) =>
  Promise.all([bundleModule(name, output, 'inside'), bundleCommon(name, output, 'inside', options)]);

async function bundleEntry(name) {
  if (ENTRIES[name].wasm === undefined) {
    await bundleBoth(name, name, ENTRIES[name].contains && forNode);
    return;
  }
  await bundleModule(name, name, 'beside');
  // That of the main entry point is an entry point itself.
  if (name !== 'tidewire') {
    await bundleBoth(name, `${name}.inline`);
  }
}

// What Node gets: one file with the classes, and others that hand them on, so that no class is there twice.
async function writeNode() {
  await bundleCommon('tidewire', 'node', 'besideFile', { platform: 'node', ...forNode });
  for (const name of names.filter((each) => !ENTRIES[each].apart)) {
    const origin = ENTRIES[name].wasm === undefined ? name : 'node';
    const values = ENTRIES[name].exports ?? Object.keys(await exportsOf('tidewire'));
    const list = values.join(', ');
    write(`${name}.node.mjs`, `import all from './${origin}.cjs';\n\nexport const { ${list} } = all;\n`);
    write(`${name}.node.cjs`, `const { ${list} } = require('./${origin}.cjs');\n\nmodule.exports = { ${list} };\n`);
  }
}

const exportsOf = (name) => import(path.resolve(DIST, `${name}.js`));

// The declarations are those of one file, of which an entry point may have a part.
function writeTypes() {
  const all = readFileSync(path.join(given.modules, 'tidewire.d.ts'), 'utf8');
  for (const [ending, module] of [['d.ts', 'js'], ['d.cts', 'cjs']]) {
    write(`tidewire.${ending}`, all);
    for (const name of names.filter((each) => each !== 'tidewire')) {
      if (ENTRIES[name].apart) {
        const own = readFileSync(path.join(given.modules, `${name}.d.ts`), 'utf8');
        write(`${name}.${ending}`, own.replaceAll("'./tidewire.js'", `'./tidewire.${module}'`));
        continue;
      }
      const values = ENTRIES[name].exports;
      const from = `from './tidewire.${module}';\n`;
      write(`${name}.${ending}`, values ? `export { ${values.join(', ')} } ${from}export type * ${from}` : `export * ${from}`);
    }
  }
}

// wasm2js makes a module that runs when it is imported; here that becomes a function.
function writeJavaScriptOfWasm() {
  const input = path.join(DIST, 'tidewire.wasm');
  const text = execFileSync(given.wasm2js, ['-Oz', ...WASM_FEATURES, input], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const end = text.indexOf('\nvar retasmFunc =');
  if (end < 0) {
    throw new Error(`${given.wasm2js}: its output has another form than expected`);
  }
  const body = text.slice(0, end).replace(/^import .*\n/gm, '');
  const abort = "abort() { throw new Error('abort'); }";
  const lines = ['export function instantiate(imports) {', body, `  return asmFunc({ ${abort}, ...imports });`, '}', ''];
  writeFileSync(path.join(given.modules, 'tidewire.wasm.js'), lines.join('\n'));
}

function writeProvenance() {
  const firstLine = (program) => execFileSync(program, ['--version'], { encoding: 'utf8' }).split('\n')[0];
  const sha256 = (name) => createHash('sha256').update(readFileSync(path.join(DIST, name))).digest('hex');
  const provenance = {
    tidewire: given.version,
    compiler: firstLine(given.compiler),
    flags: given.flags.split(';'),
    wasm2js: firstLine(given.wasm2js),
    sha256: Object.fromEntries(WASM.map((name) => [name, sha256(name)])),
  };
  writeFileSync(path.join(given.to, 'provenance.json'), `${JSON.stringify(provenance, null, 2)}\n`);
}

const write = (name, text) => writeFileSync(path.join(DIST, name), text);

rmSync(given.to, { recursive: true, force: true });
mkdirSync(DIST, { recursive: true });
WASM.forEach((name) => write(name, shortener.wasm(readFileSync(path.join(given.modules, name)))));
writeJavaScriptOfWasm();
await Promise.all(names.map(bundleEntry));
await bundle('tidewire', 'tidewire.global.js', 'besideScript', { format: 'iife', globalName: 'Tidewire' });
await writeNode();
writeTypes();
writeProvenance();
copyFileSync(path.join(HERE, '../../../LICENSE'), path.join(given.to, 'LICENSE'));
copyFileSync(path.join(HERE, 'README.md'), path.join(given.to, 'README.md'));
writeFileSync(path.join(given.to, 'package.json'), manifest(given.version));
console.log(report(measure(given.to)));
