// Servers that somebody could write in an hour, with the WebSocket library that their language has: what they answer,
// how the terminal dashboard shows their prices, and how a session of the native library follows them without a hole.
// tests/browser/interop.test.mjs has the dashboard page.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Peer, keyOf } from '../protocol/peer.mjs';
import { Program, SYMBOLS, newestPrices, serve, servers } from './servers.mjs';

const built = (name) => fileURLToPath(new URL(`../../build/native-release/${name}`, import.meta.url));
const FOLLOWER = process.env.INTEROP_FOLLOW ?? built('tests/interop/interop_follow');
const DASHBOARD = process.env.TERMINAL_DASHBOARD ?? built('samples/terminal_dashboard/terminal_dashboard');

for (const server of servers) {
  const { name, skip } = server;
  const options = { skip, timeout: 60_000 };
  const noDashboard = existsSync(DASHBOARD) ? false : 'the samples are not built here';
  const welcomed = async (context) => Peer.welcomed(await serve(context, server));

  test(`${name}: the server has fewer than 80 lines`, () => {
    const lines = readFileSync(server.file, 'utf8').trimEnd().split('\n');
    assert.ok(lines.length < 80, `${lines.length} lines`);
    assert.ok(lines.every(({ length }) => length <= 120));
  });

  // --- What it answers ---

  test(`${name}: what comes before hello ends the connection, with what is behind it`, options, async (context) => {
    const peer = await Peer.connect(await serve(context, server));
    peer.send({ op: 'ping', t: 1 }, { op: 'hello', v: 1, session: keyOf('k') });
    assert.equal((await peer.next('closed')).code, 4001);
  });

  test(`${name}: hello is welcomed, and what follows it is answered behind that`, options, async (context) => {
    const peer = await Peer.connect(await serve(context, server));
    const before = Date.now();
    const request = [{ op: 'request', id: 1, method: 'symbols' }, ''];
    peer.send({ op: 'hello', v: 1, session: keyOf('k') }, { op: 'ping', t: 17 }, request);
    const { resumed, now } = await peer.next('welcome');
    assert.equal(resumed, false);
    assert.ok(now >= before && now <= Date.now());
    assert.equal((await peer.next('pong')).t, 17);
    const { id, body } = await peer.next('reply');
    assert.deepEqual([id, JSON.parse(body)], [1, SYMBOLS]);
    assert.equal(peer.socket.protocol, 'tidewire.v1');
  });

  for (const [what, message] of Object.entries({
    'no JSON': 'hello',
    'no object': 'null',
    nothing: '',
    'no operation': { id: 1 },
    'a request without a method': { op: 'request', id: 1 },
    'a second hello': { op: 'hello', v: 1, session: keyOf('k') },
  })) {
    test(`${name}: ${what} is malformed`, options, async (context) => {
      const peer = await welcomed(context);
      peer.send(message);
      assert.deepEqual(await peer.refused(), ['malformed', 4000]);
    });
  }

  test(`${name}: a head may nest 64 levels deep, and one that nests more does no harm`, options, async (context) => {
    const running = await serve(context, server);
    const nested = (levels) => `{"op":"ping","t":1,"x":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    const peer = await Peer.welcomed(running);
    peer.send(nested(64));
    await peer.next('pong');
    peer.send(nested(8_000));
    const { op, code } = await peer.any();
    assert.ok(op === 'pong' || code === 'malformed', `${op} ${code}`);
    assert.deepEqual(await (await Peer.welcomed(running)).settle(), []);
  });

  test(`${name}: what it does not know is refused, and the connection goes on`, options, async (context) => {
    const peer = await welcomed(context);
    const refusal = async (message) => {
      peer.send(message);
      const { id, code } = await peer.next('error');
      return [id, code];
    };
    assert.deepEqual(await refusal({ op: 'subscribe', id: 1, channel: 'ticker/NONE' }), [1, 'unknown-channel']);
    assert.deepEqual(await refusal({ op: 'request', id: 2, method: 'quot' }), [2, 'unknown-method']);
    assert.deepEqual(await refusal({ op: 'auth', id: 3, token: 't' }), [3, 'unknown-op']);
    assert.deepEqual(await refusal({ op: 'constructor' }), [undefined, 'unknown-op']);
    assert.deepEqual(await peer.settle(), []);
  });

  test(`${name}: binary framing is refused, as is what is no text at all`, options, async (context) => {
    const running = await serve(context, server);
    for (const [payload, binary, code] of [['x', true, 1003], ['\xff', false, 1007]]) {
      const peer = await Peer.welcomed(running);
      peer.socket.send(Buffer.from(payload, 'latin1'), { binary });
      assert.equal((await peer.next('closed')).code, code);
    }
    assert.deepEqual(await (await Peer.welcomed(running)).settle(), []);
  });

  // --- Channels ---

  test(`${name}: a channel is subscribed to once, and nothing comes after unsubscribed`, options, async (context) => {
    const peer = await welcomed(context);
    const { epoch, seq, recovered } = await peer.subscribe('ticker/AAPL');
    assert.equal(recovered, true);
    assert.equal((await peer.next('event')).seq, seq + 1);
    peer.send({ op: 'subscribe', id: 2, channel: 'ticker/AAPL' }, { op: 'unsubscribe', id: 3, channel: 'ticker/AAPL' });
    const told = (await peer.settle()).filter(({ op }) => op !== 'event');
    assert.deepEqual(
      told.map(({ op, id, code }) => [op, id, code]),
      [
        ['error', 2, 'already-subscribed'],
        ['unsubscribed', 3, undefined],
      ],
    );
    const later = await peer.subscribe('ticker/MSFT');
    assert.equal(later.epoch, epoch);
    for (let each = 0; each < 5; ++each) assert.equal((await peer.next('event')).channel, 'ticker/MSFT');
  });

  /** The numbers of the events that are promised with an answer; the first live one tells that there are no more. */
  async function resumed(peer, fields) {
    const { epoch, seq, recovered } = await peer.subscribe('ticker/AAPL', fields);
    const events = [];
    while (events.at(-1)?.seq !== seq + 1) events.push(await peer.next('event'));
    peer.send({ op: 'unsubscribe', id: 1, channel: 'ticker/AAPL' });
    await peer.settle();
    return { epoch, seq, recovered, seqs: events.slice(0, -1).map((event) => event.seq), skipped: events[0].skipped };
  }
  const upTo = (seq, count) => Array.from({ length: count }, (_, each) => seq - count + 1 + each);

  test(`${name}: the newest events come first if they are wanted`, options, async (context) => {
    const peer = await welcomed(context);
    await resumed(peer);
    for (const last of [0, 1, 2]) {
      const { seq, recovered, seqs } = await resumed(peer, { last });
      assert.equal(recovered, true);
      assert.deepEqual(seqs, upTo(seq, last));
    }
  });

  test(`${name}: what came after a position comes again as long as it is kept`, options, async (context) => {
    const peer = await welcomed(context);
    const begin = await peer.subscribe('ticker/MSFT');
    const { epoch } = begin;
    while ((await peer.next('event')).seq < begin.seq + 110);
    peer.send({ op: 'unsubscribe', id: 1, channel: 'ticker/MSFT' });
    await peer.settle();
    const after = (seq, conflate = false) => resumed(peer, { since: { epoch, seq }, conflate });

    const near = await after(begin.seq + 100);
    assert.equal(near.recovered, true);
    assert.deepEqual(near.seqs, upTo(near.seq, near.seq - begin.seq - 100));
    const far = await after(begin.seq);
    assert.deepEqual([far.recovered, far.seqs], [false, []]);
    const newest = await after(begin.seq, true);
    assert.deepEqual([newest.recovered, newest.seqs], [true, [newest.seq]]);
    assert.equal(newest.skipped, newest.seq - begin.seq - 1);
    const beyond = await after(far.seq + 1e6);
    assert.deepEqual([beyond.recovered, beyond.seqs], [false, []]);
    const other = await resumed(peer, { since: { epoch: 'other', seq: far.seq } });
    assert.deepEqual([other.recovered, other.seqs, other.epoch], [false, [], epoch]);
  });

  // --- Who shows it ---

  const shown = `${name}: the terminal dashboard shows its prices, and those of one started in its place`;
  test(shown, { ...options, skip: skip || noDashboard }, async (context) => {
    const first = await serve(context, server);
    const dashboard = new Program(context, DASHBOARD, [first.url, '--plain']);
    await showsPricesOf(first, dashboard);
    await first.kill();
    await dashboard.next(/^lost: .*, retry in \d+\.\d s$/);
    const second = await serve(context, server, first.port);
    await dashboard.next(/^open$/);
    for (const each of SYMBOLS) await dashboard.next(new RegExp(`^gap: ${each}: nobody can tell what is missing$`));
    await showsPricesOf(second, dashboard);
  });

  test(`${name}: a session follows it through a cut without a hole`, options, async (context) => {
    const { url } = await serve(context, server);
    const session = new Program(context, FOLLOWER, [url]);
    const before = await follow(session, 5);
    session.say('cut');
    await follow(session, 20, before);
  });

  test(`${name}: each start is another epoch, and a session is told so`, options, async (context) => {
    const first = await serve(context, server);
    const epoch = await epochOf(first);
    const session = new Program(context, FOLLOWER, [first.url]);
    await follow(session, 5);
    await first.kill();
    assert.notEqual(await epochOf(await serve(context, server, first.port)), epoch);
    await session.next(/^another epoch$/);
    await follow(session, 5);
  });
}

async function epochOf(server) {
  const peer = await Peer.welcomed(server);
  const { epoch } = await peer.subscribe('ticker/AAPL');
  await peer.close();
  return epoch;
}

/** Reads prices of each symbol, which are those that the server itself tells. */
async function showsPricesOf(server, dashboard) {
  const shown = [];
  while (SYMBOLS.some((symbol) => shown.filter((line) => line.startsWith(symbol)).length < 10)) {
    const [symbol, price, change, seq] = await dashboard.next(/^(\w+) (\d+\.\d\d) ([+-]?\d+\.\d\d)% seq (\d+)$/);
    shown.push(`${symbol} ${price} ${Number(change)} ${seq}`);
  }
  const told = await newestPrices(server);
  const lines = new Set(told.map(({ symbol, price, change, seq }) => `${symbol} ${price.toFixed(2)} ${change} ${seq}`));
  for (const line of shown) assert.ok(lines.has(line), `the server never made ${line}`);
}

/** Reads that many events, without a hole between them or after `last`. */
async function follow(session, count, last) {
  for (let each = 0; each < count; ++each) {
    const [seq] = await session.next(/^event (\d+)$|^gap$|^another epoch$/);
    assert.ok(seq, 'a gap, or another epoch');
    if (last !== undefined) assert.equal(Number(seq), last + 1);
    last = Number(seq);
  }
  return last;
}
