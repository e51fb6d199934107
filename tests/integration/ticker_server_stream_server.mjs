// The ticker server as one that speaks "tidewire.v1".

import { keyOf, Peer } from '../protocol/peer.mjs';
import { startTickerServer } from '../support/ticker_server.mjs';

const OPTIONS = {
  history: '--history-count',
  heartbeat: '--heartbeat',
  helloWithin: '--hello-within',
  maxSubscriptions: '--max-subscriptions',
  maxBufferedBytes: '--max-queue',
  publishRate: '--publish-rate',
};

function argumentsFor({ tokens = {}, expired = [], args = [], ...options }) {
  const list = 'publishRate' in options ? [] : ['--publish-rate', '1000000000'];
  for (const [name, option] of Object.entries(OPTIONS)) {
    if (name in options) list.push(option, String(options[name]));
  }
  for (const [token, user] of Object.entries(tokens)) list.push('--token', `${user}=${token}`);
  for (const token of expired) list.push('--expired-token', token);
  if ('dedup' in options && options.dedup === undefined) list.push('--dedup-count', '0');
  return [...list, ...args];
}

/** As `hold` wants it; `args` are more of the command line. */
export async function startStream(options = {}) {
  const server = await startTickerServer({ args: argumentsFor(options) });
  const token = options.tokens && Object.keys(options.tokens)[0];
  let publisher;
  let ids = 0;
  return {
    process: server,
    url: `${server.ws}/stream`,
    token,
    async publish(channel, ...bodies) {
      publisher ??= await Peer.welcomed(this, 'publisher', token && { token });
      publisher.send(...bodies.map((body) => [{ op: 'publish', id: ++ids, channel }, body]));
      for (let left = bodies.length; left > 0; --left) await publisher.next('ack');
    },
    goodbye: () => server.kill('SIGTERM'),
    stop: () => server.kill('SIGKILL'),
  };
}

/** A server that ends with the test. */
export async function streamFor(context, options) {
  const server = await startStream(options);
  context.after(() => server.stop());
  return server;
}

export { keyOf, Peer };
