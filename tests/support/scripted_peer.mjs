// A WebSocket server that misbehaves on request:
//
//   node scripted_peer.mjs
//
// Listens on 127.0.0.1, on a port that the kernel chooses, prints "listening on PORT" and serves until it is killed. A
// request's path chooses a play, and its query the play's parameters: /close?code=1001. Raw TCP, because no WebSocket
// library would do these things. Whatever a client sends is read, unless the play says otherwise.

import { createHash } from 'node:crypto';
import { createServer } from 'node:net';

const PLAYS = {
  // The opening handshake.
  '/status': refuseWithStatus, // ?code=503[&retry-after=1]: an HTTP answer that is no 101; `retry-after` may be a date.
  '/silent': () => {}, // Never answers. By wss: not even that is read: nothing here knows TLS.
  '/silent-after-status': (peer) => peer.write('HTTP/1.1 101 Switching Protocols\r\n'),
  '/silent-after-headers': (peer) => peer.write(head(peer.request)), // All but the empty line.
  '/deployment': deploy, // ?name=N&refused=5: the first connection ends once asked, then so many 404s, then '/chat'.
  '/garbage': (peer) => peer.end(GARBAGE), // Instead of an HTTP answer.
  '/hang-up': (peer) => peer.end(), // The end of the stream instead of an answer.
  '/hang-up-amid-headers': (peer) => peer.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: webso'),
  '/reset': (peer) => peer.reset(),
  '/wrong-accept': (peer) => peer.open({ 'Sec-WebSocket-Accept': acceptFor('another key') }),
  '/no-upgrade': (peer) => peer.open({ Upgrade: null }),
  '/subprotocol': (peer, { answer }) => peer.open({ 'Sec-WebSocket-Protocol': answer }), // Without `answer`: none.
  '/extension': (peer) => peer.open({ 'Sec-WebSocket-Extensions': 'x-unasked' }),

  // Messages. From here on a play begins with the client's first message, except where a line says otherwise.
  '/fragments': onceAsked(sendFragments), // ?size=7&bytes=1000: a text and a binary message, in frames of `size` bytes.
  '/pings': onceAsked(sendPings), // ?count=50: Pings in one segment, one within a message; then the Pongs that came.
  '/oversized': onceAsked(sendOversized), // ?bytes=N: a binary message that long. &sent=M: only M bytes ever come.
  '/endless': onceAsked(sendEndlessly), // Fragments that never end a message.
  '/frames': onceAsked((peer, { hex }) => peer.write(Buffer.from(hex, 'hex'))), // Whatever bytes the test wants.
  '/garbage-after-open': onceAsked((peer) => peer.write(GARBAGE)),
  '/invalid-utf8': onceAsked(sendInvalidUtf8), // ?where=start, end or fragments.

  '/chat': (peer) => chat(peer.open()), // Unasked. "ping 7": first a friend's "pong" and "pong 1", then "pong 7".

  // The end.
  '/close': onceAsked(sendClose), // ?code=1001&reason=text: a Close frame. &text=message: before it, in one segment.
  '/close-at-once': (peer) => peer.open().end(frame(CLOSE, closePayload(1001))), // Unasked, with the handshake.
  '/half-close': onceAsked((peer) => peer.end()), // The end of the stream without a Close frame; goes on reading.
  '/half-close-amid-message': onceAsked((peer) => peer.end(frame(TEXT, 'half of a message').subarray(0, 8))),
  '/half-close-amid-fragments': onceAsked((peer) => peer.end(frame(TEXT, 'the first of two', { final: false }))),
  '/reset-after-open': onceAsked((peer) => peer.reset()),

  // Not reading.
  '/slow': onceAsked(readSlowly), // ?ms=300: reads nothing for so long, then all; tells what came before the text "end".
  '/black-hole': (peer) => peer.open().deaf(), // Unasked: neither reads nor answers.
};

const CONTINUATION = 0x0;
const TEXT = 0x1;
const BINARY = 0x2;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;

const GARBAGE = Buffer.from(`\x16\x03\x01 neither HTTP nor WebSocket\r\n\r\n${'\xff'.repeat(64)}`, 'latin1');
const STATUS_TEXTS = { 200: 'OK', 302: 'Found', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found' };

// --- The plays -------------------------------------------------------------------------------------------------------

/** Completes the handshake, and begins the play when the client has shown that it knows. */
function onceAsked(play) {
  return (peer, parameters) => {
    peer.open();
    peer.onFrame = () => {
      peer.onFrame = () => {};
      play(peer, parameters);
    };
  };
}

function refuseWithStatus(peer, { code, 'retry-after': retryAfter }) {
  const headers = { 'Content-Length': 0, Connection: 'close', 'Retry-After': retryAfter };
  peer.end(`HTTP/1.1 ${code} ${STATUS_TEXTS[code] ?? 'No'}\r\n${headerLines(headers)}\r\n`);
}

const visits = new Map();

function deploy(peer, { name, refused }) {
  const visit = visits.get(name) ?? 0;
  visits.set(name, visit + 1);
  if (visit === 0) {
    onceAsked((asked) => asked.end())(peer, {});
  } else if (visit <= Number(refused)) {
    refuseWithStatus(peer, { code: 404 });
  } else {
    chat(peer.open());
  }
}

function chat(peer) {
  peer.onFrame = ({ opcode, payload }) => {
    const number = opcode === TEXT && /^ping (\d+)$/.exec(payload)?.[1];
    if (number) {
      peer.write(Buffer.concat(['pong', 'pong 1', `pong ${number}`].map((text) => frame(TEXT, text))));
    }
  };
}

function sendFragments(peer, { size, bytes }) {
  const text = Buffer.from('潮🌊éx'.repeat(Number(bytes) / 10));
  const binary = Buffer.from(Array.from({ length: Number(bytes) }, (_, i) => (i * 7) % 256));
  peer.write(Buffer.concat([...fragments(TEXT, text, Number(size)), ...fragments(BINARY, binary, Number(size))]));
}

// An empty frame first, one in the middle and one last, between frames of `size` bytes.
function fragments(opcode, payload, size) {
  const frames = [frame(opcode, '', { final: false })];
  for (let at = 0; at < payload.length; at += size) {
    frames.push(frame(CONTINUATION, payload.subarray(at, at + size), { final: false }));
    if (at < payload.length / 2 && at + size >= payload.length / 2) {
      frames.push(frame(CONTINUATION, '', { final: false }));
    }
  }
  return [...frames, frame(CONTINUATION, '')];
}

function sendPings(peer, { count }) {
  const pongs = [];
  const numbers = Array.from({ length: Number(count) }, (_, i) => String(i));
  peer.write(
    Buffer.concat([
      ...numbers.map((number) => frame(PING, number)),
      frame(TEXT, 'before ', { final: false }),
      frame(PING, 'within'),
      frame(CONTINUATION, 'and after'),
    ])
  );
  peer.onFrame = ({ opcode, payload }) => {
    if (opcode === PONG) {
      pongs.push(payload.toString());
      if (pongs.at(-1) === 'within') {
        peer.write(frame(TEXT, pongs.join(' ')));
      }
    }
  };
}

function sendOversized(peer, { bytes, sent = bytes }) {
  const header = Buffer.from([0x80 | BINARY, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  header.writeBigUInt64BE(BigInt(bytes), 2);
  peer.write(Buffer.concat([header, Buffer.alloc(Number(sent))]));
}

// A megabyte or so a second: a client that keeps everything shall not fill the machine before it has decided.
function sendEndlessly(peer) {
  peer.write(frame(BINARY, 'begin', { final: false }));
  const timer = setInterval(() => peer.write(frame(CONTINUATION, Buffer.alloc(4096), { final: false })), 4);
  peer.onEnd = () => clearInterval(timer);
}

function sendInvalidUtf8(peer, { where }) {
  const frames = {
    start: [frame(TEXT, [0xc3, 0x28, 0x61, 0x62])],
    end: [frame(TEXT, [0x61, 0x62, 0xe6, 0xbd])],
    fragments: [frame(TEXT, [0x61, 0xe6], { final: false }), frame(CONTINUATION, [0x61, 0x62])],
  };
  peer.write(Buffer.concat(frames[where]));
}

function sendClose(peer, { code, reason = '', text }) {
  const message = text === undefined ? [] : [frame(TEXT, text)];
  const payload = code === undefined ? '' : closePayload(Number(code), reason);
  peer.end(Buffer.concat([...message, frame(CLOSE, payload)]));
}

function readSlowly(peer, { ms }) {
  peer.socket.pause();
  setTimeout(() => peer.socket.resume(), Number(ms));
  let messages = 0;
  let bytes = 0;
  peer.onFrame = ({ opcode, payload }) => {
    if (opcode === TEXT && payload.toString() === 'end') {
      peer.write(frame(TEXT, `${messages} messages, ${bytes} bytes`));
    } else if (opcode <= BINARY) {
      messages += opcode === CONTINUATION ? 0 : 1;
      bytes += payload.length;
    }
  };
}

// --- Bytes -----------------------------------------------------------------------------------------------------------

function acceptFor(key) {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** Headers without a value are left out. */
function headerLines(headers) {
  return Object.entries(headers)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
}

/** The right answer to a request, changed by `headers`; without the empty line that ends it. */
function head(request, headers = {}) {
  const key = /^sec-websocket-key: *(\S+)/im.exec(request)?.[1];
  const right = { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Accept': acceptFor(key) };
  return `HTTP/1.1 101 Switching Protocols\r\n${headerLines({ ...right, ...headers })}`;
}

function closePayload(code, reason = '') {
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);
}

/** One frame as a server sends it: no mask, and the shortest length that holds the payload. */
function frame(opcode, payload, { final = true } = {}) {
  const body = Buffer.from(payload);
  const length = [Math.min(body.length, 126)];
  if (body.length > 0xffff) {
    length[0] = 127;
    length.push(...Buffer.from(body.length.toString(16).padStart(16, '0'), 'hex'));
  } else if (body.length > 125) {
    length.push(body.length >> 8, body.length & 0xff);
  }
  return Buffer.concat([Buffer.from([(final ? 0x80 : 0) | opcode, ...length]), body]);
}

/** The client's first whole frame in `bytes`, unmasked, and what follows it; null while it is not whole. */
function parseFrame(bytes) {
  const short = bytes[1] & 0x7f;
  const start = 2 + ({ 126: 2, 127: 8 }[short] ?? 0) + 4;
  if (bytes.length < start) {
    return null;
  }
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < start + length) {
    return null;
  }
  const key = bytes.subarray(start - 4, start);
  const payload = bytes.subarray(start, start + length).map((byte, i) => byte ^ key[i % 4]);
  return { opcode: bytes[0] & 0x0f, payload, rest: bytes.subarray(start + length) };
}

// --- A connection ----------------------------------------------------------------------------------------------------

/** The server's end of one connection: a play tells it what to do. */
class Peer {
  onFrame = () => {};
  onEnd = () => {};
  request = '';
  #received = Buffer.alloc(0);
  #opened = false;

  constructor(socket) {
    this.socket = socket;
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('error', () => {}); // What the client did is for the test to judge.
    socket.on('end', () => socket.end());
    socket.on('close', () => this.onEnd());
  }

  /** Answers the handshake. */
  open(headers) {
    this.#opened = true;
    return this.write(`${head(this.request, headers)}\r\n`);
  }

  write(bytes, written) {
    if (this.socket.writable) {
      this.socket.write(bytes, written);
    }
    return this;
  }

  /** Writes, then ends this direction of the connection; the other goes on. */
  end(bytes) {
    this.socket.end(bytes);
    return this;
  }

  reset() {
    this.socket.resetAndDestroy();
  }

  /** Reads no more, not even that the client has gone. */
  deaf() {
    this.socket.pause();
  }

  #receive(bytes) {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    if (!this.request) {
      this.#receiveRequest();
    }
    while (this.#opened) {
      const next = parseFrame(this.#received);
      if (!next) {
        return;
      }
      this.#received = next.rest;
      this.#receiveFrame(next);
    }
  }

  #receiveRequest() {
    const end = this.#received.indexOf('\r\n\r\n');
    if (end >= 0) {
      this.request = this.#received.toString('latin1', 0, end + 2);
      this.#received = this.#received.subarray(end + 4);
      const { pathname, searchParams } = new URL(this.request.split(' ', 2)[1], 'http://peer');
      const play = PLAYS[pathname] ?? ((peer) => refuseWithStatus(peer, { code: 404 }));
      play(this, Object.fromEntries(searchParams));
    }
  }

  // A Close frame is answered with the same, if this side has not ended yet.
  #receiveFrame({ opcode, payload }) {
    this.onFrame({ opcode, payload });
    if (opcode === CLOSE) {
      this.onEnd();
      if (this.socket.writable) {
        this.end(frame(CLOSE, payload));
      }
    }
  }
}

const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => new Peer(socket));
server.listen(0, '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
