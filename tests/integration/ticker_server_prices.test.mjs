import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { runTickerServer } from '../support/ticker_server.mjs';
import { Client, LIMIT, open, readUntil, serverFor, upgraded } from './ticker_server_clients.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const DATA = process.env.TIDEWIRE_DATA || path.join(HERE, '../../../shared/data/daily-ohlcv-2015-2017.csv');
const SYMBOLS = ['AAPL', 'GOOGL', 'TSLA', 'COKE', 'YHOO'];
const HEADER = 'date,symbol,open,high,low,close,volume';

/** A file that goes with the test. */
function fileFor(context, text) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ticker-prices-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'prices.csv');
  writeFileSync(file, text);
  return file;
}

const of = (ticks, symbol) => ticks.filter((tick) => tick.symbol === symbol);
const prices = (ticks) => ticks.map((tick) => tick.price);
const percent = (first, now) => Math.round((now / first - 1) * 10_000) / 100;
const numbersFrom = (first, count) => Array.from({ length: count }, (_, i) => first + i);

/** The first `count` prices of every symbol, from the server's log. */
async function series(context, args, symbol, count) {
  const server = await serverFor(context, ['--speed', '1000', ...args]);
  const client = await open(context, `${server.ws}/ticker?symbols=${symbol}&rate=1000`);
  for (let n = 1; (await client.ticks(n))[n - 1].seq < count; ++n);
  await server.kill();
  return prices(of(server.logLines(), symbol)).slice(0, count);
}

test('ticker: a tick has symbol, price, change, seq and ts', LIMIT, async (context) => {
  const before = Date.now();
  const server = await serverFor(context, ['--seed', '7']);
  const client = await open(context, `${server.ws}/ticker?symbols=AAPL&rate=20`);
  const ticks = await client.ticks(10);
  for (const tick of ticks) {
    assert.deepEqual(Object.keys(tick), ['symbol', 'price', 'change', 'seq', 'ts']);
    assert.equal(tick.symbol, 'AAPL');
    assert.ok(tick.ts >= before && tick.ts <= Date.now());
    assert.ok(tick.price > 100 && tick.price < 300);
  }
  const first = server.logLines()[0].price;
  assert.deepEqual(ticks.map((tick) => tick.change + 0), ticks.map((tick) => percent(first, tick.price) + 0));
  assert.ok(new Set(prices(ticks)).size > 1, 'prices move');
});

test('ticker: the newest price of every symbol comes at once', LIMIT, async (context) => {
  const server = await serverFor(context, ['--speed', '0.001']);
  const client = await open(context, `${server.ws}/ticker?rate=0.001`);
  const ticks = await client.ticks(5);
  assert.deepEqual(ticks.map((tick) => tick.symbol).sort(), [...SYMBOLS].sort());
  assert.deepEqual(ticks.map((tick) => tick.seq), [1, 1, 1, 1, 1]);
});

test('ticker: only the chosen symbols come, each once a step', LIMIT, async (context) => {
  const server = await serverFor(context, ['--speed', '100']);
  const client = await open(context, `${server.ws}/ticker?symbols=TSLA,COKE,TSLA&rate=100`);
  const ticks = await client.ticks(20);
  assert.deepEqual([...new Set(ticks.map((tick) => tick.symbol))].sort(), ['COKE', 'TSLA']);
  assert.equal(of(ticks, 'COKE').length, 10);
});

test('ticker: at the rate of the market no tick is left out', LIMIT, async (context) => {
  const server = await serverFor(context, ['--speed', '50']);
  const client = await open(context, `${server.ws}/ticker?symbols=AAPL&rate=50`);
  const ticks = await client.ticks(30);
  assert.deepEqual(ticks.map((tick) => tick.seq), numbersFrom(ticks[0].seq, 30));
});

test('ticker: a lower rate brings every n-th tick', LIMIT, async (context) => {
  const server = await serverFor(context, ['--speed', '100']);
  const client = await open(context, `${server.ws}/ticker?symbols=AAPL&rate=20`);
  const [, second, ...rest] = await client.ticks(10);
  assert.deepEqual(rest.map((tick) => tick.seq), numbersFrom(1, 8).map((n) => second.seq + 5 * n));
});

test('ticker: without a rate, ten ticks of each symbol come in a second', LIMIT, async (context) => {
  const server = await serverFor(context, ['--speed', '100']);
  const client = await open(context, `${server.ws}/ticker?symbols=AAPL`);
  const [, second, third] = await client.ticks(3);
  assert.equal(third.seq - second.seq, 10);
});

test('ticker: the walk keeps the rate of its fastest client, while it is connected', LIMIT, async (context) => {
  const server = await serverFor(context);
  const fast = await open(context, `${server.ws}/ticker?symbols=AAPL&rate=500`);
  const ticks = await fast.ticks(250);
  const seconds = (ticks[249].ts - ticks[0].ts) / 1000;
  assert.ok(seconds > 0.4 && seconds < 2, `250 ticks took ${seconds} s`);
  fast.socket.close();
  await fast.closed;
  const slow = await open(context, `${server.ws}/ticker?symbols=AAPL&rate=20`);
  const [, first, second] = await slow.ticks(3);
  assert.equal(second.seq - first.seq, 1);
});

test('ticker: every client sees the same series, and it is the one in the log', LIMIT, async (context) => {
  const server = await serverFor(context, ['--speed', '100']);
  const clients = await Promise.all([100, 50, 7].map((rate) => open(context, `${server.ws}/ticker?rate=${rate}`)));
  const received = await Promise.all(clients.map((client) => client.first(40)));
  await server.kill();
  const logged = new Set(server.rawLogLines());
  assert.ok(received.flat().every((text) => logged.has(text)));
});

test('ticker: ping is answered with pong, and nothing else is', LIMIT, async (context) => {
  const server = await serverFor(context, ['--speed', '0.001']);
  const client = await open(context, `${server.ws}/ticker?symbols=AAPL&rate=0.001`);
  await client.first(1);
  for (const other of ['', 'pin', 'pings', 'PING', 'x'.repeat(100_000), Buffer.from('ping')]) {
    client.socket.send(other);
  }
  client.socket.send('pi', { fin: false });
  client.socket.send('ng');
  client.socket.send('ping');
  assert.deepEqual((await client.first(3)).slice(1), ['pong', 'pong']);
  client.socket.close();
  await client.closed;
  assert.equal(client.messages.length, 3);
});

test('ticker: each ping has its pong', LIMIT, async (context) => {
  const server = await serverFor(context, ['--speed', '0.001']);
  const client = await open(context, `${server.ws}/ticker?symbols=AAPL&rate=0.001`);
  await client.first(1);
  client.socket.send('not a ping');
  for (let i = 0; i < 100; ++i) {
    client.socket.send('ping');
  }
  assert.deepEqual((await client.first(101)).slice(1), Array(100).fill('pong'));
});

const REFUSALS = [
  ['symbols=AAPL,XYZ', 'unknown symbol: XYZ'],
  ['symbols=', 'unknown symbol: '],
  ['symbols=AAPL,', 'unknown symbol: '],
  ['symbols=aapl', 'unknown symbol: aapl'],
  ['symbols=%22%C3%A9%FF%7F', 'unknown symbol: "????'],
  [`symbols=${'Q'.repeat(300)}`, `unknown symbol: ${'Q'.repeat(40)}...`],
  ...['0', '-1', 'abc', '1000.5', 'nan', 'inf', '', '10x', '0x10', '1e999'].map((rate) => [
    `rate=${rate}`, `bad rate: ${rate} (more than 0, at most 1000)`,
  ]),
];
for (const [query, error] of REFUSALS) {
  test(`ticker: ?${query.slice(0, 60)} is refused to that client only`, LIMIT, async (context) => {
    const server = await serverFor(context);
    const other = await open(context, `${server.ws}/ticker?rate=20`);
    const client = new Client(`${server.ws}/ticker?${query}`);
    assert.deepEqual(await client.closed, { code: 1008, reason: error });
    assert.deepEqual(client.messages.map((text) => JSON.parse(text)), [{ error }]);
    await other.first(other.messages.length + 10);
  });
}

test('close: the server closes with the requested code and reason', LIMIT, async (context) => {
  const server = await serverFor(context);
  const endOf = (query) => new Client(`${server.ws}/close${query}`).closed;
  assert.deepEqual(await endOf('?code=4001&reason=bye'), { code: 4001, reason: 'bye' });
  assert.deepEqual(await endOf('?code=3000&reason=%C3%BCber%20%26%20aus'), { code: 3000, reason: 'über & aus' });
  assert.deepEqual(await endOf(`?code=1001&reason=${'r'.repeat(123)}`), { code: 1001, reason: 'r'.repeat(123) });
  assert.deepEqual(await endOf(''), { code: 1000, reason: '' });
});

for (const [query, reason] of [
  ['code=1006', 'bad code: 1006'], ['code=999', 'bad code: 999'], ['code=5000', 'bad code: 5000'],
  ['code=x', 'bad code: x'], ['code=69537', 'bad code: 69537'],
  [`reason=${'r'.repeat(124)}`, 'bad reason: more than 123 bytes'],
  ['reason=%FF', 'bad reason: not UTF-8'], ['reason=%ED%A0%80', 'bad reason: not UTF-8'],
]) {
  test(`close: ?${query.slice(0, 40)} is refused with 1008`, LIMIT, async (context) => {
    const server = await serverFor(context);
    assert.deepEqual(await new Client(`${server.ws}/close?${query}`).closed, { code: 1008, reason });
  });
}

test('slow client: it skips what it missed and goes on with the newest ticks', LIMIT, async (context) => {
  const server = await serverFor(context, ['--speed', '1000']);
  const slow = await upgraded(context, server.port, '/ticker?rate=1000');
  slow.pause();
  const witness = await open(context, `${server.ws}/ticker?symbols=AAPL&rate=1000`);
  const newest = (await witness.ticks(4000)).at(-1).seq;
  const numbers = (text) => [...text.matchAll(/"AAPL","price.*?"seq":(\d+)/g)].map((match) => Number(match[1]));
  slow.resume();
  const received = numbers(await readUntil(slow, (text) => numbers(text).at(-1) >= newest));
  const skipped = received.slice(1).map((number, i) => number - received[i] - 1);
  assert.ok(skipped.every((count) => count >= 0), 'they only grow');
  assert.ok(Math.max(...skipped) > 500, `${received.length} of ${newest} ticks came`);
});

test('walk: the same seed gives the same series, another seed another', LIMIT, async (context) => {
  const once = await series(context, ['--seed', '42'], 'AAPL', 200);
  assert.deepEqual(await series(context, ['--seed', '42'], 'AAPL', 200), once);
  assert.notDeepEqual(await series(context, ['--seed', '43'], 'AAPL', 200), once);
});

test('walk: a series does not depend on the symbols beside it', LIMIT, async (context) => {
  const among = await series(context, ['--seed', '42'], 'TSLA', 100);
  assert.deepEqual(await series(context, ['--seed', '42', '--symbols', 'NEW.A,TSLA'], 'TSLA', 100), among);
});

test('walk: a server without a seed prints the one that it chose', LIMIT, async (context) => {
  const server = await serverFor(context);
  await server.kill();
  const [, seed] = /^prices: random walk, seed (\d+)$/m.exec(server.stdout());
  const logged = prices(of(server.logLines(), 'AAPL'));
  const again = await series(context, ['--seed', seed], 'AAPL', logged.length);
  assert.deepEqual(again, logged);
});

test('replay: each tick is the close of its row, and the change is against the first', LIMIT, async (context) => {
  let rows;
  try {
    rows = readFileSync(DATA, 'utf8').trim().split('\n').slice(1).map((line) => line.split(','));
  } catch {
    context.skip(`${DATA} is not there`);
    return;
  }
  const server = await serverFor(context, ['--replay', DATA, '--speed', '1000']);
  const client = await open(context, `${server.ws}/ticker?symbols=COKE&rate=1000`);
  const days = rows.filter((row) => row[1] === 'COKE').length;
  for (let n = 1; (await client.ticks(n))[n - 1].seq <= days; ++n);
  await server.kill();
  for (const symbol of SYMBOLS) {
    const closes = rows.filter((row) => row[1] === symbol).map((row) => Number(row[5]));
    const ticks = of(server.logLines(), symbol).slice(0, closes.length);
    assert.deepEqual(prices(ticks), closes, symbol);
    assert.ok(ticks.every((tick) => Math.abs(tick.change - (tick.price / closes[0] - 1) * 100) < 0.00501), symbol);
  }
});

test('replay: after the last day comes the first, and seq goes on', LIMIT, async (context) => {
  const file = fileFor(context, `${HEADER}\n2020-02-28,A,1,3,1,2,10\n2020-02-29,A,2,5,2,4,0\n2020-03-02,A,4,6,3,3,1\n`);
  const server = await serverFor(context, ['--replay', file, '--speed', '100']);
  const client = await open(context, `${server.ws}/ticker?rate=100`);
  await client.first(10);
  await server.kill();
  const ticks = server.logLines();
  assert.deepEqual(prices(ticks.slice(0, 7)), [2, 4, 3, 2, 4, 3, 2]);
  assert.deepEqual(ticks.map((tick) => tick.seq), numbersFrom(1, ticks.length));
});

test('replay: the speed is in days a second, whatever rate clients request', LIMIT, async (context) => {
  const file = fileFor(context, `${HEADER}\r\n2020-01-02,A,1,3,1,2,10\r\n2020-01-03,A,2,5,2,4,0\r\n`);
  const server = await serverFor(context, ['--replay', file, '--speed', '40']);
  const client = await open(context, `${server.ws}/ticker?rate=1000`);
  const ticks = await client.ticks(21);
  assert.deepEqual(ticks.map((tick) => tick.seq), numbersFrom(ticks[0].seq, 21));
  const seconds = (ticks[20].ts - ticks[1].ts) / 1000;
  assert.ok(seconds > 0.4 && seconds < 2, `19 days took ${seconds} s`);
});

test('replay: --symbols chooses among the symbols of the file', LIMIT, async (context) => {
  const file = fileFor(context, `${HEADER}\n2020-01-02,A,1,3,1,2,10\n2020-01-02,B,2,5,2,4,0\n`);
  const server = await serverFor(context, ['--replay', file, '--symbols', 'B']);
  const client = await open(context, `${server.ws}/ticker`);
  assert.deepEqual((await client.ticks(1)).map((tick) => [tick.symbol, tick.price]), [['B', 4]]);
  assert.deepEqual(await new Client(`${server.ws}/ticker?symbols=A`).closed, { code: 1008, reason: 'unknown symbol: A' });

  const { code, stderr } = await runTickerServer(['--port', '0', '--replay', file, '--symbols', 'B,C']);
  assert.equal(code, 1);
  assert.match(stderr, /--symbols: .*prices\.csv has no row for C/);
});

const GOOD = '2020-01-02,A,1,3,1,2,10';
for (const [name, text, line, complaint] of [
  ['no header', `${GOOD}\n`, 1, 'the header is not'],
  ['an empty file', '', 1, 'the header is not'],
  ['no rows', `${HEADER}\n`, 1, 'no row after the header'],
  ['too few fields', `${HEADER}\n${GOOD}\n2020-01-03,A,1,3,1,2\n`, 3, '6 fields instead of 7'],
  ['too many fields', `${HEADER}\n${GOOD},\n`, 2, '8 fields instead of 7'],
  ['an empty line', `${HEADER}\n${GOOD}\n\n`, 3, '1 fields instead of 7'],
  ['a date that does not exist', `${HEADER}\n2021-02-29,A,1,3,1,2,10\n`, 2, 'date: "2021-02-29"'],
  ['a date in another form', `${HEADER}\n02.01.2020,A,1,3,1,2,10\n`, 2, 'date: "02.01.2020"'],
  ['dates out of order', `${HEADER}\n${GOOD}\n2020-01-01,A,1,3,1,2,10\n`, 3, 'date: 2020-01-01 comes after 2020-01-02'],
  ['no symbol', `${HEADER}\n2020-01-02,,1,3,1,2,10\n`, 2, 'symbol: empty'],
  ['a symbol twice on a day', `${HEADER}\n${GOOD}\n${GOOD}\n`, 3, 'symbol: a second row for A'],
  ['a price that is no number', `${HEADER}\n2020-01-02,A,1,abc,1,2,10\n`, 2, 'high: "abc" is not a price'],
  ['a price of zero', `${HEADER}\n2020-01-02,A,0,3,0,2,10\n`, 2, 'open: "0" is not a price'],
  ['a price that is not finite', `${HEADER}\n2020-01-02,A,1,inf,1,2,10\n`, 2, 'high: "inf" is not a price'],
  ['a price with something after it', `${HEADER}\n2020-01-02,A,1,3,1,2 ,10\n`, 2, 'close: "2 " is not a price'],
  ['a high below the close', `${HEADER}\n2020-01-02,A,1,1.5,1,2,10\n`, 2, 'contradict each other'],
  ['a volume that is no whole number', `${HEADER}\n2020-01-02,A,1,3,1,2,1.5\n`, 2, 'volume: "1.5" is not a whole number'],
]) {
  test(`replay: ${name} stops the server, which names the line`, LIMIT, async (context) => {
    const file = fileFor(context, text);
    const { code, stdout, stderr } = await runTickerServer(['--port', '0', '--replay', file]);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.ok(stderr.startsWith(`ticker_server: ${file}:${line}: `) && stderr.includes(complaint), stderr);
  });
}
