// Everything that an application does with a connection, once: for pages that have done something to their globals.

/** Answers what came of it, which is the same in every page. */
export async function exchange(url) {
  const { Client, ReconnectingWebSocket, Session } = await import('/dist/tidewire.js');
  const heartbeat = { message: 'ping', answer: 'ping' }; // Echoed.
  return [
    await ofClient(new Client(`${url}/echo`, { heartbeat })),
    await ofSocket(new ReconnectingWebSocket(`${url}/echo`, [], { heartbeat })),
    await ofSession(new Session(`${url}/stream`)),
  ];
}

const next = (target, type) => new Promise((resolve) => target.addEventListener(type, resolve, { once: true }));

async function ofClient(client) {
  const seen = [];
  client.addEventListener('statechange', ({ to }) => seen.push(to));
  client.connect();
  await client.connected();
  client.send('text');
  seen.push((await next(client, 'message')).data);
  client.send(new Uint8Array([1, 2]));
  seen.push((await next(client, 'message')).data.byteLength, client.stats().messagesReceived);
  const answered = next(client, 'heartbeat');
  client.heartbeat();
  seen.push((await answered).type);
  const closed = next(client, 'close');
  client.close(3000, 'done');
  const { cause, code, reason } = await closed;
  return [...seen, cause, code, reason];
}

async function ofSocket(socket) {
  await next(socket, 'open');
  socket.send('text');
  const { data } = await next(socket, 'message');
  socket.close();
  const { code, cause } = await next(socket, 'close');
  return [data, code, cause];
}

async function ofSession(session) {
  session.connect();
  const subscription = session.subscribe('ticker/AAPL', { conflate: true, replay: 1 });
  const { symbol } = (await next(subscription, 'event')).json();
  const { outcome, error } = await session.publish('chat/lobby', 'hi', { ack: true });
  const quote = await session.request('quote', '{"symbol":"AAPL"}');
  const refusal = await session.request('nothing').catch(({ name, code }) => [name, code]);
  const closed = next(session, 'close');
  session.close();
  return [symbol, outcome, error, quote.json().symbol, refusal, (await closed).cause];
}
