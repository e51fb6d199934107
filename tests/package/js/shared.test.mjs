// tidewire/shared: several pages of one SharedWorker, and what it does when they go.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { testServerFor } from '../../support/test_server.mjs';
import { HTML, LIMIT, useConsumers } from './consumers.mjs';

const consumers = useConsumers();
const DIST = './node_modules/tidewire/dist';

// The address of the server is in that of the worker.
const WORKER = `import { Client, Session } from '${DIST}/tidewire.js';
  import { serve } from '${DIST}/shared.js';
  const url = new URL(location).searchParams.get('server');
  const connection = url.endsWith('/echo') ? new Client(url) : new Session(url, { reconnect: { firstDelay: 10 } });
  connection.connect();
  serve(connection);`;

const PAGE = `import { SharedConnection } from '${DIST}/shared.js';
  globalThis.run = (url) => {
    const worker = new SharedWorker('./worker.js?server=' + encodeURIComponent(url), { type: 'module' });
    const connection = (globalThis.connection = new SharedConnection(worker));
    globalThis.log = [];
    connection.addEventListener('close', ({ cause }) => log.push(cause));
    globalThis.follow = (channel, options) =>
      connection.subscribe(channel, options, {
        onEvent: (event) => log.push(event.channel + ' ' + event.data + ' ' + event.json()),
        onSubscribed: () => log.push('subscribed ' + channel),
        onEnd: ({ error }) => log.push(error.code + ': ' + error.message),
      });
    return connection.connected();
  };`;

/** Answers `open(url)`, which opens a page of the same worker for each of the same URL. */
function usePages(context, name) {
  const html = HTML(`<script type="module">${PAGE}</script>`);
  const folder = consumers.consumer(name, { 'index.html': html, 'worker.js': WORKER });
  let shared = null; // Pages of one context have their workers in common.
  context.after(() => shared?.close());
  return async function open(url, prepare) {
    shared ??= await consumers.browser.newContext();
    const page = await shared.newPage();
    await page.addInitScript(prepare ?? (() => {}));
    await page.goto(consumers.address(folder, 'index.html'));
    await page.waitForFunction(() => globalThis.run !== undefined);
    await page.evaluate((given) => globalThis.run(given), url);
    return {
      page,
      follow: (...given) => page.evaluate(([channel, options]) => void globalThis.follow(channel, options), given),
      logged: (line) => page.waitForFunction((expected) => globalThis.log.includes(expected), line),
      log: () => page.evaluate(() => globalThis.log),
    };
  };
}

test('shared: pages have one connection, which lives on when the one that made it is closed', LIMIT, async (context) => {
  const server = await testServerFor(context);
  const open = usePages(context, 'shared');
  const first = await open(server.url);
  await first.follow('a');
  await first.logged('subscribed a');
  await server.publish('a', '1');
  await first.logged('a 1 1');
  const second = await open(server.url);
  await second.follow('a', { replay: 1 });
  await second.logged('a 1 1'); // The latest, although the session has subscribed before.
  await second.follow('b');
  await second.logged('subscribed b');
  assert.equal((await server.connections()).length, 1);
  await first.page.close();
  await server.publish('a', '2');
  await second.logged('a 2 2');
  await (await server.opened(1)).cut();
  await second.logged('connection-lost');
  await server.opened(2);
  await server.publish('b', '3');
  await second.logged('b 3 3');
  assert.deepEqual((await second.log()).filter((line) => line.startsWith('a ')), ['a 1 1', 'a 2 2']);
});

for (const [how, prepare] of [
  ['a closed page', undefined],
  ['a page that dies without a word', () => addEventListener('pagehide', (event) => event.stopImmediatePropagation(), true)],
]) {
  test(`shared: the subscriptions of ${how} end`, LIMIT, async (context) => {
    const server = await testServerFor(context);
    const open = usePages(context, `shared-${prepare === undefined}`);
    const first = await open(server.url);
    await first.follow('a');
    await first.logged('subscribed a');
    const second = await open(server.url, prepare);
    await second.follow('b');
    await second.logged('subscribed b');
    await second.page.close();
    const { channel } = await server.sent(({ op }) => op === 'unsubscribe');
    assert.equal(channel, 'b');
    await server.publish('a', '1');
    await first.logged('a 1 1');
  });
}

test('shared: calls answer promises, and errors are those of a session', LIMIT, async (context) => {
  const server = await testServerFor(context);
  const { page, follow, logged } = await usePages(context, 'shared-calls')(server.url);
  const results = await page.evaluate(async () => {
    const { connection } = globalThis;
    const faultOf = (promise) => promise.then(() => 'none', ({ name, code, message }) => [name, code ?? message]);
    const controller = new AbortController();
    const cancelled = connection.request('echo', 'x', { signal: controller.signal });
    controller.abort();
    return [
      (await connection.publish('a', 'hi', { ack: true })).outcome,
      await connection.publish('a', 'hi'),
      (await connection.request('echo', '{"x":1}')).json(),
      await faultOf(connection.request('nothing')),
      await faultOf(cancelled),
      await faultOf(connection.send('text')),
      connection.state,
    ];
  });
  assert.deepEqual(results, [
    'published',
    'queued',
    { x: 1 },
    ['SessionError', 'unknown-method'],
    ['AbortError', 20],
    ['TypeError', 'the shared connection has no send()'],
    'open',
  ]);
  await follow('a', { conflat: true });
  await logged("invalid: options.conflat is not an option. Did you mean 'conflate'?");
});

test('shared: a client sends, and every page gets what arrives, until it leaves', LIMIT, async (context) => {
  const open = usePages(context, 'shared-client');
  const [first, second] = [await open(consumers.echo), await open(consumers.echo)];
  const listen = () => globalThis.connection.addEventListener('message', ({ data }) => globalThis.log.push(String(data)));
  await first.page.evaluate(listen);
  await second.page.evaluate(listen);
  await first.page.evaluate(() => globalThis.connection.close());
  assert.equal(await second.page.evaluate(() => globalThis.connection.send('hello')), 'queued');
  await second.logged('hello');
  assert.deepEqual(await first.log(), []);
});
