// In a copy of the headers an option, an enumerator, a member of an event and an event are added, each in one place.
// What is generated has them: C++ that compiles, tables, readers, types and documents.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const CXX = process.env.CXX ?? 'em++';
const folder = mkdtempSync(path.join(tmpdir(), 'tidewire-follows-'));
after(() => rmSync(folder, { recursive: true }));

const at = (...names) => path.join(folder, ...names);
const INCLUDES = [`-I${at('sdk/include')}`, `-I${at('sdk/src')}`, `-I${at('platform/web')}`];

// Puts `line` before the first line of the file that begins with `mark`.
function insert(file, mark, line) {
  const text = readFileSync(at(file), 'utf8');
  const place = text.indexOf(`\n${mark}`) + 1;
  assert.ok(place > 0, `${file} has no line that begins with ${mark}`);
  writeFileSync(at(file), `${text.slice(0, place)}${line}\n${text.slice(place)}`);
}

function replace(file, old, fresh) {
  const text = readFileSync(at(file), 'utf8');
  assert.ok(text.includes(old), `${file} has no ${old}`);
  writeFileSync(at(file), text.replace(old, fresh));
}

function generate() {
  const script = at('bindings/generator/generate.mjs');
  const made = ['--out', at('made'), '--documents', at('docs')];
  execFileSync('node', [script, ...made, '--', CXX, ...INCLUDES], { stdio: ['ignore', 'ignore', 'pipe'] });
}

async function importMade() {
  const script = readFileSync(at('made/described.js'), 'utf8');
  return import(`data:text/javascript;base64,${Buffer.from(script).toString('base64')}`);
}

// Stands for what the wasm has written: a number for each member, in their order.
function fieldsOf(...numbers) {
  const next = () => numbers.shift();
  const fields = { number: next, flag: () => next() !== 0, text: () => `text ${next()}` };
  return { ...fields, optional: (read) => (fields.flag() ? read(fields) : null) };
}

for (const name of ['sdk', 'platform', 'bindings', 'docs']) {
  cpSync(path.join(PROJECT, name), at(name), { recursive: true });
}
const OPTIONS = 'sdk/include/tidewire/options.hpp';
const EVENTS = 'sdk/include/tidewire/events.hpp';
insert(
  OPTIONS,
  '  HeartbeatOptions heartbeat = {};',
  [
    '  /// How long to be patient.',
    '  /// Platforms: Native: as long as it takes. Web: an hour. Why: pages are impatient.',
    "  std::chrono::milliseconds patience{7'000};",
  ].join('\n'),
);
insert(
  EVENTS,
  '  /// The attempt was not open within',
  ['  /// Enough.', '  /// Platforms: Native: final. Web: never.', '  TiredOut,'].join('\n'),
);
replace(EVENTS, 'kCloseCauseCount = 15;', 'kCloseCauseCount = 16;');
insert(OPTIONS, '  /// It is rejected:', '  Shrug,  ///< The message is shrugged off.');
insert(
  EVENTS,
  '  /// Their payload bytes.',
  ['  /// All of them.', '  /// Platforms: Web: never.', '  bool wereUrgent = false;'].join('\n'),
);
insert(
  EVENTS,
  '/// Event of `onDrain`:',
  [
    '/// What `onWeather` reports: that it changes.',
    'struct Weather {',
    '  std::chrono::microseconds since{0};  ///< The last change.',
    '  std::string forecast = {};',
    '  WeatherKind kind = WeatherKind::StillFair;',
    '  std::optional<WeatherKind> next = {};',
    '  std::optional<std::string> warning = {};',
    '};',
    '',
  ].join('\n'),
);
insert(
  EVENTS,
  '/// Why a connection attempt ended.',
  [
    '/// How the weather is.',
    'enum class WeatherKind : std::uint8_t {',
    '  StillFair,  ///< Nothing to see.',
    '  Storm,      ///< Stay at home.',
    '};',
    '',
  ].join('\n'),
);
insert(
  'sdk/include/tidewire/client.hpp',
  '  /// Sets the handler for `bufferedAmount()` falling',
  [
    '  /// The weather has changed.',
    '  template <std::invocable<const Weather&> Handler>',
    '  void onWeather(Handler handler) {',
    '    setOnWeather(internal::guarded<Weather>(std::move(handler)));',
    '  }',
  ].join('\n'),
);
insert(
  'sdk/include/tidewire/client.hpp',
  '  void setOnDrain(',
  '  void setOnWeather(std::function<void(const Weather&)> handler);',
);
generate();
const made = await importMade();
const header = readFileSync(at('made/described.hpp'), 'utf8');
const source = readFileSync(at('made/described.cpp'), 'utf8');
const types = readFileSync(at('made/tidewire.d.ts'), 'utf8');
const documents = readFileSync(at('docs/platforms.md'), 'utf8');

const assertRow = (row) => assert.ok(documents.includes(`\n${row}\n`), row);

test('generator: the C++ side compiles', () => {
  const folders = [`-I${at('made')}`, `-I${at('bindings/js/src')}`, ...INCLUDES];
  execFileSync(CXX, [
    '-std=c++20',
    '-fsyntax-only',
    '-Wall',
    '-Wextra',
    '-Werror',
    ...folders,
    at('made/described.cpp'),
  ]);
});

test('generator: an option has a number, which both sides know, a way to be read, a type and a document', () => {
  const [number, way] = made.OPTIONS.patience;
  assert.equal(way, 'duration');
  assert.match(source, new RegExp(`case ${number}:\\s*return set\\(parsed\\.options\\.patience, value\\);`));
  assert.deepEqual(made.SESSION_OPTIONS.patience, made.OPTIONS.patience);
  const text = ['How long to be patient. Default 7000.', '', 'In a page: an hour.'];
  const comment = `  /**\n${text.map((line) => `   * ${line}`.trimEnd()).join('\n')}\n   */`;
  assert.ok(types.includes(`\n${comment}\n  patience?: number | undefined;\n`));
  assertRow('| `patience` | as long as it takes | an hour | = | pages are impatient |');
});

test('generator: an enumerator has its place among the names, and a type', () => {
  assert.deepEqual(made.WHEN_FULL, ['shrug', 'reject', 'drop-oldest']);
  assert.deepEqual(made.OPTIONS.sendQueue.whenFull[2], made.WHEN_FULL);
  assert.match(types, /- 'shrug': The message is shrugged off\.\n/);
  assert.match(types, /\nexport type WhenFull = 'shrug' \| 'reject' \| 'drop-oldest';\n/);
});

test('generator: a close cause is counted, typed and listed', () => {
  assert.ok(made.CLOSE_CAUSE.includes('tired-out'));
  assert.match(source, /static_assert\(sizeof\(tidewire::Stats::endingsByCause\) == 16 \* /);
  assert.match(types, /\n  \| 'tired-out'\n/);
  assertRow('| `TiredOut` | final | never |');
});

test('generator: a member of an event is written, read and typed in the same place', () => {
  const put = source.match(/void put\(Fields& fields, const tidewire::Dropped& value\) {\n([^}]*)}/)[1];
  assert.deepEqual(put.match(/(?<=value\.)\w+/g), ['reason', 'messages', 'wereUrgent', 'bytes']);
  const event = made.EVENTS.find(({ name }) => name === 'dropped').read(fieldsOf(1, 2, 1, 3));
  assert.deepEqual(event, { reason: 'expired', messages: 2, wereUrgent: true, bytes: 3 });
  assert.match(
    types,
    /interface DroppedEvent[^}]*\* All of them\.\n[^/]*In a page: never\.\n   \*\/\n  readonly wereUrgent: boolean;/,
  );
  assertRow('| `Dropped::wereUrgent` | same | never | = | |');
});

test('generator: an event is told, read, typed, and listed', () => {
  assert.match(header, /kindForClient\(const tidewire::Weather&\) {\n  return Kind::Weather;\n}/);
  assert.match(source, /put\(Fields& fields, const tidewire::Weather& value\) {\n.*since.*\n.*forecast.*\n.*kind.*\n.*next.*\n.*warning.*\n}/);
  const { type, read } = made.EVENTS.find(({ name }) => name === 'weather');
  assert.equal(type, 'weather');
  const expected = { since: 1.5, forecast: 'text 7', kind: 'storm', next: 'still-fair', warning: null };
  assert.deepEqual(read(fieldsOf(1.5, 7, 1, 1, 0, 0)), expected);
  assert.match(types, /interface WeatherEvent extends Event {[^}]*  readonly since: number;/);
  assert.match(types, /interface WeatherEvent extends Event {[^}]*  readonly kind: WeatherKind;/);
  assert.match(types, /interface ClientEventMap {[^}]*  weather: WeatherEvent;/);
  assertRow('| `onWeather` | same | same | same | |');
  assert.match(types, /- 'storm': Stay at home\.\n \*\/\nexport type WeatherKind = 'still-fair' \| 'storm';/);
});

test('generator: an option that cannot cross is refused, and named', () => {
  insert(OPTIONS, '  HeartbeatOptions heartbeat = {};', '  std::shared_ptr<int> strange = {};');
  assert.throws(generate, /Options: shared_ptr<int> cannot cross to JavaScript/);
});
