// The clients in the page. Each is opened with `onMessage(size)` and has `send(data)` and `close()`; what is received
// and sent is the same for all, except for the C++ client, which does both itself.

import ReconnectingWebSocket from '/modules/reconnecting-websocket/dist/reconnecting-websocket-mjs.js';
import { io } from '/modules/socket.io-client/dist/socket.io.esm.min.js';

const sizeOf = (data) => data.length ?? data.byteLength;

function openSocket(Socket, url, onMessage) {
  const socket = new Socket(url);
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('message', ({ data }) => onMessage(sizeOf(data)));
  return new Promise((resolve) => socket.addEventListener('open', () => resolve(socket), { once: true }));
}

async function openTidewire(url, onMessage) {
  const { Client } = await import('/package/tidewire.js');
  const client = new Client(url);
  client.addEventListener('message', ({ data }) => onMessage(sizeOf(data)));
  const opened = new Promise((resolve) => client.addEventListener('open', () => resolve(client), { once: true }));
  client.connect();
  return opened;
}

// Its server is its own, and takes the path as a query.
function openSocketIo(url, onMessage) {
  const { origin, pathname, search } = new URL(url);
  const query = { course: pathname.slice(1), ...Object.fromEntries(new URLSearchParams(search)) };
  const socket = io(origin, { transports: ['websocket'], query, forceNew: true });
  socket.on('m', (data) => onMessage(sizeOf(data)));
  const client = { send: (data) => socket.emit('m', data), close: () => socket.disconnect() };
  return new Promise((resolve) => socket.on('connect', () => resolve(client)));
}

const openers = {
  'plain WebSocket': (...args) => openSocket(WebSocket, ...args),
  'reconnecting-websocket': (...args) => openSocket(ReconnectingWebSocket, ...args),
  'socket.io-client': openSocketIo,
  'Tidewire, JavaScript': openTidewire,
};

/** Opens a client and returns a function that runs the course. Both are apart, so that only the second is measured. */
async function prepareScript(name, url, { messages, bytes, text, batch }) {
  const payload = text ? 'x'.repeat(bytes) : new Uint8Array(bytes).fill(120);
  let left = messages;
  let onMessage;
  let finish;
  const finished = new Promise((resolve) => (finish = resolve));
  const client = await openers[name](url, (size) => onMessage(size));
  if (batch === 0) {
    onMessage = (size) => {
      if (size === bytes && --left === 0) finish();
    };
  } else {
    onMessage = (size) => {
      if (size === 4) return finish(); // "done"
      for (let i = 0; i < batch && left > 0; ++i, --left) client.send(payload);
    };
  }
  return async () => {
    client.send('go');
    await finished;
    client.close();
  };
}

async function prepareWasm(url, { messages, bytes, text, batch }) {
  const { default: load } = await import('/wasm/page_client.js');
  let finish;
  const finished = new Promise((resolve) => (finish = resolve));
  const module = await new Promise((resolve) => {
    const options = { onFinished: () => finish(), onOpened: () => resolve(loaded) };
    let loaded;
    load(options).then((made) => {
      loaded = made;
      made.ccall('openClient', null, ['string', 'number', 'number'], [url, bytes, text ? 1 : 0]);
    });
  });
  return async () => {
    if (batch === 0) module._receive(messages);
    else module._sendBatches(messages, batch);
    await finished;
    module._closeClient();
  };
}

/** A session opens only when it is measured, because its server begins with the subscription. */
async function prepareSession(url, { messages, bytes }) {
  const { Session } = await import('/package/tidewire.js');
  return async () => {
    const session = new Session(url);
    let left = messages;
    await new Promise((resolve) => {
      const onEvent = (event) => {
        if (event.data.length === bytes && --left === 0) resolve();
      };
      session.subscribe('load', {}, { onEvent });
      session.connect();
    });
    session.close();
  };
}

function prepare(name, url, course) {
  if (new URL(url).pathname === '/session') return prepareSession(url, course);
  return name === 'Tidewire, C++' ? prepareWasm(url, course) : prepareScript(name, url, course);
}

globalThis.prepare = async (...args) => {
  globalThis.run = await prepare(...args);
};
