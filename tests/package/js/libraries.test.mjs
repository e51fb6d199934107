// Libraries that take a WebSocket constructor, over ReconnectingWebSocket, against their own servers: with samples/libraries
// they go on after a restart of the server while their own retries are switched off.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { Aedes } from 'aedes';
import { GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { createClient } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import mqtt from 'mqtt';
import { WebSocket, WebSocketServer, createWebSocketStream } from 'ws';

import { LIMIT, useConsumers } from './consumers.mjs';

const SAMPLES = new URL('../../../samples/libraries/', import.meta.url);
const FAST = { reconnect: { firstDelay: 20, maxDelay: 50 } };

const consumers = useConsumers({ pages: false });
let folder;

/** What a file of samples/libraries exports, over the packed package. */
async function sample(name) {
  folder ??= consumers.consumer('libraries', {
    'graphql_socket.js': readFileSync(new URL('graphql_socket.js', SAMPLES), 'utf8'),
    'one_connection.js': readFileSync(new URL('one_connection.js', SAMPLES), 'utf8'),
    'package_itself.js': "export * from 'tidewire/websocket';\n",
  });
  const { ready } = await import(pathToFileURL(path.join(folder, 'package_itself.js')));
  await ready({ WebSocket });
  return import(pathToFileURL(path.join(folder, `${name}.js`)));
}

/** What arrives, to be waited for. */
function inbox() {
  const arrived = [];
  let wake = () => {};
  return {
    arrived,
    push(item) {
      arrived.push(item);
      wake();
    },
    async until(item) {
      while (!arrived.includes(item)) await new Promise((resolve) => (wake = resolve));
    },
  };
}

/** A WebSocket server whose stop ends all connections, as the end of a process does. `serve(server)` is the protocol's. */
async function startServer(context, port, serve, options = {}) {
  const server = new WebSocketServer({ host: '127.0.0.1', port, ...options });
  await new Promise((resolve) => server.once('listening', resolve));
  serve(server);
  const stop = () => {
    server.clients.forEach((each) => each.terminate());
    return new Promise((resolve) => server.close(resolve));
  };
  context.after(stop);
  return { port: server.address().port, stop };
}

// --- graphql-ws ---

// A feed publishes its name as soon as it is subscribed to. `log` gets each subscription.
function startFeeds(context, name, log, port = 0) {
  const serve = async function* (_, { feed }) {
    log.push(`${name}: ${feed}`);
    yield { feed: name };
    await new Promise(() => {});
  };
  const field = { type: GraphQLString, args: { feed: { type: GraphQLString } } };
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: { now: field } }),
    subscription: new GraphQLObjectType({ name: 'Subscription', fields: { feed: { ...field, subscribe: serve } } }),
  });
  const options = { handleProtocols: () => 'graphql-transport-ws' };
  return startServer(context, port, (server) => useServer({ schema, onConnect: () => true }, server), options);
}

function follow(client, feed) {
  const seen = inbox();
  const stop = client.subscribe(
    { query: `subscription { feed(feed: "${feed}") }` },
    {
      next: ({ data }) => seen.push(data.feed),
      error: () => seen.push('error'),
      complete: () => seen.push('complete'),
    },
  );
  return { ...seen, stop };
}

test('graphql-ws: over the plain class it ends its subscriptions when the server restarts', LIMIT, async (context) => {
  await sample('graphql_socket');
  const { ReconnectingWebSocket } = await import(pathToFileURL(path.join(folder, 'package_itself.js')));
  const server = await startFeeds(context, 'first', inbox());
  const client = createClient({
    url: `ws://127.0.0.1:${server.port}/`,
    webSocketImpl: ReconnectingWebSocket,
    retryAttempts: 0,
    on: { opened: (socket) => context.after(() => socket.close()) },
  });
  const prices = follow(client, 'prices');
  await prices.until('first');
  await server.stop();
  await prices.until('error');
});

test('graphql-ws: over GraphqlSocket its subscriptions go on, and those that ended do not', LIMIT, async (context) => {
  const { GraphqlSocket } = await sample('graphql_socket');
  const log = inbox();
  const first = await startFeeds(context, 'first', log);
  const client = createClient({
    url: `ws://127.0.0.1:${first.port}/`,
    webSocketImpl: class extends GraphqlSocket {
      constructor(url, protocols) {
        super(url, protocols, FAST);
      }
    },
    retryAttempts: 0,
    lazy: false,
  });
  context.after(() => client.dispose());
  const [prices, news, chat] = ['prices', 'news', 'chat'].map((feed) => follow(client, feed));
  await Promise.all([prices, news, chat].map((each) => each.until('first')));
  news.stop();
  await first.stop();
  chat.stop(); // While there is no connection.
  await startFeeds(context, 'second', log, first.port);
  await prices.until('second');
  const later = follow(client, 'later');
  await later.until('second');
  assert.deepEqual(prices.arrived, ['first', 'second']);
  assert.deepEqual(log.arrived.slice(3), ['second: prices', 'second: later']);
  assert.deepEqual([news.arrived, chat.arrived], [['first', 'complete'], ['first', 'complete']]);
});

// --- mqtt ---

async function startBroker(context, port = 0) {
  const broker = await Aedes.createBroker();
  const serve = (server) => server.on('connection', (socket) => broker.handle(createWebSocketStream(socket)));
  const server = await startServer(context, port, serve);
  const subscribed = new Promise((resolve) => broker.once('subscribe', resolve));
  const publish = (payload) =>
    new Promise((resolve) => broker.publish({ topic: 'prices', payload, qos: 1, retain: false }, resolve));
  const published = inbox();
  broker.on('publish', ({ topic, payload }) => topic === 'orders' && published.push(String(payload)));
  const stop = () => Promise.all([new Promise((resolve) => broker.close(resolve)), server.stop()]);
  context.after(() => broker.closed || stop()); // Its timer would keep the process.
  return { port: server.port, subscribed, publish, published, stop };
}

test('mqtt: over oneConnectionEach its subscriptions and what it keeps go on', LIMIT, async (context) => {
  const { oneConnectionEach } = await sample('one_connection');
  const first = await startBroker(context);
  const attempts = inbox(); // Their numbers, as one client counts them, which waits longer after each.
  const Connection = oneConnectionEach({
    ...FAST,
    endpoint({ attempt, configured }) {
      attempts.push(attempt);
      return configured;
    },
  });
  const client = mqtt.connect(`ws://127.0.0.1:${first.port}/`, {
    reconnectPeriod: 0,
    forceNativeWebSocket: true, // In Node it wants a `ws` of its own otherwise.
    createWebsocket: (...given) => new Connection(...given),
  });
  context.after(() => client.end(true));
  client.on('close', () => client.disconnecting || client.reconnect(client)); // Not after end().
  const seen = inbox();
  client.on('message', (_, payload) => seen.push(String(payload)));
  client.on('connect', () => client.subscribe('prices')); // It remembers none unless it retries by itself.
  await first.subscribed;
  await first.publish('1');
  await seen.until('1');
  await first.stop();
  client.publish('orders', 'kept', { qos: 1 });
  await attempts.until(3);
  const second = await startBroker(context, first.port);
  await second.published.until('kept');
  await second.subscribed;
  await second.publish('2');
  await seen.until('2');
  assert.deepEqual(seen.arrived, ['1', '2']);
});
