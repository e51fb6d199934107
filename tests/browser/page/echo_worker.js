// Sends one message to the URL it is given and posts what comes back.
import { Client } from '/dist/tidewire.js';

onmessage = ({ data: url }) => {
  const client = new Client(url);
  client.addEventListener('message', ({ data }) => {
    client.close();
    postMessage(data);
  });
  client.connect();
  client.send('from a worker');
};
