// What clients leave behind.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { usePages } from './support/fixture.mjs';

const pages = usePages();
const CLIENTS = 10_000;

test('leaks: 10,000 clients leave heap, wasm memory and listeners where they were', { timeout: 120_000 }, async (context) => {
  const { page } = await pages.openPage();
  context.after(() => page.close());
  const session = await page.tab.context().newCDPSession(page.tab);
  await session.send('Performance.enable');
  const round = async () => {
    const { memory } = await page.evaluate(async (count) => {
      const { Client, ready } = await import('/dist/tidewire.js');
      await ready();
      const { wasm } = await import('/dist/wasm.js');
      const { signal } = (globalThis.controller ??= new AbortController());
      for (let i = 0; i < count; ++i) {
        const client = new Client('/feed', { signal });
        if (i % 2 === 0) client.dispose();
        // Finalizers run between tasks.
        if (i % 500 === 499) {
          globalThis.gc();
          await new Promise((resolve) => setTimeout(resolve));
        }
      }
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 50));
      globalThis.gc();
      return { memory: wasm.memory.buffer.byteLength };
    }, CLIENTS);
    await session.send('HeapProfiler.collectGarbage');
    const { metrics } = await session.send('Performance.getMetrics');
    const value = (name) => metrics.find((each) => each.name === name).value;
    return { memory, heap: value('JSHeapUsedSize'), listeners: value('JSEventListeners') };
  };
  const first = await round();
  const second = await round();
  context.diagnostic(JSON.stringify({ first, second }));
  assert.equal(second.memory, first.memory);
  assert.ok(second.listeners <= first.listeners + 5, `${first.listeners} to ${second.listeners} listeners`);
  // Less than 30 bytes for each client.
  assert.ok(second.heap < first.heap + 300_000, `${first.heap} to ${second.heap} bytes`);
});
