// Reads what a server of "tidewire.v1" sends (docs/protocol.md, section 2) with the browser's JSON. Bodies stay as they
// are: text as strings, bytes as buffers. It has to agree with what C++ programs do, in core/protocol/message_reader.cpp
// and platform/native/read_head.cpp; the vectors hold both to it, and the fuzz target `page` compares them.
export function createMessages() {
  const SEPARATOR = '\x1e';
  const LENGTH_BYTES = 5;
  const MAX_DEPTH = 64;

  // In the order of core::protocol::Field.
  const FIELDS = [
    'op', 'after', 'channel', 'code', 'dedup', 'dedup.count', 'dedup.ms', 'epoch', 'from', 'heartbeat', 'id',
    'maxMessage', 'memory', 'message', 'now', 'recovered', 'requests', 'resumed', 'seq', 'skipped', 'spread', 't',
    'temporary', 'ts', 'type', 'url', 'v',
  ];
  const placeOf = new Map(FIELDS.map((name, place) => [name, place]));
  // In the order of core::protocol::FieldValue::Type.
  const TYPES = ['absent', 'boolean', 'number', 'string', 'object', 'other'];
  const typeOf = new Map(TYPES.map((type, place) => [type, place]));

  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  // --- Heads ---

  // A surrogate that is written as an escape, and in the second group one without its other half. What escapes a
  // backslash is taken first, so that it escapes nothing more.
  const SURROGATES = /\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F])|[^])/g;

  // JSON.parse takes halves of surrogate pairs.
  function hasHalfPair(text) {
    return text.includes('\\u') && [...text.matchAll(SURROGATES)].some(([, half]) => half !== undefined);
  }

  // JSON.parse has no limit of nesting, and reads a number beyond the range of a double as infinity.
  function fitsHead(head) {
    let level = [head];
    for (let depth = 1; level.length > 0 && depth <= MAX_DEPTH; ++depth) {
      const values = level.flatMap((object) => Object.values(object));
      if (values.some((value) => value === Infinity || value === -Infinity)) {
        return false;
      }
      level = values.filter((value) => typeof value === 'object' && value !== null);
    }
    return level.length === 0;
  }

  /** The object that `text` is, or undefined. */
  function parseHead(text) {
    let head;
    try {
      head = JSON.parse(text);
    } catch {
      return undefined;
    }
    const isObject = typeof head === 'object' && head !== null && !Array.isArray(head);
    return isObject && !hasHalfPair(text) && fitsHead(head) ? head : undefined;
  }

  function kindOf(value) {
    if (typeof value === 'object') {
      return value === null || Array.isArray(value) ? 'other' : 'object';
    }
    return typeof value;
  }

  /** Calls `take(place, type, value)` for each field that a client knows. */
  function eachField(head, take) {
    for (const name of Object.keys(head)) {
      const place = name.includes('.') ? undefined : placeOf.get(name);
      if (place !== undefined) {
        const value = head[name];
        const kind = kindOf(value);
        take(place, typeOf.get(kind), value);
        if (name === 'dedup' && kind === 'object') {
          eachMember(value, take);
        }
      }
    }
  }

  function eachMember(dedup, take) {
    for (const name of ['count', 'ms']) {
      if (Object.hasOwn(dedup, name)) {
        take(placeOf.get(`dedup.${name}`), typeOf.get(kindOf(dedup[name])), dedup[name]);
      }
    }
  }

  // --- Framing ---

  function decode(bytes) {
    try {
      return decoder.decode(bytes);
    } catch {
      return undefined;
    }
  }

  // The frames in a payload, and then null if the framing is broken. A frame's head is a text, or undefined if it is
  // not; its body, if there is one, is text or bytes.

  function* textFrames(payload) {
    for (let at = 0; at <= payload.length; ) {
      const found = payload.indexOf(SEPARATOR, at);
      const end = found < 0 ? payload.length : found;
      if (end === at || end + 1 === payload.length) {
        yield null;
        return;
      }
      const frame = payload.slice(at, end);
      const newline = frame.indexOf('\n');
      yield newline < 0 ? { head: frame } : { head: frame.slice(0, newline), text: frame.slice(newline + 1) };
      at = end + 1;
    }
  }

  function* binaryFrames(payload) {
    let at = 0;
    do {
      const length = readLength(payload, at);
      if (length === null || length.value === 0 || length.value > payload.length - length.end) {
        yield null;
        return;
      }
      at = length.end + length.value;
      const frame = payload.subarray(length.end, at);
      const newline = frame.indexOf(0x0a);
      const head = newline < 0 ? frame : frame.subarray(0, newline);
      yield { head: decode(head), bytes: newline < 0 ? undefined : frame.subarray(newline + 1) };
    } while (at < payload.length);
  }

  /** Its value, and where it ends; null if it does not. */
  function readLength(payload, start) {
    let value = 0;
    for (let at = start; at < Math.min(payload.length, start + LENGTH_BYTES); ++at) {
      value += (payload[at] & 0x7f) * 128 ** (at - start);
      if (payload[at] < 0x80) {
        return { value, end: at + 1 };
      }
    }
    return null;
  }

  // --- Bodies ---

  /** A string or an ArrayBuffer, by what the head says and not by what carried it; null if text is none. */
  function bodyOf({ text, bytes }, isBytes) {
    if (isBytes) {
      return (bytes || new TextEncoder().encode(text)).slice().buffer;
    }
    const decoded = text === undefined ? decode(bytes) : text;
    return decoded === undefined ? null : decoded;
  }

  /**
   * What a WebSocket message holds, one after another. After a broken framing comes null, and nothing more. The others
   * have
   * - `head`: an object; undefined where there is none within its limits
   * - `body`: undefined where there is none; else what `bodyOf` answers
   */
  function* read(payload, exceedsHead) {
    const frames = typeof payload === 'string' ? textFrames(payload) : binaryFrames(new Uint8Array(payload));
    for (const frame of frames) {
      if (frame === null) {
        yield null;
        return;
      }
      const head = frame.head === undefined || exceedsHead(frame.head) ? undefined : parseHead(frame.head);
      const hasBody = head !== undefined && (frame.text !== undefined || frame.bytes !== undefined);
      yield { head, body: hasBody ? bodyOf(frame, head.type === 'bytes') : undefined };
    }
  }

  return { FIELDS, TYPES, read, eachField };
}

/** The functions that the wasm of sessions calls. `glue`: what createTidewireGlue() has returned. */
export function createMessageImports(glue) {
  // As server_messages.cpp reads it: doubles, and the bytes of strings behind them.
  const KINDS = { end: 0, brokenFraming: 1, noHead: 2, head: 3 };
  const FIELDS_AT = 5;

  let messages = null;
  let numbers = null;

  function doubles() {
    const buffer = glue.bytes().buffer;
    numbers = numbers && numbers.buffer === buffer ? numbers : new Float64Array(buffer);
    return numbers;
  }

  function writeMessage({ head, body }, record) {
    const start = record / 8;
    const isBroken = body === null;
    const slot = body === undefined ? -1 : glue.hold(isBroken ? '' : body);
    const knownBytes = typeof body === 'string' ? body.length : body ? body.byteLength : 0;
    const count = writeFields(head, record, start + FIELDS_AT);
    doubles().set([KINDS.head, slot, knownBytes, isBroken ? 1 : 0, count], start);
  }

  /** Returns how many there are. */
  function writeFields(head, record, start) {
    const view = doubles();
    let count = 0;
    let stringsAt = record + 8 * (FIELDS_AT + 2 * messages.FIELDS.length);
    messages.eachField(head, (place, type, value) => {
      let number = typeof value === 'object' ? 0 : Number(value);
      if (typeof value === 'string') {
        const bytes = glue.encode(value);
        number = bytes.length;
        glue.bytes().set(bytes, stringsAt);
        stringsAt += number;
      }
      view[start + 2 * count] = place * messages.TYPES.length + type;
      view[start + 2 * count + 1] = number;
      ++count;
    });
    return count;
  }

  return {
    // The reader has a slot too.
    tidewire_js_read_messages(slot, maxHeadBytes) {
      messages = messages || createMessages();
      return glue.hold(messages.read(glue.valueOf(slot), (head) => glue.textExceeds(head, maxHeadBytes)));
    },

    tidewire_js_next_message(readerSlot, record) {
      const next = glue.valueOf(readerSlot).next();
      const value = next.value;
      if (!next.done && value !== null && value.head !== undefined) {
        writeMessage(value, record >>> 0);
      } else {
        doubles()[(record >>> 0) / 8] = next.done ? KINDS.end : value === null ? KINDS.brokenFraming : KINDS.noHead;
      }
    },
  };
}
