// A server of "tidewire.v1" with made-up prices, short enough to be read at once. Usage: node server.mjs [port]
import { WebSocketServer } from 'ws';

const epoch = `e${Date.now()}`; // Nothing outlives the server, so each start begins new streams.
const prices = { AAPL: 170, MSFT: 410, NVDA: 120 };
const channels = new Map();

function channelOf(name) {
  if (!channels.has(name)) channels.set(name, { seq: 0, events: [], subscribers: new Set() });
  return channels.get(name);
}

function append(name, body, type) {
  const channel = channelOf(name);
  const event = [{ op: 'event', channel: name, seq: ++channel.seq, ts: Date.now(), type }, body];
  channel.events = [...channel.events.slice(-999), event]; // For those who come back: the newest thousand.
  for (const client of channel.subscribers) send(client, ...event);
  return channel.seq;
}

/** Always in binary framing, which carries every body. */
function send(client, head, body) {
  const message = Buffer.concat([Buffer.from(JSON.stringify(head)), ...(body ? [Buffer.from('\n'), body] : [])]);
  const lengthOf = (rest) => (rest < 0x80 ? [rest] : [(rest & 0x7f) | 0x80, ...lengthOf(rest >>> 7)]);
  client.send(Buffer.concat([Buffer.from(lengthOf(message.length)), message]));
}

function* messagesOf(payload, isBinary) {
  if (!isBinary) return yield* payload.toString().split('\x1e').map((text) => Buffer.from(text));
  for (let at = 0, length = 0, factor = 1; at < payload.length; ++at, factor *= 128) {
    length += (payload[at] & 0x7f) * factor;
    if (payload[at] >= 0x80) continue; // Seven bits of it in each byte, up to one without the eighth.
    yield payload.subarray(at + 1, at + 1 + length);
    [at, length, factor] = [at + length, 0, 1 / 128];
  }
}

/** Each returns the head to answer with, and perhaps a body; or nothing. */
const operations = {
  __proto__: null,
  hello: () => [{ op: 'welcome', v: 1, resumed: false, now: Date.now() }],
  ping: (client, { t }) => [{ op: 'pong', t, now: Date.now() }],
  subscribe(client, { id, channel, since, last = 0 }) {
    const { seq, events, subscribers } = channelOf(channel);
    const from = since?.seq ?? seq - Math.min(last, events.length);
    const recovered = (since?.epoch ?? epoch) === epoch && from <= seq && from >= seq - events.length;
    send(client, { op: 'subscribed', id, epoch, seq, recovered, from });
    if (recovered) for (const event of events.filter(([head]) => head.seq > from)) send(client, ...event);
    subscribers.add(client);
  },
  unsubscribe(client, { id, channel }) {
    channelOf(channel).subscribers.delete(client);
    return [{ op: 'unsubscribed', id, channel }];
  },
  publish(client, { id, channel, type }, body) {
    const seq = append(channel, body ?? Buffer.alloc(0), type);
    return id && [{ op: 'ack', id, seq }];
  },
  cancel() {},
  request(client, { id, method }, body) {
    if (method === 'symbols') return [{ op: 'reply', id }, Buffer.from(JSON.stringify(Object.keys(prices)))];
    if (method !== 'quote') return [{ op: 'error', id, code: 'unknown-method' }];
    const newest = channels.get(`ticker/${JSON.parse(body).symbol}`)?.events.at(-1);
    return newest ? [{ op: 'reply', id }, newest[1]] : [{ op: 'error', id, code: 'unknown-channel' }];
  },
};

function take(client, message) {
  const end = message.includes('\n') ? message.indexOf('\n') : message.length;
  const head = JSON.parse(message.subarray(0, end));
  if ((head.op === 'hello') === client.greeted) return client.close(4001, 'hello comes first, and once');
  client.greeted = true;
  const unknown = () => [{ op: 'error', code: 'unknown-op', id: head.id }];
  const answer = (operations[head.op] ?? unknown)(client, head, message.subarray(end + 1));
  if (answer) send(client, ...answer);
}

const listener = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2] ?? 8090) });
listener.on('listening', () => console.log(`listening on ws://127.0.0.1:${listener.address().port}/`));
listener.on('connection', (client) => {
  client.greeted = false;
  client.on('close', () => channels.forEach(({ subscribers }) => subscribers.delete(client)));
  client.on('message', (payload, isBinary) => {
    try {
      for (const message of messagesOf(payload, isBinary)) take(client, message);
    } catch (error) {
      client.close(4000, error.message.slice(0, 100));
    }
  });
});

function step() {
  for (const [symbol, first] of Object.entries(prices)) {
    const seq = channelOf(`ticker/${symbol}`).seq + 1;
    const change = Math.round(500 * Math.sin(seq / 50 + first)) / 100;
    const price = Math.round(first * (100 + change)) / 100;
    append(`ticker/${symbol}`, Buffer.from(JSON.stringify({ symbol, price, change, seq, ts: Date.now() })));
  }
}
step();
setInterval(step, 50);
