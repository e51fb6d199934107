// WebSockets for libraries that make a new one for each connection, such as mqtt:
//
//   const WebSocket = oneConnectionEach({ heartbeat: { message: 'ping', answer: 'pong' } });
//   const client = mqtt.connect(url, { reconnectPeriod: 0, createWebsocket: (...given) => new WebSocket(...given) });
//   client.on('close', () => client.disconnecting || client.reconnect(client));
//   client.on('connect', () => client.subscribe('prices')); // It remembers subscriptions only if it retries by itself.

import { ReconnectingWebSocket } from 'tidewire/websocket';

const TYPES = ['open', 'message', 'error', 'close'];

const copyOf = (event) => new event.constructor(event.type, event);

/**
 * Makes a class. Each of its objects is one connection of the same ReconnectingWebSocket, made with these `options` and
 * the URL of the first object. So the library makes its next one at once, without a wait of its own, and that opens when
 * the ReconnectingWebSocket does. If it makes none, the connection is closed when it opens.
 *
 * Requires: the library has one object at a time. Two clients need two classes.
 */
export function oneConnectionEach(options = {}) {
  let socket = null;
  let present = null; // Whose connection it is.

  function forward(event) {
    const receiver = present;
    if (event.type === 'close') {
      present = null;
    }
    if (receiver !== null) {
      receiver.dispatchEvent(copyOf(event));
    } else if (event.type === 'open') {
      socket.close();
    }
  }

  function connect(url, protocols) {
    if (socket === null) {
      socket = new ReconnectingWebSocket(url, protocols, options);
      TYPES.forEach((type) => socket.addEventListener(type, forward));
    } else if (socket.readyState !== socket.CONNECTING) {
      socket.reconnect();
    }
  }

  return class OneConnection extends EventTarget {
    #binaryType = 'blob';

    static {
      for (const [name, value] of Object.entries({ CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 })) {
        this[name] = this.prototype[name] = value;
      }
    }

    constructor(url, protocols) {
      super();
      TYPES.forEach((type) => this.addEventListener(type, (event) => this[`on${type}`]?.(event)));
      connect(url, protocols);
      present = this;
      this.binaryType = 'blob';
    }

    get readyState() {
      return present === this ? socket.readyState : this.CLOSED;
    }

    get bufferedAmount() {
      return socket.bufferedAmount;
    }

    get protocol() {
      return socket.protocol;
    }

    get binaryType() {
      return this.#binaryType;
    }

    set binaryType(type) {
      this.#binaryType = type;
      socket.binaryType = type;
    }

    send(data) {
      if (present === this) {
        socket.send(data);
      }
    }

    close(...given) {
      if (present === this) {
        socket.close(...given);
      }
    }
  };
}
