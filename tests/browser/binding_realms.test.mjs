// Values of another realm, such as those of a frame, are taken as the page's own.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LIMIT, serverFor, usePages } from './support/fixture.mjs';

const pages = usePages();

test('realms: a signal of a frame cancels a request', LIMIT, async () => {
  const name = await pages.inPage(async () => {
    const { Session } = await import('/dist/tidewire.js');
    const frame = document.body.appendChild(document.createElement('iframe')).contentWindow;
    const controller = new frame.AbortController();
    const request = new Session('ws://127.0.0.1:1/').request('quote', '', { signal: controller.signal });
    controller.abort();
    return request.then(() => 'a reply', (error) => error.name);
  });
  assert.equal(name, 'AbortError');
});

test('realms: an object that only resembles an AbortSignal is rejected', LIMIT, async () => {
  const name = await pages.inPage(async () => {
    const { Session } = await import('/dist/tidewire.js');
    const session = new Session('ws://127.0.0.1:1/');
    return session.request('quote', '', { signal: { aborted: false } }).then(() => 'a reply', (error) => error.name);
  });
  assert.equal(name, 'TypeError');
});

test('realms: the wasm may come from a URL, a response, a buffer or a module of a frame', LIMIT, async () => {
  for (const kind of ['url', 'response', 'buffer', 'module']) {
    const loaded = await pages.inPage(async (kind) => {
      const { ready } = await import('/dist/tidewire.js');
      const frame = document.body.appendChild(document.createElement('iframe')).contentWindow;
      const url = new frame.URL('/dist/tidewire.wasm', location.href);
      const source = {
        url: () => url,
        response: () => frame.fetch(url.href),
        buffer: async () => (await frame.fetch(url.href)).arrayBuffer(),
        module: async () => frame.WebAssembly.compile(await (await frame.fetch(url.href)).arrayBuffer()),
      };
      await ready({ [kind === 'url' ? 'wasmUrl' : 'wasmBinary']: await source[kind]() });
      return true;
    }, kind);
    assert.equal(loaded, true, kind);
  }
});

test('realms: buffers of a frame are sent and published as they are', LIMIT, async (context) => {
  const server = await serverFor(context, ['--allow-origin', pages.files.url]);
  const echoed = await pages.inPage(async (url) => {
    const { Client } = await import('/dist/tidewire.js');
    const frame = document.body.appendChild(document.createElement('iframe')).contentWindow;
    const client = new Client(url);
    const sizes = [];
    return new Promise((resolve) => {
      client.addEventListener('message', ({ data }) => {
        sizes.push(data.byteLength);
        if (sizes.length === 2) {
          resolve(sizes);
        }
      });
      client.connect();
      client.send(new frame.ArrayBuffer(3));
      client.send(new frame.Uint16Array(2));
    });
  }, `${server.ws}/echo`);
  assert.deepEqual(echoed, [3, 4]);
});
