// Client: the C++ client behind an EventTarget. Payloads never enter WebAssembly, which knows their slot, their kind and
// their size.

import { Connection, Handle, closeOn, copyOf, current, handleAt, living, makeOptions, take } from './connection.js';
import {
  OPTIONS,
  PAUSE_RESULT,
  SEND_OPTIONS,
  SEND_RESULT,
  WHEN_NOT_OPEN,
} from './described.js';
import { MessageIterator } from './message_iterator.js';
import { check, ownOf, readClientOptions, readEndpoint, readOptions, resolveUrlHere } from './options.js';
import { PendingCalls } from './pending.js';
import { wasm, glue, provide } from './wasm.js';

// The default of deliveryQueueBytes.
const KEPT_BYTES = 8 * 1024 * 1024;

/** For ReconnectingWebSocket, which makes another event of a message. */
export const receive = Symbol('receive');

// Apart from the other events, for speed.
provide({
  tidewire_js_message(address, slot) {
    handleAt(address)?.connection[receive](glue.valueOf(slot));
  },
});

take('endpoint', (handle, request) => handle?.requestEndpoint(request));

/** A Client of the wasm. */
class ClientHandle extends Handle {
  get bufferedAmount() {
    return this.call('_buffered_amount');
  }

  /** `waited`: how long the message was pending, if it was. */
  send(payload, isText, bytes, whenNotOpen, waited = -1) {
    // -1, for what is not in the list, leaves it to the options.
    const mode = WHEN_NOT_OPEN.indexOf(whenNotOpen);
    return SEND_RESULT[this.call('_send', glue.hold(payload), isText ? 1 : 0, bytes, mode, waited)];
  }

  pause() {
    return PAUSE_RESULT[this.call('_pause')];
  }

  resume() {
    return PAUSE_RESULT[this.call('_resume')];
  }

  requestEndpoint({ attempt, lastClose }) {
    const { endpoint, configured } = this.functions;
    this.callApplication(
      async () => readEndpoint(await endpoint({ attempt, lastClose, configured: configured() })),
      ({ url, subprotocols }) => {
        const options = makeOptions(url, readOptions({ subprotocols }, OPTIONS, 'endpoint'));
        wasm.tidewire_endpoint_answer(this.address, attempt, options);
      },
      (why) => wasm.tidewire_endpoint_fail(this.address, attempt, glue.hold(why)),
    );
  }
}

/** A WebSocket client that stays connected. tidewire.d.ts describes it. */
export class Client extends Connection {
  #keptBytes;

  constructor(url, options = {}) {
    const own = ownOf(options);
    const given = readClientOptions(own);
    const { endpoint, log, sendQueue, subprotocols = [] } = own;
    check((url ?? endpoint) != null, 'url', 'given, unless options.endpoint is');
    const resolved = url == null ? '' : resolveUrlHere(url);
    const offered = [...subprotocols];
    const configured = () => ({ url: this.url, subprotocols: [...offered] });
    const functions = { endpoint, configured, sink: log?.sink };
    super(
      resolved,
      new PendingCalls(endpoint === undefined ? offered : null, sendQueue?.whenNotOpen),
      (client, dropped) => new ClientHandle('tidewire_client', client, given, functions, dropped),
    );
    closeOn(own.signal, this);
    this.#keptBytes = own.deliveryQueueBytes ?? KEPT_BYTES;
  }

  get bufferedAmount() {
    return this[current] === null ? 0 : this[current].bufferedAmount;
  }

  send(data, options) {
    const target = this[living];
    if (options !== undefined) {
      readOptions(options, SEND_OPTIONS, 'options');
    }
    const payload = copyOf(data);
    const isText = typeof payload === 'string';
    return target.send(payload, isText, isText ? glue.utf8Length(payload) : payload.length, options?.whenNotOpen);
  }

  pause() {
    return this[living].pause();
  }

  resume() {
    return this[living].resume();
  }

  /** What each loop over the client takes; tidewire.d.ts describes it. */
  [Symbol.asyncIterator]() {
    return new MessageIterator(this, this.#keptBytes);
  }

  [receive](data) {
    // A MessageEvent takes a browser several times as long to make.
    const event = new Event('message');
    event.data = data;
    this.dispatchEvent(event);
  }
}
