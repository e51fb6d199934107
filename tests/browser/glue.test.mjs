// The glue without a browser, and what has to say the same in C++ and in JavaScript.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';

import { importWebModule } from '../support/web_module.mjs';

const read = (file) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

const { createTidewireGlue } = await importWebModule('glue.js');
const { createMessageImports, createMessages } = await importWebModule('messages.js');
const importNames = () => [createTidewireGlue({}).imports, createMessageImports({})].flatMap(Object.keys);

test('glue: no variable is declared by destructuring, which Emscripten 3.1 removes', () => {
  for (const file of ['platform/web/glue.js', 'platform/web/messages.js']) {
    assert.doesNotMatch(read(file), /\b(const|let|var)\s*[{[]/, file);
  }
});

test('names: the fields of heads, and their types, have the same order in C++ and in JavaScript', () => {
  const { FIELDS, TYPES } = createMessages();
  const header = read('sdk/src/core/protocol/head_fields.hpp');
  const enumeratorsOf = (name) => header.match(new RegExp(`enum class ${name} [^{]*{([^}]*)}`))[1].match(/\w+/g);
  const table = read('sdk/src/core/protocol/head_fields.cpp').match(/kNames = {([^}]*)}/)[1];
  assert.deepEqual([...table.matchAll(/"([^"]+)"/g)].map(([, name]) => name), FIELDS);
  const plain = (name) => name.replaceAll('.', '').toLowerCase();
  assert.deepEqual(enumeratorsOf('Field').map(plain), FIELDS.map(plain));
  assert.deepEqual(enumeratorsOf('Type').map(plain), TYPES);
});

test('names: the glue declares in C++ exactly the functions that it has', () => {
  const declared = [...read('platform/web/glue.hpp').matchAll(/\b(tidewire_js_\w+)\(/g)].map(([, name]) => name);
  assert.deepEqual(declared.sort(), importNames().sort());
});

test('glue: it is made where there is nothing but the language, as when a library is linked', () => {
  const text = ['messages.js', 'glue.js'].map((name) => read(`platform/web/${name}`)).join('');
  const script = text.replaceAll('export function', 'function');
  const names = runInNewContext(
    `${script}; [createTidewireGlue({}).imports, createMessageImports({})].flatMap(Object.keys).join()`,
  );
  assert.equal(names, importNames().join());
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

// Runs `script` with these names in place of the browser's.
async function withGlobals(globals, script) {
  const before = Object.fromEntries(Object.keys(globals).map((name) => [name, globalThis[name]]));
  Object.assign(globalThis, globals);
  try {
    await script();
  } finally {
    Object.assign(globalThis, before);
  }
}

test('glue: hints come later than their events, a hidden page gives none, and nobody hears any after the watch', () => {
  const document = Object.assign(new EventTarget(), { visibilityState: 'hidden' });
  const window = new EventTarget();
  const globals = { document };
  for (const method of ['addEventListener', 'removeEventListener']) {
    globals[method] = window[method].bind(window);
  }
  return withGlobals(globals, async () => {
    const hints = [];
    const { imports } = createTidewireGlue({ call: (name, hint) => hints.push(`${name} ${hint}`) });
    const tellAll = () => {
      for (const type of ['online', 'offline', 'pageshow']) {
        window.dispatchEvent(new Event(type));
      }
      for (const type of ['resume', 'visibilitychange']) {
        document.dispatchEvent(new Event(type));
      }
    };
    imports.tidewire_js_watch(1);
    tellAll();
    assert.deepEqual(hints, []);
    await null;
    const numbers = (list) => list.map((number) => `tidewire_on_hint ${number}`);
    assert.deepEqual(hints.splice(0), numbers([1, 2, 0]));
    document.visibilityState = 'visible';
    tellAll();
    await null;
    assert.deepEqual(hints.splice(0), numbers([1, 2, 0, 3]));
    imports.tidewire_js_watch(0);
    tellAll();
    await null;
    assert.deepEqual(hints, []);
  });
});

test('glue: where there is nothing to listen to, a watch does nothing', () => {
  const { imports } = createTidewireGlue({});
  imports.tidewire_js_watch(1);
  imports.tidewire_js_watch(0);
});
