// The page that README.md shows, in Chromium, beside the files of the JavaScript package.

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { ROOT, codeBlocks } from '../support/readme.mjs';
import { startTickerServer } from '../support/ticker_server.mjs';
import { launchBrowser } from './support/browser.mjs';

const DIST = process.env.TIDEWIRE_JS_DIST || path.join(ROOT, 'build/web-release/bindings/js/dist');
const [PAGE] = codeBlocks('html');
const [SESSION] = codeBlocks('js');

function makeFolder(context) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'readme-page-'));
  context.after(() => rmSync(folder, { recursive: true }));
  cpSync(DIST, folder, { recursive: true });
  writeFileSync(path.join(folder, 'index.html'), PAGE);
  return folder;
}

async function openPage(context, server) {
  const browser = await launchBrowser();
  context.after(() => browser.close());
  const page = await browser.newPage();
  await page.goto(server.url);
  return page;
}

test('README: its page has 15 lines at most', () => {
  assert.ok(PAGE.trimEnd().split('\n').length <= 15);
});

test('README: its page shows the prices that the server made', { timeout: 60_000 }, async (context) => {
  const server = await startTickerServer({ args: ['--web', makeFolder(context)] });
  context.after(() => server.kill('SIGKILL'));
  const page = await openPage(context, server);
  await page.waitForFunction(() => document.getElementById('prices').textContent.split('\n').length >= 20);
  const shown = await page.textContent('#prices');
  const lines = shown.trimEnd().split('\n');
  assert.equal(lines.pop(), 'open, 0 reconnects');
  const made = server.rawLogLines();
  lines.forEach((line) => assert.ok(made.includes(line), `the server never made ${line}`));
});

test('README: its session shows a price, publishes and requests', { timeout: 60_000 }, async (context) => {
  const server = await startTickerServer({ args: ['--web', makeFolder(context)] });
  context.after(() => server.kill('SIGKILL'));
  const page = await openPage(context, server);
  const { outcome, quoted, shown } = await page.evaluate(`(async () => {
    const { Session } = await import('./tidewire.js');
    let show;
    const price = new Promise((resolve) => (show = resolve));
    ${SESSION}
    return { outcome, quoted: quote.json(), shown: await price };
  })()`);
  assert.equal(outcome, 'published');
  assert.equal(quoted.symbol, 'AAPL');
  const made = server.logLines().filter(({ symbol }) => symbol === 'AAPL').map(({ price }) => price);
  assert.ok(made.includes(shown), `the server never made ${shown}`);
});
