// A server of "tidewire.v1" with made-up prices: what the dashboards need of it. Usage: node server.mjs PORT
import { randomUUID } from 'node:crypto';
import { WebSocketServer } from 'ws';

const epoch = randomUUID(); // Nothing outlives the server, so each start begins new streams.
const prices = { AAPL: 170, MSFT: 410, NVDA: 120 };
const channels = new Map(Object.keys(prices).map((symbol) => [`ticker/${symbol}`, { symbol, seq: 0, events: [] }]));

// In text framing, which is enough here: JSON escapes what separates messages.
const send = (client, head, body) => client.send(JSON.stringify(head) + (body ? `\n${body}` : ''));
const sendError = (client, code, id) => send(client, { op: 'error', id, code });

const operations = {
  hello: (client) => send(client, { op: 'welcome', v: 1, resumed: false, now: Date.now() }),
  ping: (client, { t }) => send(client, { op: 'pong', t, now: Date.now() }),
  subscribe(client, { id, channel, since, last = 0, conflate }) {
    if (!channels.has(channel)) return sendError(client, 'unknown-channel', id);
    if (client.subscribed.has(channel)) return sendError(client, 'already-subscribed', id);
    const { seq, events } = channels.get(channel);
    const missed = since ? seq - since.seq : Math.min(last, events.length);
    const recovered = (!since || since.epoch === epoch) && missed >= 0 && (conflate || missed <= events.length);
    const from = recovered ? seq - missed : seq;
    send(client, { op: 'subscribed', id, epoch, seq, recovered, from });
    for (const [head, body] of events.slice(conflate ? -1 : 0)) { // Who conflates is content with the newest.
      if (head.seq > from) send(client, { ...head, skipped: conflate ? seq - from - 1 : 0 }, body);
    }
    client.subscribed.add(channel);
  },
  unsubscribe(client, { id, channel }) {
    client.subscribed.delete(channel);
    send(client, { op: 'unsubscribed', id, channel });
  },
  request(client, { id, method }) {
    if (method !== 'symbols') return sendError(client, 'unknown-method', id);
    send(client, { op: 'reply', id }, JSON.stringify(Object.keys(prices)));
  },
};
const needed = { hello: ['v', 'session'], ping: ['t'], request: ['id', 'method'] };
needed.subscribe = needed.unsubscribe = ['id', 'channel'];

function take(client, head) {
  const { op, id } = head;
  const known = Object.hasOwn(operations, op);
  const complete = typeof op === 'string' && (!known || needed[op].every((field) => field in head));
  if (!complete || (op === 'hello' && client.subscribed)) throw new SyntaxError('malformed');
  if (op !== 'hello' && !client.subscribed) return client.close(4001, 'hello comes first');
  client.subscribed ??= new Set();
  if (known) operations[op](client, head);
  else sendError(client, 'unknown-op', id > 0 ? id : undefined);
}

const handleProtocols = (offered) => offered.has('tidewire.v1') && 'tidewire.v1';
const listener = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2]), handleProtocols });
listener.on('listening', () => console.log(`listening on ws://127.0.0.1:${listener.address().port}/`));
listener.on('connection', (client) => {
  client.on('error', () => {}); // What breaks the rules of WebSocket closes the connection, too.
  client.on('message', (payload, isBinary) => {
    if (isBinary) return client.close(1003, 'text framing alone');
    try {
      const heads = String(payload).split('\x1e').map((text) => JSON.parse(text.split('\n', 1)[0]));
      for (const head of heads) if (client.readyState === client.OPEN) take(client, head);
    } catch {
      sendError(client, 'malformed');
      client.close(4000, 'malformed');
    }
  });
});

setInterval(() => {
  for (const [name, channel] of channels) {
    const [symbol, seq, ts] = [channel.symbol, ++channel.seq, Date.now()];
    const change = Math.round(100 * Math.sin(seq / 50 + prices[symbol])) / 100;
    const price = Math.round(prices[symbol] * (100 + change)) / 100;
    const event = [{ op: 'event', channel: name, seq, ts }, JSON.stringify({ symbol, price, change, seq, ts })];
    channel.events = [...channel.events.slice(-99), event]; // For those who come back: the newest hundred.
    for (const client of listener.clients) if (client.subscribed?.has(name)) send(client, ...event);
  }
}, 50);
