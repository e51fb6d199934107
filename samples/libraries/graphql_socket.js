// A WebSocket for graphql-ws, which ends its subscriptions at 'close' unless it retries by itself:
//
//   createClient({ url, webSocketImpl: GraphqlSocket, retryAttempts: 0 })

import { ReconnectingWebSocket } from 'tidewire/websocket';

// Closes after which graphql-ws does not retry either.
const FINAL_CODES = [1008, 1009, 4004, 4005, 4400, 4401, 4406, 4409, 4429, 4500];

/**
 * Hides losses: after one it repeats `connection_init` and the operations that are under way, as the retry of graphql-ws
 * does. A mutation that was under way is repeated too, and what the server published meanwhile is missed.
 */
export class GraphqlSocket extends ReconnectingWebSocket {
  #init = null;
  #operations = new Map(); // The `subscribe` messages, by id.
  #isReady = false; // The server has acknowledged `connection_init` on this connection,
  #wasReady = false; // and on any.

  /** graphql-ws calls it without options: a subclass may add some. */
  constructor(url, protocols, options = {}) {
    super(url, protocols, { ...options, reconnect: { finalCodes: FINAL_CODES, ...options.reconnect } });
  }

  get readyState() {
    const state = super.readyState;
    return this.#init !== null && state === this.CONNECTING ? this.OPEN : state;
  }

  send(text) {
    const { type, id } = JSON.parse(text);
    if (type === 'connection_init') {
      this.#init = text;
      super.send(text);
      return;
    }
    if (type === 'subscribe') {
      this.#operations.set(id, text);
    } else if (type === 'complete') {
      this.#operations.delete(id);
    }
    if (this.#isReady) {
      super.send(text);
    }
  }

  // Every event passes here.
  dispatchEvent(event) {
    const isLost = super.readyState === this.CONNECTING;
    return this.#keeps(event, isLost) ? true : super.dispatchEvent(event);
  }

  /** True if graphql-ws is not to see the event. */
  #keeps(event, isLost) {
    switch (event.type) {
      case 'message':
        return this.#receive(JSON.parse(event.data));
      case 'open':
        if (this.#init !== null) super.send(this.#init);
        return this.#init !== null;
      case 'close':
        this.#isReady = false;
        return isLost;
      default:
        return isLost;
    }
  }

  #receive({ type, id }) {
    if (type === 'complete' || type === 'error') {
      this.#operations.delete(id);
    }
    if (type !== 'connection_ack') {
      return false;
    }
    const isRepeated = this.#wasReady;
    this.#isReady = this.#wasReady = true;
    this.#operations.forEach((text) => super.send(text));
    return isRepeated;
  }
}
