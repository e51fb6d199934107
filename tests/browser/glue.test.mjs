// The glue without a browser, and what has to say the same in C++ and in JavaScript.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (file) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

// No package.json tells Node that this file is a module.
const { createTidewireGlue } = await import(
  `data:text/javascript,${encodeURIComponent(read('platform/web/glue.js'))}`
);

const kebab = (name) => name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();

function enumerators(name) {
  const body = read('sdk/include/tidewire/events.hpp').match(new RegExp(`enum class ${name}[^{]*{([^}]*)}`))[1];
  return [...body.matchAll(/^ {2}(\w+),/gm)].map(([, enumerator]) => kebab(enumerator));
}

function names(list) {
  const body = read('bindings/js/src/tidewire.js').match(new RegExp(`const ${list} = \\[([^\\]]*)\\]`))[1];
  return [...body.matchAll(/'([^']+)'/g)].map(([, name]) => name);
}

const LISTS = {
  STATES: 'State',
  CAUSES: 'CloseCause',
  CONNECT_RESULTS: 'ConnectResult',
  SEND_RESULTS: 'SendResult',
  CLOSE_RESULTS: 'CloseResult',
  HEARTBEAT_RESULTS: 'HeartbeatResult',
  RECONNECT_RESULTS: 'ReconnectResult',
};

for (const [list, enumeration] of Object.entries(LISTS)) {
  test(`names: ${list} has the enumerators of ${enumeration} in their order`, () => {
    assert.ok(names(list).length > 2);
    assert.deepEqual(names(list), enumerators(enumeration));
  });
}

test('names: the glue declares in C++ exactly the functions that it has', () => {
  const declared = [...read('platform/web/glue.hpp').matchAll(/\b(tidewire_js_\w+)\(/g)].map(([, name]) => name);
  assert.deepEqual(declared.sort(), Object.keys(createTidewireGlue({}).imports).sort());
});

test('glue: a text has the length that UTF-8 gives it', () => {
  const { utf8Length } = createTidewireGlue({});
  const units = [0, 0x41, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xd83c, 0xdf0a, 0xdc00, 0xdbff, 0xe000, 0xffff];
  for (const first of units) {
    for (const second of units) {
      for (const third of units) {
        const text = String.fromCharCode(first, second, third);
        assert.equal(utf8Length(text), new TextEncoder().encode(text).length, JSON.stringify(text));
      }
    }
  }
});

test('glue: a payload reaches the memory as it was, whatever its length', () => {
  const memory = new Uint8Array(4 * 1024 * 1024);
  const { imports, hold } = createTidewireGlue({ bytes: () => memory });
  for (const length of [1, 99, 100, 101, 65_535, 65_536, 65_537, 300_000]) {
    for (const character of ['a', 'é', '世', '🌊']) {
      const text = character.repeat(length);
      const slot = hold(text);
      const size = imports.tidewire_js_load(slot);
      imports.tidewire_js_copy_loaded(16);
      imports.tidewire_js_release(slot);
      assert.equal(Buffer.from(memory.subarray(16, 16 + size)).toString(), text);
    }
  }
});

test('glue: text that comes from memory that threads share is read as any other', () => {
  const memory = new Uint8Array(new SharedArrayBuffer(64));
  const { imports, valueOf } = createTidewireGlue({ bytes: () => memory });
  memory.set(Buffer.from('\ufeffa\0é'), 8);
  const slot = imports.tidewire_js_hold_text(8, Buffer.from('\ufeffa\0é').length);
  assert.equal(valueOf(slot), '\ufeffa\0é');
  imports.tidewire_js_load(slot);
  imports.tidewire_js_copy_loaded(32);
  assert.equal(Buffer.from(memory.slice(32, 39)).toString(), '\ufeffa\0é');
});

test('glue: a released slot is used again', () => {
  const { imports, hold } = createTidewireGlue({});
  const first = hold('a');
  const second = hold('b');
  imports.tidewire_js_release(first);
  assert.equal(hold('c'), first);
  assert.notEqual(hold('d'), second);
});
