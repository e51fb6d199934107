// Client: the C++ client behind an EventTarget. Payloads never enter WebAssembly: it is told their slot, their kind and
// their size.

import {
  Connection,
  Handle,
  closeInfo,
  copyOf,
  current,
  emit,
  handleOf,
  living,
} from './connection.js';
import {
  check,
  checkHeartbeat,
  OPTIONS,
  SEND_OPTIONS,
  readOptions,
  resolveUrl,
  readEndpoint,
} from './options.js';
import { PendingCalls } from './pending.js';
import { SEND_RESULTS, PAUSE_RESULTS, DROP_REASONS, WHEN_NOT_OPEN, timesOf } from './values.js';
import { wasm, glue, provide } from './wasm.js';

provide({
  tidewire_js_client_open(address, subprotocolSlot, attempt, reconnects, handshakeTime, endpoint) {
    const subprotocol = glue.valueOf(subprotocolSlot);
    emit(address, 'open', { subprotocol, attempt, reconnects, handshakeTime, times: timesOf(endpoint) });
  },

  tidewire_js_client_message(address, slot) {
    handleOf(address)?.connection.dispatchEvent(new MessageEvent('message', { data: glue.valueOf(slot) }));
  },

  tidewire_js_client_dropped(address, reason, messages, bytes) {
    emit(address, 'dropped', { reason: DROP_REASONS[reason], messages, bytes });
  },

  tidewire_js_client_drain(address, bufferedAmount) {
    emit(address, 'drain', { bufferedAmount });
  },

  tidewire_js_client_endpoint(address, attempt, hasLastClose) {
    handleOf(address)?.askEndpoint(attempt, hasLastClose !== 0 ? closeInfo : null);
  },
});

/** A Client of the wasm. */
class ClientHandle extends Handle {
  get bufferedAmount() {
    return this.call('buffered_amount');
  }

  /** `waited`: how long the message was pending, if it was. */
  send(payload, isText, bytes, whenNotOpen, waited = -1) {
    // -1, for what is not in the list, leaves it to the options.
    const mode = WHEN_NOT_OPEN.indexOf(whenNotOpen);
    return SEND_RESULTS[this.call('send', glue.hold(payload), isText ? 1 : 0, bytes, mode, waited)];
  }

  pause() {
    return PAUSE_RESULTS[this.call('pause')];
  }

  resume() {
    return PAUSE_RESULTS[this.call('resume')];
  }

  askEndpoint(attempt, lastClose) {
    const { endpoint, configured } = this.functions;
    this.ask(
      async () => readEndpoint(await endpoint({ attempt, lastClose, configured: configured() })),
      ({ url, subprotocols }) => {
        wasm.tidewire_option_text(0, glue.hold(url));
        subprotocols.forEach((each) => wasm.tidewire_option_text(OPTIONS.subprotocols[0], glue.hold(each)));
        wasm.tidewire_endpoint_answer(this.address, attempt);
      },
      (why) => wasm.tidewire_endpoint_fail(this.address, attempt, glue.hold(why)),
    );
  }
}

/** A WebSocket client that stays connected. tidewire.d.ts describes it. */
export class Client extends Connection {
  constructor(url, options = {}) {
    const given = readOptions(options, OPTIONS, 'options');
    const { endpoint, log, heartbeat, sendQueue, subprotocols = [] } = options;
    check((url ?? endpoint) != null, 'url', 'given, unless options.endpoint is');
    checkHeartbeat(heartbeat);
    const resolved = url == null ? '' : resolveUrl(url);
    const offered = [...subprotocols];
    const configured = () => ({ url: resolved, subprotocols: [...offered] });
    const functions = { endpoint, configured, sink: log?.sink };
    super(
      resolved,
      new PendingCalls(sendQueue?.whenNotOpen),
      (client, dropped) => new ClientHandle('client', client, given, functions, dropped),
    );
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
}
