// What README.md shows of C++ and CMake is what is built and run here, and where it points to there is something.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { ROOT, codeBlocks, readme } from '../support/readme.mjs';
import { startTickerServer } from '../support/ticker_server.mjs';

const HELLO = process.env.HELLO || path.join(ROOT, 'build/native-release/samples/hello/hello');
const LIMIT = { timeout: 90_000 };
const read = (file) => readFileSync(path.join(ROOT, file), 'utf8');

test('README: its program is the sample, of 15 lines at most', () => {
  const [program] = codeBlocks('cpp');
  assert.equal(program, read('samples/hello/hello.cpp'));
  assert.ok(program.trimEnd().split('\n').length <= 15);
});

test('README: its program shows the prices that the server made, and ends on Enter', LIMIT, async (context) => {
  const server = await startTickerServer();
  context.after(() => server.kill('SIGKILL'));
  const program = spawn(HELLO, [`${server.ws}/ticker`], { stdio: ['pipe', 'pipe', 'inherit'] });
  context.after(() => program.kill('SIGKILL'));
  let output = '';
  program.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  while (output.split('\n').length < 20) {
    await once(program.stdout, 'data');
  }
  program.stdin.end('\n');
  assert.deepEqual(await once(program, 'close'), [0, null]);
  const [first, ...prices] = output.split('\n').slice(0, -1);
  assert.equal(first, 'open');
  const made = server.rawLogLines();
  prices.forEach((price) => assert.ok(made.includes(price), `the server never made ${price}`));
});

test('README: the rest of its C++ compiles', LIMIT, async () => {
  const [, ...blocks] = codeBlocks('cpp');
  assert.equal(blocks.length, 2);
  const functions = blocks.map((block, at) => `void block${at}() {\n${block}}\n`);
  const source = `#include <iostream>\n#include <string>\n#include <tidewire/tidewire.hpp>\nstd::string freshToken();\n`;
  const options = ['-std=c++20', '-Wall', '-Wextra', '-Werror', '-fsyntax-only', `-I${ROOT}/sdk/include`, '-x', 'c++', '-'];
  const compiler = spawn(process.env.CXX || 'c++', options, { stdio: ['pipe', 'inherit', 'inherit'] });
  compiler.stdin.end(source + functions.join(''));
  assert.deepEqual(await once(compiler, 'close'), [0, null]);
});

test('README: its CMake lines are those of the projects that are built', () => {
  const [subdirectory, installed] = codeBlocks('cmake');
  const tested = (way) => read(`tests/package/${way}/CMakeLists.txt`);
  assert.ok(tested('subdirectory').includes(subdirectory.replace('path/to/tidewire', '${TIDEWIRE_SOURCE_DIR}')));
  assert.ok(tested('installed').includes(installed));
});

test('README: every file it points to exists', () => {
  const prose = readme.replaceAll(/^```[^]*?^```$/gm, '');
  const links = [...prose.matchAll(/\]\(([^)#]+)\)/g)].map(([, link]) => link);
  assert.ok(links.length > 5);
  links.forEach((link) => assert.ok(existsSync(path.join(ROOT, link)), `there is no ${link}`));
});
