// How "tidewire.v1" lies on the wire, written from docs/protocol.md alone: it shares nothing with the library, so that
// the vectors compare two readings of the specification.

const separator = '\x1e';
const maxHeadBytes = 16_384;
const maxHeadDepth = 64;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class Malformed extends Error {}

function refuse(why) {
  throw new Malformed(why);
}

// Section 2.1. Both take and give { head, body }, as Buffers; a message without a body has none.

function part(bytes) {
  if (bytes.length === 0) refuse('an empty message');
  const end = bytes.indexOf('\n');
  return end < 0 ? { head: bytes } : { head: bytes.subarray(0, end), body: bytes.subarray(end + 1) };
}

function* splitText(payload) {
  for (let begin = 0; begin <= payload.length; ) {
    const found = payload.indexOf(separator, begin);
    const end = found < 0 ? payload.length : found;
    yield part(payload.subarray(begin, end));
    begin = end + 1;
  }
}

function* splitBinary(payload) {
  if (payload.length === 0) refuse('an empty WebSocket message');
  for (let at = 0; at < payload.length; ) {
    let length = 0;
    for (let bytes = 0; ; ++bytes) {
      if (at === payload.length || bytes === 5) refuse('a length that does not end');
      const bits = payload[at++];
      length += (bits & 0x7f) * 2 ** (7 * bytes);
      if (bits < 0x80) break;
    }
    if (length > payload.length - at) refuse('a length beyond the end');
    yield part(payload.subarray(at, at + length));
    at += length;
  }
}

export function split(payload, isBinary) {
  return [...(isBinary ? splitBinary(payload) : splitText(payload))];
}

function isUtf8(bytes) {
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Whether a message with this body has to be framed in binary. */
export function needsBinary(body) {
  return body !== undefined && (body.includes(separator) || !isUtf8(body));
}

function whole({ head, body }) {
  return body === undefined ? head : Buffer.concat([head, Buffer.from('\n'), body]);
}

export function joinText(parts) {
  return Buffer.from(parts.map((each) => whole(each).toString()).join(separator));
}

export function joinBinary(parts) {
  return Buffer.concat(
    parts.flatMap((each) => {
      const message = whole(each);
      const length = [];
      for (let rest = message.length; length.length === 0 || rest > 0; rest = Math.floor(rest / 128)) {
        length.push((rest % 128) + (rest >= 128 ? 128 : 0));
      }
      return [Buffer.from(length), message];
    }),
  );
}

// Section 2.2.

const isInteger = (value) => Number.isSafeInteger(value) && value >= 0;
const isName = (value) => typeof value === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(value);
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

const types = {
  integer: isInteger,
  positive: (value) => isInteger(value) && value >= 1,
  size: (value) => isInteger(value) && value >= 1_024,
  boolean: (value) => typeof value === 'boolean',
  string: (value) => typeof value === 'string',
  name: isName,
  key: (value) => typeof value === 'string' && /^[A-Za-z0-9_-]{22}$/.test(value),
  channel: (value) =>
    typeof value === 'string' && !/[\0-\x1f\x7f]/.test(value) && value !== '' && Buffer.byteLength(value) <= 255,
  one: (value) => value === 1,
  position: (value) => isObject(value) && isName(value.epoch) && isInteger(value.seq),
  dedup: (value) => isObject(value) && isInteger(value.count) && isInteger(value.ms),
  body: (value) => value === 'text' || value === 'bytes',
};

// The members of an object that stands in a field; there may be others, to be ignored.
const members = { position: ['epoch', 'seq'], dedup: ['count', 'ms'] };

// A field is [type], or [type, default], or [type, undefined] where it may be left out.
const optional = (type, otherwise) => [type, otherwise];
const body = optional('body', 'text');
const failure = { message: optional('string'), temporary: optional('boolean', false) };

const operations = {
  server: {
    hello: {
      v: ['integer'],
      session: ['key'],
      attempt: optional('positive'),
      maxMessage: optional('size', 16_777_216),
      memory: optional('name'),
      token: optional('string'),
    },
    subscribe: {
      id: ['positive'],
      channel: ['channel'],
      since: optional('position'),
      last: optional('integer', 0),
      conflate: optional('boolean', false),
    },
    unsubscribe: { id: ['positive'], channel: ['channel'] },
    publish: { id: optional('positive'), channel: ['channel'], type: body },
    request: { id: ['positive'], method: ['channel'], type: body },
    cancel: { id: ['positive'] },
    ping: { t: ['integer'] },
    auth: { id: ['positive'], token: ['string'] },
  },
  client: {
    welcome: {
      v: ['one'],
      resumed: ['boolean'],
      heartbeat: optional('integer', 25_000),
      now: ['integer'],
      maxMessage: optional('integer', 1_048_576),
      requests: optional('positive', 64),
      memory: optional('name'),
      dedup: optional('dedup'),
    },
    subscribed: { id: ['positive'], epoch: ['name'], seq: ['integer'], recovered: ['boolean'], from: optional('integer') },
    event: {
      channel: ['channel'],
      seq: ['positive'],
      ts: optional('integer'),
      skipped: optional('integer', 0),
      type: body,
    },
    unsubscribed: { id: optional('positive'), channel: ['channel'], code: optional('name'), ...failure },
    ack: { id: ['positive'], seq: optional('integer') },
    reply: { id: ['positive'], type: body },
    pong: { t: ['integer'], now: ['integer'] },
    goaway: { after: optional('integer', 0), spread: optional('integer', 0), url: optional('string') },
    error: { id: optional('positive'), code: ['name'], ...failure },
  },
};

// JSON.parse takes what a head may not have: halves of surrogate pairs, numbers beyond a double, and any depth.
function checkValues(head) {
  const rest = [[head, 1]];
  while (rest.length > 0) {
    const [next, depth] = rest.pop();
    if (typeof next === 'string' && /\p{Surrogate}/u.test(next)) refuse('half a surrogate pair');
    if (typeof next === 'number' && !Number.isFinite(next)) refuse('a number beyond a double');
    if (typeof next !== 'object' || next === null) continue;
    if (depth > maxHeadDepth) refuse('nested too deeply');
    rest.push(...[...Object.keys(next), ...Object.values(next)].map((each) => [each, depth + 1]));
  }
}

function parse(bytes) {
  if (bytes.length > maxHeadBytes) refuse('a head that is too long');
  let value;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch (error) {
    refuse(error.message);
  }
  if (!isObject(value)) refuse('a head that is no object');
  checkValues(value);
  return value;
}

function field(head, op, name, [type, ...otherwise]) {
  if (!Object.hasOwn(head, name)) {
    if (otherwise.length === 0) refuse(`${op} without ${name}`);
    return otherwise[0];
  }
  const value = head[name];
  if (!types[type](value)) refuse(`${name} of ${op} is wrong`);
  return members[type] ? Object.fromEntries(members[type].map((member) => [member, value[member]])) : value;
}

/** The known fields of a head with their defaults; `unknown: true` and its `op`, if there is none such. `to`: "client"
 * or "server". */
export function readHead(bytes, to) {
  const head = parse(bytes);
  if (!Object.hasOwn(head, 'op') || typeof head.op !== 'string') refuse('a head without an op');
  if (!Object.hasOwn(operations[to], head.op)) return { unknown: true, op: head.op, id: head.id };
  const read = { op: head.op };
  for (const [name, kind] of Object.entries(operations[to][head.op])) {
    const value = field(head, head.op, name, kind);
    if (value !== undefined) read[name] = value;
  }
  return read;
}
