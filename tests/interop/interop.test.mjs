// Servers that somebody could write in an hour, with the WebSocket library that their language has, and a session of the
// native library that follows their prices.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const fileOf = (name) => fileURLToPath(new URL(name, import.meta.url));
const follower = process.env.INTEROP_FOLLOW ?? fileOf('../../build/native-release/tests/interop/interop_follow');

/** A program, line by line. It ends with the test at the latest. */
class Program {
  constructor(context, command, args) {
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    context.after(() => this.child.kill('SIGKILL'));
  }

  /** What the next line that looks like this has in its groups. */
  async next(pattern) {
    for (;;) {
      const { value, done } = await this.lines.next();
      assert.ok(!done, `ended before ${pattern}`);
      const found = pattern.exec(value);
      if (found) return found.slice(1);
    }
  }

  say(line) {
    this.child.stdin.write(`${line}\n`);
  }

  async kill() {
    this.child.kill('SIGKILL');
    await once(this.child, 'close');
  }
}

/** Reads prices, without a hole between them. */
async function follow(client, after, count) {
  let last = after;
  for (let each = 0; each < count; ++each) {
    const [seq, body] = await client.next(/^AAPL (?:event (\d+) (.*)|gap|another epoch)$/);
    assert.equal(Number(seq), last + 1);
    const { symbol, price, change, seq: number, ts } = JSON.parse(body);
    assert.equal(symbol, 'AAPL');
    assert.equal(number, last + 1);
    assert.ok([price, change, ts].every(Number.isFinite));
    last = number;
  }
  return last;
}

function holdConversations(name, command, script, skip) {
  const options = { skip, timeout: 60_000 };
  const serve = async (context, port = 0) => {
    const server = new Program(context, command, [fileOf(script), port]);
    return [server, ...(await server.next(/^listening on (ws:\S+:(\d+)\/)$/))];
  };
  const join = async (context, url) => {
    const client = new Program(context, follower, [url]);
    const [seq] = await client.next(/^AAPL subscribed (\d+)$/);
    return [client, Number(seq)];
  };

  test(`${name}: prices come, and go on after a cut without a hole`, options, async (context) => {
    const [, url] = await serve(context);
    const [client, begin] = await join(context, url);
    const before = await follow(client, begin, 5);
    client.say('cut');
    await follow(client, before, 20);
  });

  test(`${name}: a server that begins anew is another epoch, and prices go on`, options, async (context) => {
    const [server, url, port] = await serve(context);
    const [client, begin] = await join(context, url);
    await follow(client, begin, 2);
    await server.kill();
    await serve(context, port);
    await client.next(/^AAPL another epoch$/);
    const [seq] = await client.next(/^AAPL subscribed (\d+)$/);
    await follow(client, Number(seq), 5);
  });

  test(`${name}: methods answer, and what is published comes to its channel`, options, async (context) => {
    const [, url] = await serve(context);
    const [client] = await join(context, url);
    client.say('symbols');
    assert.deepEqual(JSON.parse(await client.next(/^reply to symbols (.*)$/)), ['AAPL', 'MSFT', 'NVDA']);
    client.say('quote {"symbol":"MSFT"}');
    assert.equal(JSON.parse(await client.next(/^reply to quote (.*)$/)).symbol, 'MSFT');
    client.say('quot');
    assert.deepEqual(await client.next(/^reply to quot (.*)$/), ['unknown-method']);
    client.say('publish hi');
    const lines = [];
    for (let each = 0; each < 4; ++each) lines.push(...(await client.next(/^((?:chat event|ack).*)$/)));
    assert.deepEqual(lines.sort(), ['ack Published', 'ack of bytes Published', 'chat event 1 hi', 'chat event 2 \uFFFD\x1E']);
  });
}

const hasWebsockets = (python) => spawnSync(python, ['-c', 'import websockets']).status === 0;
const python = ['python3', '/usr/bin/python3'].find(hasWebsockets);

holdConversations('ws', process.execPath, 'server.mjs', false);
holdConversations('websockets', python, 'server.py', python ? false : 'there is no Python with the package websockets');
