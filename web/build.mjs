// Installs the packed package and bundles the pages:
//
//   node build.mjs --packages DIR --tidewire DIR --tools DIR --to DIR

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const OPTIONS = ['packages', 'tidewire', 'tools', 'to'];
const { values: given } = parseArgs({ options: Object.fromEntries(OPTIONS.map((name) => [name, { type: 'string' }])) });
const { build } = createRequire(path.join(given.tools, 'package.json'))('esbuild');
const INSTALLED = path.join(given.packages, 'node_modules');
const within = (folder, names) => names.map((name) => path.join(folder, name));
/** What every page names besides its own files. */
const SHARED = within(HERE, ['base.css', 'icon.svg']);

/** What `npm install` of the packed package leaves, without a network. */
function installTidewire() {
  const packed = execFileSync('npm', ['pack', '--silent', given.tidewire], { cwd: given.packages, encoding: 'utf8' }).trim();
  const folder = path.join(INSTALLED, 'tidewire');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-xzf', packed, '-C', folder, '--strip-components=1'], { cwd: given.packages });
}

/** One page in a folder of its own. `files`: what it names besides its script. */
async function assemble(folder, script, files) {
  const to = path.join(given.to, path.relative(HERE, folder));
  mkdirSync(to, { recursive: true });
  await build({
    entryPoints: [path.join(folder, script)],
    outfile: path.join(to, script),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    sourcemap: true,
    legalComments: 'none',
    logLevel: 'warning',
    nodePaths: [INSTALLED],
  });
  // esbuild leaves the address of the wasm as it is: beside the script.
  const named = [...SHARED, ...within(INSTALLED, ['tidewire/dist/tidewire.wasm', 'uplot/dist/uPlot.min.css'])];
  for (const file of [...named, ...files]) {
    copyFileSync(file, path.join(to, path.basename(file)));
  }
}

const COMPARE = path.join(HERE, 'compare');

installTidewire();
await assemble(HERE, 'dashboard.js', within(HERE, ['index.html', 'style.css']));
await assemble(COMPARE, 'compare.js', within(COMPARE, ['index.html', 'compare.css']));
