// What an application in TypeScript writes: compiled, never run.
import { Client, ReconnectingWebSocket, Session, ready, type ClientEventMap, type Options, type SessionOptions } from 'tidewire';

const options: Options = {
  name: undefined,
  heartbeat: { message: 'ping', answer: undefined },
  reconnect: undefined,
  signal: AbortSignal.timeout(10),
  log: { level: undefined, sink: ({ text }) => console.log(text) },
};
const client = new Client('ws://127.0.0.1:9/', options);
client.addEventListener('message', ({ data }) => console.log(typeof data === 'string' ? data.length : data.byteLength));
client.addEventListener('close', ({ retryIn, code }) => console.log(retryIn, code), { once: true });
client.addEventListener('open', { handleEvent: ({ reconnects }) => console.log(reconnects) });
client.addEventListener('open', null);
client.removeEventListener('open', () => {}, { capture: true });
// @ts-expect-error: there is no such event.
client.addEventListener('opened', () => {});
// @ts-expect-error: nor does an object that handles another event fit.
client.addEventListener('open', { handleEvent: (event: ClientEventMap['close']) => console.log(event.cause) });
// @ts-expect-error: an option that does not exist.
new Client('ws://127.0.0.1:9/', { hearbeat: {} });

await client.connected();
for await (const data of client) {
  console.log(typeof data === 'string' ? data.length : data.byteLength);
}

const socket = new ReconnectingWebSocket('ws://127.0.0.1:9/', ['a'], { sendQueue: { whenNotOpen: 'queue' } });
socket.binaryType = 'arraybuffer';
socket.onclose = ({ code, willRetry }) => console.log(code, willRetry, socket.readyState === ReconnectingWebSocket.OPEN);
socket.addEventListener('message', ({ data }) => socket.send(data));
// @ts-expect-error: subprotocols are the second argument.
new ReconnectingWebSocket('ws://127.0.0.1:9/', [], { subprotocols: ['a'] });

const token: SessionOptions['token'] = async ({ attempt }) => ({ token: `${attempt}`, url: undefined });
const session = new Session(new URL('ws://127.0.0.1:9/'), { token, outbox: undefined, allowedHosts: undefined });
session.subscribe('a', { since: undefined, conflate: true }, { onEvent: (event) => console.log(event.json()), onGap: undefined });
session.addEventListener('error', { handleEvent: ({ code }) => console.log(code) });
const { outcome } = await session.publish('a', 'b', { ack: true, resend: undefined });
const reply = await session.request('m', new Uint8Array(2), { signal: AbortSignal.timeout(10), timeout: undefined });
console.log(outcome, reply.text);
await ready({ wasmBinary: new Uint8Array(8), wasmUrl: undefined });
await ready({ WebSocket: class { constructor(readonly url: string, readonly protocols?: string[]) {} } });
// @ts-expect-error: the source has a name.
await ready('tidewire.wasm');
