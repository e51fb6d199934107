// The terminal dashboard, printing lines and drawing on a terminal of its own, against the ticker server and its log.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startNginx } from '../support/nginx.mjs';
import { testServerFor } from '../support/test_server.mjs';
import { startTickerServer } from '../support/ticker_server.mjs';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');
const BINARY =
  process.env.TERMINAL_DASHBOARD || path.join(ROOT, 'build/native-debug/samples/terminal_dashboard/terminal_dashboard');
const LIMIT = { timeout: 30_000 };
const TICK = /^(\S+) (\d+\.\d\d) ([+-]?\d+\.\d\d%) seq (\d+)(?:, \d+ skipped)?$/;

/** A program whose output can be waited for. It ends with the test at the latest. */
function start(context, command, args, env = {}) {
  const child = spawn(command, args, { stdio: 'pipe', env: { ...process.env, ...env } });
  context.after(() => child.kill('SIGKILL'));
  const output = { text: '', errors: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (output.text += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (output.errors += text));
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...output }));
  const shows = async (pattern, from = 0) => {
    while (!pattern.test(output.text.slice(from))) {
      await Promise.race([
        once(child.stdout, 'data'),
        ended.then(({ code, text }) => assert.fail(`ended with ${code} before ${pattern}: ${text}`)),
      ]);
    }
  };
  return { child, ended, shows, length: () => output.text.length };
}

const startDashboard = (context, ...args) => start(context, BINARY, args);

/** `script` gives the program a terminal; what is written to it are key strokes. */
function startOnTerminal(context, url, env = {}, { columns = 100, rows = 30 } = {}) {
  const command = `stty cols ${columns} rows ${rows}; exec ${BINARY} ${url}`;
  return start(context, 'script', ['-qec', command, '/dev/null'], {
    TERM: 'xterm-256color',
    LC_ALL: 'C.UTF-8',
    ...env,
  });
}

async function startServer(context, ...args) {
  const server = await startTickerServer({ args });
  context.after(() => server.kill('SIGKILL'));
  return server;
}

test(
  'plain: every line is a price that the server made, for as long as it was asked to run',
  LIMIT,
  async (context) => {
    const server = await startServer(context);
    const begun = performance.now();
    const { code, text } = await startDashboard(context, `${server.ws}/stream`, '--seconds', '2').ended;
    assert.equal(code, 0);
    assert.ok(performance.now() - begun >= 2000);
    const [first, second, ...lines] = text.split('\n').slice(0, -1);
    assert.deepEqual([first, second], ['connecting', 'open']);
    const made = new Set(server.logLines().map(({ symbol, seq, price }) => `${symbol} ${seq} ${price.toFixed(2)}`));
    for (const line of lines) {
      const [, symbol, price, , seq] = TICK.exec(line) ?? assert.fail(`not a tick: ${line}`);
      assert.ok(made.has(`${symbol} ${seq} ${price}`), `the server never made ${line}`);
    }
    assert.ok(lines.length > 20, `only ${lines.length} prices`);
  },
);

test('plain: it reconnects to a restarted server, and prints that', LIMIT, async (context) => {
  const first = await startServer(context);
  const dashboard = startDashboard(context, `${first.ws}/stream`, '--plain');
  await dashboard.shows(/^AAPL .* seq \d+$/m);
  await first.kill('SIGKILL');
  await dashboard.shows(/^lost: .*\S.*, retry in \d+\.\d s\nconnecting$/m);
  const killed = dashboard.length();
  await startServer(context, '--port', String(first.port));
  // Another process has another epoch: nobody can tell what was lost between the two.
  await dashboard.shows(/^open\n(gap: \w+: nobody .*\n)+\w+ .* seq \d+$/m, killed);
});

test('plain: no price within the time is a failure', LIMIT, async (context) => {
  const server = await testServerFor(context, { methods: { symbols: () => '["AAPL"]' } });
  const { code, text } = await startDashboard(context, server.url, '--seconds', '0.5').ended;
  assert.deepEqual([code, text], [1, 'connecting\nopen\n']);
});

test('plain: it ends with the reason when every symbol is refused', LIMIT, async (context) => {
  const server = await startServer(context);
  const { code, text } = await startDashboard(context, `${server.ws}/stream`, '--symbols', 'NONE,NIL', '--plain').ended;
  assert.equal(code, 1);
  assert.match(text, /^refused: NONE: .*unknown-channel.*$/m);
  assert.match(text, /^refused: NIL: .*unknown-channel.*$/m);
});

test('plain: only the requested symbols are printed', LIMIT, async (context) => {
  const server = await startServer(context);
  const args = [`${server.ws}/stream`, '--symbols', 'TSLA,NONE', '--seconds', '1'];
  const { code, text } = await startDashboard(context, ...args).ended;
  assert.equal(code, 0);
  assert.match(text, /^refused: NONE: /m);
  const symbols = text.match(/^\w+(?= .* seq )/gm);
  assert.deepEqual([...new Set(symbols)], ['TSLA']);
});

test('plain: a private authority is trusted only with --ca; without it the error names the reason', LIMIT, async (context) => {
  const server = await startServer(context);
  const nginx = await startNginx({ servers: [1, 2, 3].map(() => `127.0.0.1:${server.port}`) });
  context.after(() => nginx.kill());
  const url = `wss://localhost:${nginx.port}/stream`;
  const trusting = await startDashboard(context, url, '--ca', nginx.certificate, '--seconds', '2').ended;
  assert.equal(trusting.code, 0, trusting.text);
  const { code, text } = await startDashboard(context, url, '--seconds', '10').ended;
  assert.equal(code, 1);
  assert.match(text, /^closed: the server could not prove its identity; is --ca missing\?: .*self.signed.*$/m);
});

test('plain: skipped events are reported', LIMIT, async (context) => {
  const server = await testServerFor(context, { methods: { symbols: () => '["AAPL"]' } });
  const dashboard = startDashboard(context, server.url, '--plain');
  const tick = (seq) => JSON.stringify({ symbol: 'AAPL', price: 1, change: 0, seq });
  await server.publish('ticker/AAPL', tick(1));
  await dashboard.shows(/seq 1$/m);
  const connection = await server.opened(1);
  // Together, so that the server has made them before the dashboard is back.
  await Promise.all([connection.cut(), ...[2, 3, 4].map((seq) => server.publish('ticker/AAPL', tick(seq)))]);
  await dashboard.shows(/^AAPL 1\.00 0\.00% seq 4, 2 skipped$/m);
});

test('plain: it ends when its output is closed', LIMIT, async (context) => {
  const server = await startServer(context);
  const dashboard = startDashboard(context, `${server.ws}/stream`, '--plain');
  await dashboard.shows(/seq/);
  dashboard.child.stdout.destroy();
  await dashboard.ended;
});

test('arguments: an argument that is not a WebSocket URL is named', LIMIT, async (context) => {
  const { code, errors } = await startDashboard(context, 'http://127.0.0.1/ticker').ended;
  assert.equal(code, 2);
  assert.match(errors, /http:\/\/127\.0\.0\.1\/ticker/);
});

test('screen: prices, state and a sparkline are drawn, and q gives the terminal back', LIMIT, async (context) => {
  const server = await startServer(context);
  const dashboard = startOnTerminal(context, `${server.ws}/stream`);
  await dashboard.shows(/● open/);
  await dashboard.shows(/AAPL/);
  await dashboard.shows(/[▁▂▃▄▅▆▇█]{3}/);
  await dashboard.shows(/\d ms/);
  dashboard.child.stdin.write('q');
  const { code, text } = await dashboard.ended;
  assert.equal(code, 0);
  assert.ok(text.includes('\x1b[?1049l'), 'the screen from before is not restored');
  assert.ok(text.lastIndexOf('\x1b[?25h') > text.lastIndexOf('\x1b[?25l'), 'the cursor stays hidden');
});

test('screen: Ctrl-C gives the terminal back and ends as a signal does', LIMIT, async (context) => {
  const server = await startServer(context);
  const dashboard = startOnTerminal(context, `${server.ws}/stream`);
  await dashboard.shows(/AAPL/);
  dashboard.child.stdin.write('\x03');
  const { code, text } = await dashboard.ended;
  assert.equal(code, 130);
  assert.ok(text.includes('\x1b[?1049l'), 'the screen from before is not restored');
});

test('screen: r makes a new connection', LIMIT, async (context) => {
  const server = await testServerFor(context);
  const dashboard = startOnTerminal(context, server.url);
  await server.opened(1);
  await dashboard.shows(/● open/);
  dashboard.child.stdin.write('r');
  await server.opened(2);
});

test('screen: a dead server is shown as waiting, a new one as open', LIMIT, async (context) => {
  const first = await startServer(context);
  const dashboard = startOnTerminal(context, `${first.ws}/stream`);
  await dashboard.shows(/AAPL/);
  await first.kill('SIGKILL');
  await dashboard.shows(/waiting/);
  await dashboard.shows(/stale/);
  const killed = dashboard.length();
  await startServer(context, '--port', String(first.port));
  // A symbol is drawn again when its price is no longer stale; curses writes nothing that has not changed.
  await dashboard.shows(/AAPL/, killed);
  await dashboard.shows(/1 gap/, killed);
});

test('screen: a price has its age, and a symbol that is refused the reason', LIMIT, async (context) => {
  const server = await startServer(context);
  const dashboard = startOnTerminal(context, `${server.ws}/stream --symbols AAPL,NONE`);
  await dashboard.shows(/\d\.\d s old/);
  await dashboard.shows(/no prices: .*unknown-channel/);
});

test('screen: a server that hangs is shown as stale and without prices, in a small terminal too', LIMIT, async (context) => {
  const server = await startServer(context);
  const dashboard = startOnTerminal(context, `${server.ws}/stream`, {}, { columns: 60, rows: 15 });
  await dashboard.shows(/YHOO/);
  process.kill(server.pid, 'SIGSTOP');
  await dashboard.shows(/stale/);
  await dashboard.shows(/no prices for/);
  await dashboard.shows(/● no prices/); // Where it said "open".
});

test('screen: a locale without UTF-8 gets ASCII alone', LIMIT, async (context) => {
  const server = await startServer(context);
  const dashboard = startOnTerminal(context, `${server.ws}/stream`, { LC_ALL: 'C' });
  await dashboard.shows(/\* open/);
  await dashboard.shows(/[.:=+*%#-]{3}/);
  dashboard.child.stdin.write('q');
  const { text } = await dashboard.ended;
  assert.match(text, /^[\x00-\x7f]*$/);
});
