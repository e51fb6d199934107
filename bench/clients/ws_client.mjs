// Node's ws, with its native helpers `bufferutil` and `utf-8-validate`.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';

import { WebSocket } from 'ws';

import { Course, Meter, readSettings } from './course.mjs';

const QUEUE_BYTES = 1024 * 1024;

const settings = readSettings();

function open() {
  const ca = settings.ca ? readFileSync(settings.ca) : undefined;
  return new WebSocket(settings.url, { ca, perMessageDeflate: false, maxPayload: 64 * 1024 * 1024 });
}

function runCourse() {
  const course = new Course(settings);
  const socket = open();
  const payload = settings.text ? 'x'.repeat(settings.bytes) : Buffer.alloc(settings.bytes, 'x');

  function sendSome() {
    while (socket.bufferedAmount < QUEUE_BYTES && course.takeOne()) socket.send(payload);
  }
  function send() {
    if (!settings.coalesce) {
      sendSome();
      return;
    }
    socket._socket.cork();
    sendSome();
    socket._socket.uncork();
  }

  socket.on('open', () => {
    socket._socket.on('drain', send);
    course.opened();
    send();
  });
  socket.on('message', (data) => {
    course.received(data.length);
    if (course.finished) {
      course.print();
      socket.terminate();
    } else {
      send();
    }
  });
  socket.on('error', (error) => {
    console.error(error.message);
    process.exit(1);
  });
}

async function connectAndClose() {
  const meter = new Meter();
  for (let i = 0; i <= settings.messages; ++i) {
    if (i === 1) meter.start();
    const socket = open();
    await once(socket, 'open');
    socket.close(1000);
    await once(socket, 'close');
  }
  meter.stop();
  meter.print(settings.messages);
}

async function idle() {
  const sockets = [];
  let before = 0;
  const meter = new Meter();
  for (let i = 0; i <= settings.connections; ++i) {
    if (i === 1) {
      before = process.memoryUsage.rss();
      meter.start();
    }
    sockets.push(open());
    await once(sockets.at(-1), 'open');
  }
  meter.stop();
  meter.print(settings.connections, { bytes: (process.memoryUsage.rss() - before) / settings.connections, threads: 1 });
  process.exit(0);
}

if (settings.scenario === 'connect') await connectAndClose();
else if (settings.scenario === 'idle') await idle();
else runCourse();
