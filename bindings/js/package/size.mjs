// The size of the package: for each entry point its JavaScript and its wasm with brotli -q 11, in kB of 1,000 bytes.
//
//   node size.mjs PACKAGE            prints them
//   node size.mjs PACKAGE README     writes the table of that file

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

import { build } from 'esbuild';

import { ENTRIES } from './manifest.mjs';

const PEERS = {
  partysocket: "export { default } from 'partysocket/ws'",
  'socket.io-client': "export * from 'socket.io-client'",
  centrifuge: "export * from 'centrifuge'",
};
const TESTS = fileURLToPath(new URL('../../../tests/', import.meta.url));
const TABLE = /(<!-- size: .*-->\n)[^]*?(<!-- end -->)/;

const sizeOf = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;

/** A list of { name, js, wasm } in bytes. */
export function measure(folder) {
  const size = (name) => sizeOf(readFileSync(path.join(folder, 'dist', name)));
  return Object.entries(ENTRIES).map(([name, { wasm }]) => ({
    name: name === 'tidewire' ? name : `tidewire/${name}`,
    js: size(`${name}.js`),
    wasm: wasm === undefined ? 0 : size(wasm),
  }));
}

/** The same of other libraries, bundled in the same way from where the tests have them. */
export async function measurePeers() {
  const bundled = Object.entries(PEERS).map(async ([name, contents]) => {
    const stdin = { contents, resolveDir: TESTS };
    const options = { bundle: true, minify: true, format: 'esm', target: 'es2022', write: false, logLevel: 'silent' };
    const { outputFiles } = await build({ stdin, ...options });
    return { name, js: sizeOf(outputFiles[0].contents), wasm: 0 };
  });
  return Promise.all(bundled);
}

const exact = (bytes) => (bytes / 1000).toFixed(1);

/** Up to the next half kB, so that the table is a limit that holds for a while. */
const rounded = (bytes) => (bytes === 0 ? '' : String(Math.ceil(bytes / 500) / 2));

export function report(sizes) {
  const line = ({ name, js, wasm }) => `${name.padEnd(20)} ${exact(js).padStart(6)} + ${exact(wasm).padStart(5)} = ${exact(js + wasm)} kB`;
  return ['with brotli: JavaScript + wasm', ...sizes.map(line)].join('\n');
}

/** `text` with its table made anew. */
export function withTable(text, sizes) {
  const rows = sizes.map(({ name, js, wasm }) => `| \`${name}\` | ${rounded(js)} | ${rounded(wasm)} | ${rounded(js + wasm)} |`);
  const table = ['| kB | JavaScript | wasm | sum |', '|---|---|---|---|', ...rows, ''].join('\n');
  return text.replace(TABLE, (_, begin, end) => `${begin}${table}${end}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, readme] = process.argv.slice(2);
  const sizes = [...measure(folder), ...(await measurePeers())];
  console.log(report(sizes));
  if (readme !== undefined) {
    writeFileSync(readme, withTable(readFileSync(readme, 'utf8'), sizes));
  }
}
