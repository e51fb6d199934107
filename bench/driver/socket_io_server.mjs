// The server of socket.io-client, with the courses of the measuring server that a page uses. Prints "listening PORT".

import { createServer } from 'node:http';

import { Server } from 'socket.io';

// The messages of one turn; then the event loop has its own.
const TURN_BYTES = 1024 * 1024;

const server = createServer();
const io = new Server(server, { transports: ['websocket'], cors: { origin: '*' }, maxHttpBufferSize: 1e8, perMessageDeflate: false });

function flood(socket, { messages, bytes, text }) {
  const payload = text ? 'x'.repeat(bytes) : Buffer.alloc(bytes, 'x');
  let left = messages;
  const some = () => {
    for (let sent = 0; left > 0 && sent < TURN_BYTES; --left, sent += bytes) socket.emit('m', payload);
    if (left > 0) setImmediate(some);
  };
  some();
}

function sink(socket, { messages, batch }) {
  let count = -1; // The first one only begins.
  socket.on('m', () => {
    ++count;
    if (count === 0) {
      socket.emit('m', 'go');
      socket.emit('m', 'go');
    } else if (count % batch === 0 && count + batch < messages) {
      socket.emit('m', 'go');
    }
    if (count === messages) socket.emit('m', 'done');
  });
}

io.on('connection', (socket) => {
  const { course, messages, bytes, text, batch } = socket.handshake.query;
  const numbers = { messages: Number(messages), bytes: Number(bytes), batch: Number(batch), text: text === '1' };
  if (course === 'batches') sink(socket, numbers);
  else socket.once('m', () => flood(socket, numbers));
});

server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
