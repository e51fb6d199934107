// tidewire/react: on a server that renders pages, and in a page's StrictMode.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import esbuild from 'esbuild';

import { testServerFor } from '../../support/test_server.mjs';
import { HTML, LIMIT, link, useConsumers } from './consumers.mjs';

const consumers = useConsumers();

const COMPONENTS = `import { StrictMode, createElement, useState } from 'react';
import { Session } from 'tidewire/inline';
import { useSubscription } from 'tidewire/react';
export const texts = [];
export function Price({ session, channel = 'ticker/AAPL', ...options }) {
  const { event, isLive, error } = useSubscription(session, channel, { onEvent: ({ data }) => texts.push(data), ...options });
  return createElement('p', null, [event?.data ?? 'none', isLive, error?.code ?? 'fine'].join(' '));
}
export { Session, StrictMode, createElement, useState };
`;

function project(name, files) {
  const folder = consumers.consumer(name, { 'components.js': COMPONENTS, ...files });
  ['react', 'react-dom'].forEach((each) => link(folder, each));
  return folder;
}

test('react: a server renders the state without an event, and subscribes to nothing', LIMIT, async () => {
  const app = `import { renderToString } from 'react-dom/server';
    import { Price, Session, createElement } from './components.js';
    const session = new Session('/stream');
    session.subscribe = () => { throw new Error('subscribed'); };
    console.log(renderToString(createElement(Price, { session })), renderToString(createElement(Price, { session: null })));`;
  const folder = project('react-server', { 'app.js': app });
  const { stdout } = await promisify(execFile)(process.execPath, ['app.js'], { cwd: folder, timeout: 30_000 });
  assert.equal(stdout.trim(), '<p>none false fine</p> <p>none false fine</p>');
});

// The page's `run(url)` renders; the other functions change what is rendered.
const PAGE = `import { createRoot } from 'react-dom/client';
  import { Price, Session, StrictMode, createElement, texts, useState } from './components.js';
  let setShown;
  function App({ session }) {
    const [{ count, ...properties }, set] = useState({ count: 2 });
    setShown = set;
    return Array.from({ length: count }, (_, key) => createElement(Price, { key, session, ...properties }));
  }
  globalThis.texts = texts;
  globalThis.show = (properties) => setShown({ count: 1, ...properties });
  globalThis.run = async (url) => {
    const session = (globalThis.session = new Session(url, { reconnect: { firstDelay: 10 } }));
    session.connect();
    await session.connected(); // So that each mounting reaches the server.
    const place = document.body.appendChild(document.createElement('main'));
    createRoot(place, { onUncaughtError: ({ message }) => (place.textContent = message) }).render(
      createElement(StrictMode, null, createElement(App, { session })),
    );
  };`;

async function openPage(context, name) {
  const server = await testServerFor(context);
  const folder = project(name, { 'app.js': PAGE, 'index.html': HTML('<script type="module" src="./out.js"></script>') });
  await esbuild.build({
    entryPoints: [path.join(folder, 'app.js')],
    outfile: path.join(folder, 'out.js'),
    bundle: true,
    format: 'esm',
    define: { 'process.env.NODE_ENV': '"development"' },
    logLevel: 'error',
  });
  const page = await consumers.browser.newPage();
  context.after(() => page.close());
  await page.goto(consumers.address(folder, 'index.html'));
  await page.waitForFunction(() => globalThis.run !== undefined);
  await page.evaluate((url) => globalThis.run(url), server.url);
  const shows = (text) =>
    page.waitForFunction((expected) => document.querySelector('main').innerText.replaceAll(/\s+/g, ' ') === expected, text);
  return { server, page, shows, show: (properties) => page.evaluate((given) => globalThis.show(given), properties) };
}

/** Of each channel how many subscriptions the server has been told of, less those that ended. */
async function subscriptionsAt(server) {
  const messages = new Set();
  server.sent((message) => void messages.add(message)).catch(() => {});
  const counts = {};
  for (const { op, channel } of messages) {
    counts[channel] ??= 0;
    counts[channel] += { subscribe: 1, unsubscribe: -1 }[op] ?? 0;
  }
  delete counts.undefined;
  return counts;
}

test('react: StrictMode leaves one subscription of a channel, and none after unmounting', LIMIT, async (context) => {
  const { server, page, shows, show } = await openPage(context, 'react-strict');
  await shows('none true fine none true fine');
  assert.deepEqual(await subscriptionsAt(server), { 'ticker/AAPL': 1 });
  await server.publish('ticker/AAPL', '1');
  await shows('1 true fine 1 true fine');
  await show({ count: 3 });
  await shows('1 true fine 1 true fine 1 true fine'); // The third has it at once.
  await show({ count: 1, channel: 'ticker/MSFT' });
  await shows('none true fine');
  await show({ count: 0 });
  await page.evaluate(() => globalThis.session.request('echo')); // It comes behind what was sent before.
  assert.deepEqual(await subscriptionsAt(server), { 'ticker/AAPL': 0, 'ticker/MSFT': 0 });
  assert.deepEqual(await page.evaluate(() => globalThis.texts), ['1', '1']);
});

test('react: a lost connection shows, with the last event, until it is back', LIMIT, async (context) => {
  const { server, page, shows, show } = await openPage(context, 'react-loss');
  await show({ count: 1 });
  await shows('none true fine');
  await server.publish('ticker/AAPL', '1');
  await shows('1 true fine');
  await page.evaluate(() => globalThis.session.close());
  await shows('1 false fine');
  await page.evaluate(() => globalThis.session.connect());
  await shows('1 true fine');
  await server.publish('ticker/AAPL', '2');
  await shows('2 true fine');
});

test('react: a refused channel shows its error, and what is no option throws', LIMIT, async (context) => {
  const { shows, show } = await openPage(context, 'react-faults');
  await show({ channel: 'private/x' });
  await shows('none false forbidden');
  await show({ conflat: true });
  await shows("options.conflat is not an option. Did you mean 'conflate'?");
});
