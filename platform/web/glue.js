// The JavaScript between WebAssembly and the browser, written once. It knows nothing of Emscripten: C++ applications
// get it as an Emscripten JS library (library_tidewire.js.in), the JavaScript package imports it as a module. It carries
// messages, turns and one timer, and decides nothing. What only sessions need is in messages.js.
//
// `host` provides `bytes()`, the present view of the whole memory, and `call(name, ...numbers)`, which calls an export. It
// may have a `WebSocket`, a class to use instead of the global one, `early(url, protocols)`, which returns a socket that was
// made already, or undefined, and `made(thing)`, which gets each socket and timer.
// Emscripten runs this function at build time too, only to read the names of `imports`: until an import is called it
// may use nothing of the host or the browser. Emscripten 3.1 removes variables declared by destructuring.
export function createTidewireGlue(host) {
  const SHORT_TEXT = 100;
  const SCRATCH_BYTES = 192 * 1024;
  const ROOM_POLL_MS = 4;
  const CLOSE_AFTER_ERROR_MS = 50;
  const LONGEST_TIMEOUT_MS = 0x7fffffff;

  // Payloads stay here; WebAssembly knows them by number. Slot 0 is the empty text and is never released.
  const slots = [''];
  const freeSlots = [];
  const sockets = new Map();
  let encoder = null;
  let decoder = null;
  let scratch = null;
  let encoded = null;
  let timer = 0;
  let eventTime;

  // --- Slots ---

  function hold(value) {
    if (value === '') {
      return 0;
    }
    const slot = freeSlots.length > 0 ? freeSlots.pop() : slots.length;
    slots[slot] = value;
    return slot;
  }

  function release(slot) {
    if (slot !== 0) {
      slots[slot] = null;
      freeSlots.push(slot);
    }
  }

  // --- Text and bytes ---

  function memory(pointer, length) {
    const start = pointer >>> 0;
    return host.bytes().subarray(start, start + length);
  }

  function readText(pointer, length) {
    decoder = decoder || new TextDecoder('utf-8', { ignoreBOM: true });
    const view = memory(pointer, length);
    // A decoder refuses memory that is shared between threads.
    return decoder.decode(view.buffer[Symbol.toStringTag] === 'SharedArrayBuffer' ? view.slice() : view);
  }

  function utf8Length(text) {
    let bytes = text.length;
    for (let i = 0; i < text.length; ++i) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) {
        bytes += unit > 0x7ff ? 2 : 1;
        if (unit >= 0xd800 && unit <= 0xdbff && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
          ++i;
        }
      }
    }
    return bytes;
  }

  // Answers undefined for text that is not ASCII.
  function encodeAscii(text) {
    for (let i = 0; i < text.length; ++i) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) {
        return undefined;
      }
      scratch[i] = unit;
    }
    return scratch.subarray(0, text.length);
  }

  // Encodes beside the memory and not into it: the size is known only afterwards, encodeInto wants room for three bytes
  // a unit, and it refuses shared memory. Below some hundred characters a plain loop is faster than the call.
  function encode(text) {
    scratch = scratch || new Uint8Array(SCRATCH_BYTES);
    encoder = encoder || new TextEncoder();
    const short = text.length <= SHORT_TEXT ? encodeAscii(text) : undefined;
    if (short) {
      return short;
    }
    if (text.length * 3 > SCRATCH_BYTES) {
      return encoder.encode(text);
    }
    return scratch.subarray(0, encoder.encodeInto(text, scratch).written);
  }

  // --- Sockets: open ---

  const CONNECTING = 0;
  const CLOSED = 3;
  // In the order of tidewire::web::Failure.
  const FAILURES = { usual: 0, forbidden: 1, unavailable: 2 };
  const FORBIDDEN =
    "the browser forbids this address: connect-src of the page's Content-Security-Policy does not list it, or it is ws: " +
    'in an https: page';
  const NO_CLOSE = 'the browser reported an error without saying which';

  function connect(record, url, protocols) {
    const WebSocket = host.WebSocket || globalThis.WebSocket;
    if (typeof WebSocket !== 'function') {
      failSoon(record, noWebSocket(), FAILURES.unavailable);
      return;
    }
    const early = host.early && host.early(url, protocols);
    const socket = early || new WebSocket(url, protocols);
    record.socket = socket;
    if (host.made && !early) {
      host.made(socket);
    }
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => host.call('tidewire_on_opened', record.handle, hold(socket.protocol || ''));
    socket.onmessage = (event) => receive(record, event);
    socket.onerror = () => noteError(record);
    socket.onclose = (event) => {
      forget(record);
      const code = event.code === undefined || record.isAway ? 1006 : event.code;
      host.call('tidewire_on_closed', record.handle, code, hold(event.reason || ''));
    };
    // Chromium, of what the page's policy forbids: closed from the start, and an error event without a close event.
    if (!early && socket.readyState === CLOSED) {
      failSoon(record, FORBIDDEN, FAILURES.forbidden);
    }
  }

  function noWebSocket() {
    const program = globalThis.process;
    return program && program.versions && program.versions.node
      ? 'no WebSocket here: Node has one from version 22 on; before that, set globalThis.WebSocket to the class of ' +
          'the npm package ws'
      : 'no WebSocket here: globalThis.WebSocket is not a class in this page or worker';
  }

  // A close event follows and says more: in Chromium and Firefox in the same task, in WebKit in the next. But for what
  // is forbidden WebKit has none, and then the state is still the first. What replaces WebSocket may have none either.
  function noteError(record) {
    const isForbidden = record.socket.readyState === CONNECTING;
    clearTimeout(record.errorTimer);
    record.errorTimer = setTimeout(() => {
      failSoon(record, isForbidden ? FORBIDDEN : NO_CLOSE, isForbidden ? FAILURES.forbidden : FAILURES.usual);
    }, CLOSE_AFTER_ERROR_MS);
  }

  // --- Sockets: receive ---

  function receive(record, event) {
    const data = event.data;
    const isText = typeof data === 'string';
    if (isText ? textExceeds(data, record.maxBytes) : data.byteLength > record.maxBytes) {
      forget(record);
      closeSocket(record.socket, 4009, 'message too big');
      host.call('tidewire_on_too_big', record.handle);
    } else {
      // A text has at least as many bytes as units; the exact number is counted on demand.
      const knownBytes = isText ? data.length : data.byteLength;
      // The browser has read the clock for this event, which costs more than the rest of the call. Other classes of
      // WebSocket may count from another time.
      eventTime = event.isTrusted ? event.timeStamp : undefined;
      host.call('tidewire_on_message', record.handle, hold(data), isText ? 1 : 0, knownBytes);
      eventTime = undefined;
    }
  }

  function textExceeds(text, maxBytes) {
    return text.length * 3 > maxBytes && utf8Length(text) > maxBytes;
  }

  // --- Sockets: send ---

  // A page has no event for a drained buffer, so `bufferedAmount` is polled, only while a client waits for it.
  function awaitBuffered(record) {
    record.timer = setTimeout(() => {
      if (record.socket.bufferedAmount <= record.awaitedBytes) {
        record.timer = 0;
        record.awaitedBytes = 0;
        host.call('tidewire_on_writable', record.handle);
      } else {
        awaitBuffered(record);
      }
    }, ROOM_POLL_MS);
  }

  // --- Sockets: end ---

  // From here on no event of this socket can reach WebAssembly.
  function forget(record) {
    sockets.delete(record.handle);
    clearTimeout(record.timer);
    clearTimeout(record.errorTimer);
    if (record.socket) {
      record.socket.onopen = record.socket.onmessage = record.socket.onclose = null;
      // npm's ws ends the process on an error without a listener, even of a forgotten socket.
      record.socket.onerror = () => {};
    }
  }

  // What is thrown need not be an Error, nor have a text.
  function textOf(error) {
    try {
      return String(error);
    } catch {
      return 'an error without a text';
    }
  }

  function closeSocket(socket, code, reason) {
    try {
      socket.close(code, reason);
    } catch {
      try {
        socket.close();
      } catch {
        // Whatever it is, it is forgotten.
      }
    }
  }

  // Reports what the browser threw, but never inside the call in which it threw. A timer and not a microtask: a client
  // that tries again at once must not keep the page from everything else.
  function failSoon(record, error, failure = FAILURES.usual) {
    forget(record);
    if (record.socket) {
      closeSocket(record.socket);
    }
    sockets.set(record.handle, record);
    record.timer = setTimeout(() => {
      sockets.delete(record.handle);
      host.call('tidewire_on_failed', record.handle, hold(textOf(error)), failure);
    }, 0);
  }

  function isDomException(error, name) {
    return error instanceof DOMException && error.name === name;
  }

  // Mixed content, a policy, or what the browser takes for no address: the same would be thrown again. Anything else
  // that a constructor throws may be over the next time.
  function failToConnect(record, error) {
    if (error && (error.name === 'NS_ERROR_CONTENT_BLOCKED' || isDomException(error, 'SecurityError'))) {
      failSoon(record, error.message ? `${FORBIDDEN} (${error.message})` : FORBIDDEN, FAILURES.forbidden);
    } else if (isDomException(error, 'SyntaxError')) {
      failSoon(record, `the browser takes no such address: ${error.message}`, FAILURES.forbidden);
    } else {
      failSoon(record, error);
    }
  }

  // --- Hints ---

  // In the order of tidewire::core::Hint.
  const WOKE_UP = 0;
  const ONLINE = 1;
  const OFFLINE = 2;
  const VISIBLE = 3;
  let hints = [];

  // An open socket may keep a page out of the back/forward cache. The close event comes when the page is shown again.
  function closeAll() {
    for (const record of sockets.values()) {
      record.isAway = true;
      if (record.socket) {
        closeSocket(record.socket);
      }
    }
  }

  // Network, visibility and freezing events; a worker gets only those of the network, Node none.
  function findHints() {
    const page = globalThis.document;
    // Later, since an application may dispatch such an event itself, even in a callback.
    const hint = (kind) => () => queueMicrotask(() => host.call('tidewire_on_hint', kind));
    return [
      [globalThis, 'online', hint(ONLINE)],
      [globalThis, 'offline', hint(OFFLINE)],
      [globalThis, 'pagehide', (event) => event.persisted && closeAll()],
      [globalThis, 'pageshow', (event) => event.persisted && hint(WOKE_UP)()],
      [page, 'resume', hint(WOKE_UP)],
      [page, 'visibilitychange', () => page.visibilityState === 'visible' && hint(VISIBLE)()],
    ].filter(([target]) => target && target.addEventListener);
  }

  const imports = {
    // The first reading inside an event is the time of the event.
    tidewire_js_now() {
      const time = eventTime === undefined ? performance.now() : eventTime;
      eventTime = undefined;
      return time;
    },

    tidewire_js_wall_now: () => Date.now(),

    // Starts or stops listening for what concerns every connection.
    tidewire_js_watch(on) {
      hints.forEach(([target, type, listener]) => target.removeEventListener(type, listener));
      hints = on ? findHints() : [];
      hints.forEach(([target, type, listener]) => target.addEventListener(type, listener));
    },

    tidewire_js_random: () => crypto.getRandomValues(new Uint32Array(1))[0],

    tidewire_js_request_turn() {
      queueMicrotask(() => host.call('tidewire_on_turn'));
    },

    // One timer at a time; a negative delay clears it.
    tidewire_js_set_timer(delay) {
      clearTimeout(timer);
      if (delay >= 0) {
        timer = setTimeout(() => host.call('tidewire_on_timer'), Math.min(Math.ceil(delay), LONGEST_TIMEOUT_MS));
        if (host.made) {
          host.made(timer);
        }
      }
    },

    tidewire_js_hold_text: (pointer, length) => hold(readText(pointer, length)),

    tidewire_js_hold_bytes: (pointer, length) => hold(memory(pointer, length).slice()),

    tidewire_js_release: release,

    // Bytes are copied, because the receiver may change them.
    tidewire_js_duplicate: (slot) => hold(typeof slots[slot] === 'string' ? slots[slot] : slots[slot].slice(0)),

    // Returns how many bytes the next tidewire_js_copy_loaded copies.
    tidewire_js_load(slot) {
      const value = slots[slot];
      encoded = typeof value === 'string' ? encode(value) : new Uint8Array(value);
      return encoded.length;
    },

    tidewire_js_copy_loaded(pointer) {
      memory(pointer, encoded.length).set(encoded);
      encoded = null;
    },

    tidewire_js_hold_quoted: (pointer, length) => hold(JSON.stringify(readText(pointer, length))),

    tidewire_js_socket_open(handle, url, urlLength, protocols, protocolsLength, maxBytes) {
      const record = { handle, socket: null, timer: 0, errorTimer: 0, awaitedBytes: 0, maxBytes: maxBytes >>> 0 };
      sockets.set(handle, record);
      try {
        connect(record, readText(url, urlLength), readText(protocols, protocolsLength).split(',').filter(Boolean));
      } catch (error) {
        failToConnect(record, error);
      }
    },

    tidewire_js_socket_buffered(handle) {
      const record = sockets.get(handle);
      return (record && record.socket && record.socket.bufferedAmount) || 0;
    },

    // Has tidewire_on_writable called once no more than `most` bytes wait in the browser. The greatest wish counts.
    tidewire_js_socket_await_buffered(handle, most) {
      const record = sockets.get(handle);
      if (record && record.socket) {
        record.awaitedBytes = Math.max(record.awaitedBytes, most >>> 0);
        if (record.timer === 0) {
          awaitBuffered(record);
        }
      }
    },

    tidewire_js_socket_send(handle, slot) {
      const record = sockets.get(handle);
      if (record) {
        try {
          record.socket.send(slots[slot]);
        } catch (error) {
          failSoon(record, error);
        }
      }
    },

    tidewire_js_socket_close(handle, code, reason, reasonLength) {
      const record = sockets.get(handle);
      if (record && record.socket) {
        closeSocket(record.socket, code, readText(reason, reasonLength));
      }
    },

    // A page cannot cut a connection; removing the listeners is the nearest equivalent.
    tidewire_js_socket_abort(handle) {
      const record = sockets.get(handle);
      if (record) {
        forget(record);
        if (record.socket) {
          closeSocket(record.socket);
        }
      }
    },
  };

  return { imports, hold, valueOf: (slot) => slots[slot], utf8Length, textExceeds, encode, bytes: () => host.bytes() };
}
