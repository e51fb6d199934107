import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import net from 'node:net';
import test from 'node:test';

import { runTickerServer } from '../support/ticker_server.mjs';
import {
  CAN_MEASURE, Client, LIMIT, connect, echoes, frame, handshake, open, readToEnd, residentMiB, serverFor, upgraded,
} from './ticker_server_clients.mjs';

test('server: its first line is its address', LIMIT, async (context) => {
  const server = await serverFor(context);
  assert.match(server.stdout(), /^listening on http:\/\/127\.0\.0\.1:[1-9]\d*\/\n/);
});

test('server: it listens on loopback by default', LIMIT, async (context) => {
  const server = await serverFor(context);
  const other = net.connect(server.port, '127.0.0.2');
  const [error] = await once(other, 'error');
  assert.equal(error.code, 'ECONNREFUSED');
});

test('server: --host localhost and an IPv6 address are listened on', LIMIT, async (context) => {
  assert.ok(await echoes(context, await serverFor(context, ['--host', 'localhost'])));
  if (!existsSync('/proc/net/if_inet6')) {
    context.diagnostic('this machine has no IPv6');
    return;
  }
  const server = await serverFor(context, ['--host', '::1']);
  assert.match(server.stdout(), /^listening on http:\/\/\[::1\]:\d+\/\n/);
  assert.ok(await echoes(context, server));
});

test('server: it comes back on its port after being killed with clients on it', LIMIT, async (context) => {
  const server = await serverFor(context);
  await open(context, `${server.ws}/ticker`);
  await server.kill('SIGKILL');
  const again = await serverFor(context, ['--port', String(server.port)]);
  assert.equal(again.port, server.port);
  assert.ok(await echoes(context, again));
});

test('server: a port in use stops it, and it names the port', LIMIT, async (context) => {
  const server = await serverFor(context);
  const { code, stdout, stderr } = await runTickerServer(['--port', String(server.port)]);
  assert.equal(code, 1);
  assert.equal(stdout, '');
  assert.match(stderr, new RegExp(`^ticker_server: --port: .*127\\.0\\.0\\.1 port ${server.port}: Address already in use\n$`));
});

for (const [args, complaint] of [
  [['--port', '65536'], '--port'], [['--port', '-1'], '--port'], [['--port', 'x'], '--port'],
  [['--host', '192.0.2.1', '--port', '0'], '--host'], [['--host', 'no such host', '--port', '0'], '--host'],
  [['--seed', '-1'], '--seed'], [['--seed', 'x'], '--seed'], [['--seed', '1', '--replay', 'f'], '--replay'],
  [['--allow-origin', 'example.com'], '--allow-origin'], [['--allow-origin', 'http://a/'], '--allow-origin'],
  [['--allow-host', 'a:1'], '--allow-host'], [['--speed', '0'], '--speed'], [['--speed', '-1'], '--speed'], [['--speed', 'nan'], '--speed'],
  [['--speed', '1001'], '--speed'], [['--symbols', 'AAPL,aapl'], '--symbols'], [['--symbols', 'a b'], '--symbols'],
  [['--web', '/no/such/folder', '--port', '0'], '--web: /no/such/folder'],
  [['--replay', '/no/such/file.csv'], '--replay: cannot read /no/such/file.csv: No such file'],
  [['--replay', '/'], '--replay: cannot read /: Is a directory'],
  [['--log', '/no/such/folder/log', '--port', '0'], '--log: cannot write /no/such/folder/log: No such file'],
  [['--stream-log', '/no/such/folder/log', '--port', '0'], '--stream-log: cannot write /no/such/folder/log: No such file'],
  [['--token', 'secret'], '--token'], [['--token', '=secret'], '--token'], [['--heartbeat', '-1'], '--heartbeat'],
  [['--heartbeat', '1.5'], '--heartbeat'], [['--heartbeat', '999'], '--heartbeat'], [['--history-count', '0'], '--history-count'],
  [['--rooms', '99999999999999999999'], '--rooms'], [['--publish-rate', 'x'], '--publish-rate'],
  [['--nonsense'], '--nonsense'], [['extra'], 'extra'],
]) {
  test(`server: ${args.join(' ')} stops it, and it names the argument`, LIMIT, async () => {
    const { code, signal, stdout, stderr } = await runTickerServer(args);
    assert.equal(signal, null);
    assert.notEqual(code, 0);
    assert.equal(stdout, '');
    assert.ok(stderr.includes(complaint), stderr);
  });
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`server: ${signal} closes every client with 1001 and ends it with 0`, LIMIT, async (context) => {
    const server = await serverFor(context);
    const urls = ['/echo', '/ticker?rate=1000', '/ticker'].map((target) => server.ws + target);
    const clients = await Promise.all(urls.map((url) => open(context, url)));
    const { code } = await server.kill(signal);
    assert.equal(code, 0);
    const ends = await Promise.all(clients.map((client) => client.closed));
    assert.deepEqual(ends, Array(3).fill({ code: 1001, reason: 'the server is shutting down' }));
  });
}

test('server: a client that does not answer does not keep it from ending', LIMIT, async (context) => {
  const server = await serverFor(context);
  const silent = await upgraded(context, server.port, '/echo');
  const frozen = await upgraded(context, server.port, '/ticker?rate=1000');
  frozen.pause();
  silent.on('data', () => {});
  const begin = Date.now();
  const { code } = await server.kill('SIGTERM');
  assert.equal(code, 0);
  assert.ok(Date.now() - begin < 4000);
});

test('server: it ends at once without clients', LIMIT, async (context) => {
  const server = await serverFor(context);
  const { code, stderr } = await server.kill('SIGTERM');
  assert.equal(code, 0);
  assert.equal(stderr, '');
});

test('server: a reset by a client affects no other client', LIMIT, async (context) => {
  const server = await serverFor(context);
  for (const target of ['/echo', '/ticker?rate=1000', '/close?code=4000']) {
    for (let i = 0; i < 20; ++i) {
      const socket = await connect(context, server.port);
      socket.write(handshake(target));
      await once(socket, 'data');
      socket.write(frame(0x82, Buffer.alloc(100_000)));
      socket.resetAndDestroy();
    }
  }
  assert.ok(await echoes(context, server));
});

const OVERSIZED = 'x'.repeat(100_000);
const NEVER_ENDS = { 'a request without its end': 'GET /echo HTTP/1.1\r\nHost:', 'nothing at all': '' };
const GARBAGE = {
  'bytes at random': randomBytes(10_000),
  'zeros': Buffer.alloc(10_000),
  'line ends': '\r\n'.repeat(5000),
  'a TLS hello': Buffer.from('1603010200010001fc0303', 'hex'),
  'an HTTP/2 preface': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a CONNECT': 'CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: x\r\n\r\n',
  'an unknown method': 'BREW / HTTP/1.1\r\n\r\n',
  'a header of 100 kB': `GET / HTTP/1.1\r\nX-Long: ${OVERSIZED}\r\n\r\n`,
  'a URL of 100 kB': `GET /${OVERSIZED} HTTP/1.1\r\n\r\n`,
  'a handshake key of 100 kB': handshake('/echo').replace('dGhl', OVERSIZED),
  'ten thousand headers': `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(10_000)}\r\n`,
  'ten thousand query parameters': handshake(`/ticker?${'a=b&'.repeat(4000)}`),
  'a body without an end': 'POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\nabc',
};
for (const [name, bytes] of Object.entries({ ...GARBAGE, ...NEVER_ENDS })) {
  test(`server: survives ${name}`, LIMIT, async (context) => {
    const server = await serverFor(context);
    const socket = await connect(context, server.port);
    const ended = readToEnd(socket);
    socket.write(bytes);
    assert.ok(await echoes(context, server));
    socket.end();
    await ended;
    assert.ok(await echoes(context, server));
    assert.equal(server.stderr(), '');
  });
}

for (const [name, bytes] of Object.entries({
  'bytes at random': randomBytes(10_000),
  'a length of 2^63': Buffer.from('82ff8000000000000000', 'hex'),
  'a length of 2^62': Buffer.from('82ff400000000000000000000000', 'hex'),
  'a control frame that is too long': frame(0x89, 'x'.repeat(126)),
  'a Close frame of one byte': frame(0x88, 'x'),
  'ten thousand pings': Buffer.concat(Array(10_000).fill(frame(0x89, 'ping'))),
  'ten thousand pongs': Buffer.concat(Array(10_000).fill(frame(0x8a, 'pong'))),
  'ten thousand empty fragments': Buffer.concat([frame(0x01, ''), ...Array(10_000).fill(frame(0x00, ''))]),
  'an unmasked frame': Buffer.from([0x81, 1, 0x61]),
})) {
  test(`server: survives ${name} in an open WebSocket`, LIMIT, async (context) => {
    const server = await serverFor(context);
    for (const target of ['/echo', '/ticker']) {
      const socket = await upgraded(context, server.port, target);
      socket.write(bytes);
      assert.ok(await echoes(context, server));
      socket.destroy();
    }
    assert.ok(await echoes(context, server));
    assert.equal(server.stderr(), '');
  });
}

test('server: a ping flood that reads no answer costs no memory', { ...LIMIT, skip: !CAN_MEASURE }, async (context) => {
  const server = await serverFor(context, ['--speed', '0.001']);
  const flood = await upgraded(context, server.port, '/ticker?rate=0.001');
  assert.ok(await echoes(context, server));
  const before = residentMiB(server.pid);
  flood.pause();
  const pings = Buffer.concat(Array(100_000).fill(frame(0x81, 'ping')));
  for (let i = 0; i < 10; ++i) {
    await new Promise((resolve) => flood.write(pings, resolve));
    assert.ok(await echoes(context, server));
  }
  const grown = residentMiB(server.pid) - before;
  assert.ok(grown < 8, `the server grew by ${grown} MiB`);
});

test('server: the memory of a thousand clients is freed', { ...LIMIT, skip: !CAN_MEASURE }, async (context) => {
  const server = await serverFor(context);
  const round = async () => {
    const clients = Array.from({ length: 1000 }, () => new Client(`${server.ws}/ticker`));
    await Promise.all(clients.map((client) => client.first(5)));
    clients.forEach((client) => client.socket.terminate());
    await Promise.all(clients.map((client) => client.closed));
    assert.ok(await echoes(context, server));
    return residentMiB(server.pid);
  };
  const first = await round();
  for (let i = 0; i < 4; ++i) {
    await round();
  }
  // A thousand clients whose memory is never given back would be five times as much.
  const last = await round();
  assert.ok(last < 3 * first, `grew from ${first} to ${last} MiB`);
});
