// The configuration of docs/deploy.md with a page.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startNginx } from '../support/nginx.mjs';
import { launchBrowser } from './support/browser.mjs';
import { LIMIT, serverFor } from './support/fixture.mjs';

const DIST = process.env.TIDEWIRE_JS_DIST;

test('nginx: a quiet page outlives the read timeout by its heartbeat, and without one it does not', LIMIT, async (context) => {
  const servers = await Promise.all([1, 2, 3].map(() => serverFor(context, ['--web', DIST])));
  const addresses = servers.map(({ port }) => `127.0.0.1:${port}`);
  const nginx = await startNginx({ servers: addresses, readTimeout: '2s' });
  context.after(() => nginx.kill());
  const browser = await launchBrowser();
  context.after(() => browser.close());
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  await page.goto(`https://127.0.0.1:${nginx.port}/tidewire.js`);
  const seen = await page.evaluate(async () => {
    const { Client } = await import('/tidewire.js');
    const follow = (heartbeat) => {
      const client = new Client('/echo', { heartbeat });
      const log = [];
      for (const type of ['open', 'heartbeat', 'close']) {
        client.addEventListener(type, () => log.push(type));
      }
      client.connect();
      const next = (type) => new Promise((resolve) => client.addEventListener(type, resolve, { once: true }));
      return { log, next };
    };
    const asking = follow({ interval: 500, message: 'ping', answer: 'ping' });
    const silent = follow({});
    const { cause } = await silent.next('close');
    await asking.next('heartbeat');
    return { cause, log: asking.log };
  });
  assert.equal(seen.cause, 'connection-lost');
  assert.equal(seen.log[0], 'open');
  assert.ok(!seen.log.includes('close'), seen.log.join());
});
