// The package's README: each of its examples in a page of its own, and its table of sizes.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import esbuild from 'esbuild';

import { startTickerServer } from '../../support/ticker_server.mjs';
import { HTML, LIMIT, link, useConsumers } from './consumers.mjs';

const README = new URL('../../../bindings/js/package/README.md', import.meta.url);
const text = readFileSync(README, 'utf8');
const [, WORKER] = text.match(/^```js worker$([^]*?)^```$/m);
const [FIRST, ...EXAMPLES] = text.split(/^```jsx?$/m).map((part, at, parts) => ({
  title: at === 0 ? '' : (parts[at - 1].match(/^### (.*)$/gm)?.pop().slice(4) ?? 'the first six lines'),
  code: part.split(/^```$/m)[0],
}));

// What each prints at least, by its title.
const PRINTS = {
  'the first six lines': [/^\{.*"symbol".*"price"/],
  'Send, also while offline': [/^queued$/, /^back: hello$/],
  'A fresh token for every attempt': [/^open$/],
  'Follow a channel without losing an event': [/^\d+(\.\d+)?$/],
  'Publish, and know the outcome': [/^published$/],
  'Request, with a time limit': [/^AAPL$/],
  'Show the state of the connection': [/^idle -> /, /-> open$/, /^0 reconnects$/],
  'Close for good': [/^1000 false$/],
  'A report for a bug': [/^attempt 1 is open/, /^\{.*"messagesReceived".*\} \S/],
  'Only the client': [/^open$/],
  'The wasm from elsewhere': [/^open$/],
  'In place of `WebSocket`': [/^back: hello$/],
  'In place of `WebSocket`, with messages that wait': [/^back: early$/],
  'In React': [/^AAPL \d+(\.\d+)?$/],
  'One connection for many tabs': [/^\d+(\.\d+)?$/],
};

// Libraries of an example come in its bundle.
const needsBundle = (code) => /from 'react/.test(code);

const consumers = useConsumers();
let site;

// The server of the examples' addresses serves the pages too.
before(async () => {
  const folder = consumers.consumer('readme');
  const DIST = '/node_modules/tidewire/dist';
  const entries = ['client', 'shared', 'websocket'].map((name) => [`tidewire/${name}`, `${DIST}/${name}.js`]);
  const map = { imports: { tidewire: `${DIST}/tidewire.js`, ...Object.fromEntries(entries) } };
  const head = `<script type="importmap">${JSON.stringify(map)}</script>`;
  ['react', 'react-dom'].forEach((each) => link(folder, each));
  for (const [at, { code }] of EXAMPLES.entries()) {
    const script = needsBundle(code) ? await bundleOf(code, folder) : code;
    writeFileSync(path.join(folder, `${at}.html`), HTML(`<script type="module">${script}</script>`, head));
  }
  writeFileSync(path.join(folder, 'worker.js'), await bundleOf(WORKER, folder)); // Import maps are for pages only.
  site = await startTickerServer({ args: ['--web', folder] });
});
after(() => site?.kill('SIGKILL'));

async function bundleOf(code, folder) {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: code, resolveDir: folder, loader: 'jsx' },
    conditions: ['development'], // With the wasm inside.
    define: { 'process.env.NODE_ENV': '"production"' },
    bundle: true,
    minify: true,
    jsx: 'automatic',
    write: false,
    logLevel: 'error',
  });
  return outputFiles[0].text.replaceAll('</script', '<\\/script');
}

test('readme: the first example has six lines, and others follow', () => {
  assert.match(FIRST.code, /npm i tidewire/);
  assert.equal(EXAMPLES[0].code.trim().split('\n').length, 6);
  assert.deepEqual(EXAMPLES.map(({ title }) => title), Object.keys(PRINTS));
});

EXAMPLES.forEach(({ title }, at) => {
  test(`readme: ${title}`, LIMIT, async () => {
    const lines = [];
    const isDone = () => PRINTS[title].every((expected) => lines.some((line) => expected.test(line)));
    let page;
    const done = new Promise((resolve, reject) => {
      const listeners = {
        pageerror: reject,
        console: (message) => {
          lines.push(message.text());
          if (isDone()) resolve();
        },
      };
      page = consumers.tabs.open(`${site.url}/${at}.html`, listeners);
      page.catch(reject);
    });
    const late = new Promise((resolve) => setTimeout(resolve, 20_000).unref());
    await Promise.race([done, late]);
    await (await page).close();
    assert.ok(isDone(), `it printed:\n${lines.join('\n')}`);
  });
});
