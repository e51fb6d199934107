// Connects to the URL it is given, hears that the network is back, and posts what the client tells next of its peer.
import { Client } from '/dist/tidewire.js';

onmessage = ({ data: url }) => {
  const client = new Client(url, { heartbeat: { interval: 0, message: 'ping', answer: 'pong' } });
  client.addEventListener('open', () => dispatchEvent(new Event('online')));
  for (const type of ['heartbeat', 'close']) {
    client.addEventListener(type, () => postMessage(type));
  }
  client.connect();
};
