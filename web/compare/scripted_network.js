// The feed, the faults and the truth within this page, for a web host that serves files only. A socket of this network
// takes the place of the browser's.

import { ScriptedServer } from './scripted_server.js';

const LATENCY = 20;
const RESTART_AFTER = 1500;

export class ScriptedNetwork {
  kind = 'A scripted server and network within this page';
  base = 'wss://feed.example';
  WebSocket;
  onSent = () => {};
  #server;
  #sockets = new Set();

  constructor() {
    const network = this;
    this.WebSocket = class extends ScriptedSocket {
      constructor(url, protocols) {
        super(network, url, protocols);
      }
    };
    this.#start();
  }

  get server() {
    return this.#server;
  }

  add(socket) {
    this.#sockets.add(socket);
  }

  remove(socket) {
    this.#sockets.delete(socket);
  }

  harm(fault) {
    if (fault === 'freeze') {
      this.#sockets.forEach((socket) => socket.freeze());
      return;
    }
    if (fault === 'kill') {
      this.#server?.stop();
      this.#server = null;
      setTimeout(() => this.#start(), RESTART_AFTER);
    }
    this.#sockets.forEach((socket) => socket.lose());
  }

  #start() {
    this.#server ??= new ScriptedServer((tick) => this.onSent(tick));
  }
}

const HANDLED = ['open', 'message', 'close', 'error'];

/** What both libraries use of the WebSocket interface. */
class ScriptedSocket extends EventTarget {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;

  CONNECTING = 0;
  OPEN = 1;
  CLOSING = 2;
  CLOSED = 3;
  readyState = 0;
  bufferedAmount = 0;
  binaryType = 'blob';
  extensions = '';
  protocol = '';
  #network;
  #client = null;
  #isFrozen = false;

  constructor(network, url, protocols = []) {
    super();
    this.url = String(url);
    this.#network = network;
    HANDLED.forEach((type) => this.addEventListener(type, (event) => this[`on${type}`]?.(event)));
    network.add(this);
    setTimeout(() => this.#open([protocols].flat()), 3 * LATENCY);
  }

  /** A payload to the server. */
  send(payload) {
    this.#later(() => this.#client?.take(payload));
  }

  /** A payload from the server. */
  deliver(payload) {
    this.#later(() => this.dispatchEvent(new MessageEvent('message', { data: payload })));
  }

  close(code = 1005, reason = '') {
    if (this.readyState < this.CLOSING) {
      this.readyState = this.CLOSING;
      // A peer that does not answer is given up, as a browser does after a while.
      setTimeout(() => this.#end({ code, reason, wasClean: !this.#isFrozen }), 2 * LATENCY);
    }
  }

  /** Nothing passes any more, and neither side learns of it. */
  freeze() {
    this.#isFrozen = true;
  }

  /** The connection is reset. */
  lose() {
    if (!this.#isFrozen) {
      setTimeout(() => this.#end({ code: 1006 }), 0);
    }
  }

  #open([protocol = '']) {
    if (this.readyState !== this.CONNECTING) {
      return;
    }
    const { server } = this.#network;
    if (server === null) {
      this.dispatchEvent(new Event('error'));
      this.#end({ code: 1006 });
      return;
    }
    this.readyState = this.OPEN;
    this.protocol = protocol;
    this.#client = server.accept(this, new URL(this.url).pathname);
    this.dispatchEvent(new Event('open'));
  }

  #end(detail) {
    if (this.readyState === this.CLOSED) {
      return;
    }
    this.readyState = this.CLOSED;
    this.#network.remove(this);
    this.#client?.leave();
    this.dispatchEvent(new CloseEvent('close', detail));
  }

  #later(action) {
    setTimeout(() => {
      if (this.readyState === this.OPEN && !this.#isFrozen) {
        action();
      }
    }, LATENCY);
  }
}
