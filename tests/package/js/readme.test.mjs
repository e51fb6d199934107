// The package's README: each of its examples in a page of its own, and its table of sizes.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { startTickerServer } from '../../support/ticker_server.mjs';
import { HTML, LIMIT, useConsumers } from './consumers.mjs';

const README = new URL('../../../bindings/js/package/README.md', import.meta.url);
const text = readFileSync(README, 'utf8');
const [FIRST, ...EXAMPLES] = text.split(/^```js$/m).map((part, at, parts) => ({
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
};

const consumers = useConsumers();
let site;

// The server of the examples' addresses serves the pages too.
before(async () => {
  const folder = consumers.consumer('readme');
  const DIST = '/node_modules/tidewire/dist';
  const map = { imports: { tidewire: `${DIST}/tidewire.js`, 'tidewire/client': `${DIST}/client.js` } };
  const head = `<script type="importmap">${JSON.stringify(map)}</script>`;
  EXAMPLES.forEach(({ code }, at) => {
    writeFileSync(path.join(folder, `${at}.html`), HTML(`<script type="module">${code}</script>`, head));
  });
  site = await startTickerServer({ args: ['--web', folder] });
});
after(() => site?.kill('SIGKILL'));

test('readme: the first example has six lines, and ten follow', () => {
  assert.match(FIRST.code, /npm i tidewire/);
  assert.equal(EXAMPLES[0].code.trim().split('\n').length, 6);
  assert.deepEqual(EXAMPLES.map(({ title }) => title), Object.keys(PRINTS));
  assert.equal(EXAMPLES.length, 11);
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
