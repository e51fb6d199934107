// For Node only: clients, sessions and sockets that do not keep the process from ending.

import { Connection, busy } from './connection.js';
import { ReconnectingWebSocket, underlying } from './reconnecting_websocket.js';
import { host } from './wasm.js';

const unreferenced = new WeakSet();
const sockets = new Set();
let timer = null;
let isUsed = false;

// npm's ws has the socket of the connection once there is one, and before that the request.
const handleOf = (socket) => socket._socket ?? socket._req?.socket;

// All sockets and the timer are for all connections: one that counts keeps them all.
function apply() {
  if (isUsed) {
    const method = [...busy].every((each) => unreferenced.has(each)) ? 'unref' : 'ref';
    timer?.[method]();
    sockets.forEach((socket) => handleOf(socket)?.[method]());
  }
}

host.changed = apply;

host.made = (thing) => {
  if (typeof thing.hasRef === 'function') {
    timer = thing;
  } else {
    sockets.add(thing);
    thing._req?.once('socket', apply);
    thing.addEventListener('close', () => sockets.delete(thing));
  }
  apply();
};

function checkClass() {
  const given = host.WebSocket ?? globalThis.WebSocket;
  if (typeof given?.prototype?.setSocket !== 'function') {
    throw new TypeError("unref() needs the WebSocket of npm's ws: pass it to ready({ WebSocket }) first");
  }
}

Object.assign(Connection.prototype, {
  unref() {
    checkClass();
    unreferenced.add(this);
    isUsed = true;
    apply();
    return this;
  },

  ref() {
    unreferenced.delete(this);
    apply();
    return this;
  },
});

for (const method of ['unref', 'ref']) {
  Object.assign(ReconnectingWebSocket.prototype, {
    [method]() {
      this[underlying][method]();
      return this;
    },
  });
}
