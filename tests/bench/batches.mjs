// Events per second into a Chromium page: many in one WebSocket message against one in each.
//
//   node batches.mjs [--bytes 100] [--events 100000] [--runs 5]
//
// The two ways take turns; of each the median is told, and their ratio. The peer sends prepared messages, so what is
// measured is the browser and the session in it.

import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { WebSocketServer } from 'ws';

import { launchBrowser } from '../browser/support/browser.mjs';
import { startStaticServer } from '../browser/support/static_server.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const DIST = process.env.TIDEWIRE_JS_DIST || path.join(HERE, '../../build/web-release/bindings/js/dist');
const BATCH_BYTES = 65_536;

const { values } = parseArgs({
  options: {
    bytes: { type: 'string', default: '100' },
    events: { type: 'string', default: '100000' },
    runs: { type: 'string', default: '5' },
  },
});
const [bytes, events, runs] = [values.bytes, values.events, values.runs].map(Number);
const body = JSON.stringify({ price: 170.57, pad: '' }).replace('""', `"${'x'.repeat(Math.max(0, bytes - 25))}"`);

function eventsOf(first, last) {
  const messages = [];
  for (let seq = first; seq <= last; ++seq) {
    messages.push(`{"op":"event","channel":"load","seq":${seq},"ts":1700000000000}\n${body}`);
  }
  return messages;
}

/** The events as WebSocket messages, each in its own or joined. */
function prepared(joined) {
  const messages = eventsOf(1, events);
  if (!joined) return messages;
  const batches = [];
  let batch = [];
  let size = 0;
  for (const message of messages) {
    if (size + message.length + 1 > BATCH_BYTES) {
      batches.push(batch.join('\x1e'));
      [batch, size] = [[], 0];
    }
    batch.push(message);
    size += message.length + 1;
  }
  return [...batches, batch.join('\x1e')];
}

const load = { joined: prepared(true), alone: prepared(false) };

const peer = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'tidewire.v1' });
peer.on('connection', (socket, request) => {
  const way = request.url.slice(1);
  socket.on('message', (data) => {
    for (const message of String(data).split('\x1e')) {
      const { op, id } = JSON.parse(message.split('\n')[0]);
      if (op === 'hello') socket.send(`{"op":"welcome","v":1,"resumed":false,"now":${Date.now()}}`);
      if (op === 'subscribe') {
        socket.send(`{"op":"subscribed","id":${id},"epoch":"e","seq":0,"recovered":true}`);
        for (const each of load[way]) socket.send(each);
      }
    }
  });
});
await once(peer, 'listening');

/** In the page: how many milliseconds from the first event to the last. */
async function measure([url, count]) {
  const { Session } = await import('/dist/tidewire.js');
  const session = new Session(url);
  let resolve;
  const promise = new Promise((settle) => (resolve = settle));
  let seen = 0;
  let began = 0;
  let bodies = 0;
  const subscription = session.subscribe('load');
  subscription.addEventListener('event', ({ data }) => {
    if (seen++ === 0) began = performance.now();
    bodies += data.length;
    if (seen === count) resolve(performance.now() - began);
  });
  session.connect();
  const time = await promise;
  session.close();
  return { time, bodies };
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

const site = await startStaticServer({ dist: DIST });
const browser = await launchBrowser();
const rates = { joined: [], alone: [] };
try {
  for (let run = 0; run < runs; ++run) {
    for (const way of ['joined', 'alone']) {
      const page = await browser.newPage();
      await page.goto(`${site.url}/`);
      const { time, bodies } = await page.evaluate(measure, [`ws://127.0.0.1:${peer.address().port}/${way}`, events]);
      if (bodies !== body.length * events) throw new Error('a body was not what was sent');
      rates[way].push((events / time) * 1000);
      await page.close();
    }
  }
} finally {
  await browser.close();
  await site.stop();
  peer.close();
  peer.clients.forEach((socket) => socket.terminate());
}
const [joined, alone] = [median(rates.joined), median(rates.alone)];
console.log(`${events} events of ${body.length} bytes, medians of ${runs}`);
console.log(`one message each  ${Math.round(alone)} events/s`);
console.log(`in batches        ${Math.round(joined)} events/s`);
console.log(`ratio             ${(joined / alone).toFixed(1)}`);
