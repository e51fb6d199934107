// The JS library that a C++ program for the page is linked with (JS_LIBRARY), as Emscripten takes it: evaluated when it
// links, where settings are global variables, and then written into the program's JavaScript item by item.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';

function load(settings) {
  const errors = [];
  const library = {};
  runInNewContext(readFileSync(process.env.JS_LIBRARY, 'utf8'), {
    ...settings,
    LibraryManager: { library },
    mergeInto: Object.assign,
    error: (text) => errors.push(text),
  });
  return { library, errors };
}

// As in a program whose exports are variables, with values that come later, and nothing else: -sMODULARIZE=instance.
function run(library, exports, code) {
  const texts = ['createTidewireGlue', 'tidewireCalls', 'tidewireGlue'].map((name) => {
    const item = library[`$${name}`];
    return `var ${name} ${typeof item === 'string' ? item : `= ${item}`};`;
  });
  const program = `
    const HEAPU8 = new Uint8Array(64);
    const callUserCallback = (callback) => callback();
    ${texts.join('\n')}
    var ${Object.keys(exports).map((name) => `_${name} = exports.${name}`)};
    ${code}`;
  return runInNewContext(program, { exports, TextDecoder, setTimeout, clearTimeout });
}

test('js library: exports are reached as variables, without Module', async () => {
  const { library } = load({});
  const numbers = await new Promise((resolve) => {
    const exports = { tidewire_on_failed: (...numbers) => resolve(numbers) };
    // There is no WebSocket.
    run(library, exports, 'tidewireGlue.imports.tidewire_js_socket_open(7, 0, 0, 0, 0, 100);');
  });
  assert.equal(numbers.length, 3);
  assert.equal(numbers[0], 7);
});

test('js library: every export that the glue calls has its variable', () => {
  const { library } = load({});
  const names = [...library.$createTidewireGlue.toString().matchAll(/host\.call\('(\w+)'/g)].map(([, name]) => name);
  assert.ok(names.length > 5);
  for (const name of names) {
    const called = run(library, { [name]: name }, `tidewireCalls['${name}']();`);
    assert.equal(called, name);
  }
});

test('js library: with MEMORY64 the link fails with an error that names the option', () => {
  assert.match(load({ MEMORY64: 1 }).errors.join('\n'), /does not work with -sMEMORY64/);
  assert.deepEqual(load({ MEMORY64: 0 }).errors, []);
  assert.deepEqual(load({}).errors, []);
});
