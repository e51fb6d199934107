// The npm package through bundlers, each in its default configuration.

import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';

import { nodeResolve } from '@rollup/plugin-node-resolve';
import esbuild from 'esbuild';
import { rollup } from 'rollup';
import { build, createServer } from 'vite';
import webpack from 'webpack';

import { ECHOED, HTML, LIMIT, appOf, useConsumers } from './consumers.mjs';

const consumers = useConsumers();
const moduleAt = (address) => HTML(`<script type="module" src="${address}"></script>`);

/** A consumer whose page loads out/app.js, which is to be bundled from app.js. */
function project(name, imported = 'tidewire') {
  return consumers.consumer(name, { 'app.js': appOf(imported), 'index.html': moduleAt('./out/app.js') });
}

const runPage = (folder, file = 'index.html') => consumers.runPage(consumers.address(folder, file));

test('vite: its dev server works without configuration', LIMIT, async (context) => {
  const folder = consumers.consumer('vite-dev', { 'app.js': appOf('tidewire'), 'index.html': moduleAt('/app.js') });
  const server = await createServer({
    root: folder,
    logLevel: 'error',
    server: { host: '127.0.0.1', port: 0, hmr: false },
  });
  context.after(() => server.close());
  await server.listen();
  const { result, fetched } = await consumers.runPage(`http://127.0.0.1:${server.httpServer.address().port}/`);
  assert.deepEqual(result, ECHOED);
  assert.ok(!fetched.some((file) => file.endsWith('.wasm')), String(fetched));
});

for (const imported of ['tidewire', 'tidewire/client']) {
  test(`vite: a build of ${imported} has the wasm as an asset`, LIMIT, async () => {
    const name = `vite-${path.basename(imported)}`;
    const folder = consumers.consumer(name, { 'app.js': appOf(imported), 'index.html': moduleAt('/app.js') });
    delete process.env.NODE_ENV; // Vite's dev server has set it.
    await build({ root: folder, base: './', logLevel: 'error' });
    const { result, fetched } = await runPage(folder, 'dist/index.html');
    assert.deepEqual(result, ECHOED);
    assert.ok(fetched.some((file) => /^tidewire.*-.*\.wasm$/.test(file)), String(fetched));
  });
}

function runWebpack(folder, mode, entry = './app.js') {
  const output = { path: path.join(folder, 'out'), filename: 'app.js', publicPath: 'auto' };
  return new Promise((resolve, reject) => {
    webpack({ context: folder, mode, entry, output, devtool: false }, (error, stats) => {
      if (error || stats.hasErrors()) reject(error ?? new Error(stats.toString()));
      else resolve();
    });
  });
}

for (const mode of ['production', 'development']) {
  test(`webpack: a ${mode} build has a connection`, LIMIT, async () => {
    const folder = project(`webpack-${mode}`);
    await runWebpack(folder, mode);
    const { result, fetched } = await runPage(folder);
    assert.deepEqual(result, ECHOED);
    assert.equal(fetched.some((file) => file.endsWith('.wasm')), mode === 'production');
  });
}

test('webpack: require and import give the same classes', LIMIT, async () => {
  const folder = project('webpack-require');
  const files = {
    'app.cjs': "globalThis.required = require('tidewire').Client;",
    'both.js': "import './app.cjs';\nimport { Client } from 'tidewire';\nglobalThis.run = () => Client === globalThis.required;",
  };
  consumers.consumer('webpack-require', files);
  await runWebpack(folder, 'production', './both.js');
  assert.equal((await runPage(folder)).result, true);
});

const bundle = (folder) =>
  esbuild.build({
    entryPoints: [path.join(folder, 'app.js')],
    outfile: path.join(folder, 'out/app.js'),
    bundle: true,
    format: 'esm',
    logLevel: 'error',
  });

test('esbuild: without the wasm beside its bundle the error says what to do', LIMIT, async () => {
  const folder = project('esbuild');
  await bundle(folder);
  const { detail } = (await runPage(folder)).result;
  assert.match(detail, /out\/tidewire\.wasm: HTTP status 404\. Copy the file beside the bundle.*'tidewire\/inline'/);
});

for (const name of ['inline', 'nowasm']) {
  test(`esbuild: tidewire/${name} needs nothing beside the bundle`, LIMIT, async () => {
    const folder = project(`esbuild-${name}`, `tidewire/${name}`);
    await bundle(folder);
    assert.deepEqual((await runPage(folder)).result, ECHOED);
  });
}

test('rollup: a bundle of tidewire/inline has a connection', LIMIT, async () => {
  const folder = project('rollup', 'tidewire/inline');
  const made = await rollup({ input: path.join(folder, 'app.js'), plugins: [nodeResolve({ browser: true })] });
  await made.write({ file: path.join(folder, 'out/app.js'), format: 'es' });
  await made.close();
  assert.deepEqual((await runPage(folder)).result, ECHOED);
});

test('rollup: a bundle that imports the package and uses nothing of it is empty', LIMIT, async () => {
  const folder = consumers.consumer('rollup-empty', { 'app.js': "import { Client } from 'tidewire';\n" });
  const made = await rollup({ input: path.join(folder, 'app.js'), plugins: [nodeResolve({ browser: true })], onwarn() {} });
  const { output } = await made.generate({ format: 'es' });
  await made.close();
  assert.equal(output[0].code.trim(), '');
});
