// What one class with the WebSocket interface does, as records that can be compared. Each case is [name, observe(Class,
// server)], `server` the address of the test's server.

const outcomeOf = (call) => {
  try {
    const value = call();
    return value === undefined ? 'undefined' : String(value);
  } catch (error) {
    return `${error.constructor.name} ${error.name}`;
  }
};

const TYPES = ['open', 'message', 'error', 'close'];

async function textOf(data) {
  if (typeof data === 'string') {
    return `text ${data}`;
  }
  const bytes = data instanceof Blob ? await data.arrayBuffer() : data;
  return `${data.constructor.name} ${new Uint8Array(bytes).join(' ')}`;
}

/** Runs `actions` at the events that they are named by; answers all events up to the first close. */
function course(Class, url, { protocols = [], start, ...actions }) {
  const socket = new Class(url, protocols);
  const log = [];
  return new Promise((resolve) => {
    for (const type of TYPES) {
      socket.addEventListener(type, (event) => {
        const { code, reason, wasClean, data, origin, lastEventId, bubbles, cancelable } = event;
        const made = event.constructor.name;
        log.push({ type, made, state: socket.readyState, code, reason, wasClean, data, origin, lastEventId, bubbles, cancelable });
        actions[type]?.(socket, log, event);
        if (type === 'close') {
          resolve(Promise.all(log.map(async (each) => (each.data === undefined ? each : { ...each, data: await textOf(each.data) }))));
        }
      });
    }
    start?.(socket, log);
  });
}

const noted = (value) => ({ noted: value });

const URLS = [
  '', '/', '/a?b=c', 'a/../b', '?q', '//127.0.0.1:1/x', 'http://127.0.0.1:1/', 'https://127.0.0.1:1/', 'HTTP://127.0.0.1:1/A',
  'WS://LOCALHOST:1/A', 'wss://localhost:443/', 'ws://localhost:80/', 'ws://127.0.0.1:1/é', 'ws://127.0.0.1:1/a b', ' ws://127.0.0.1:1/ ',
  'ws://[::1]:1/', 'ws://127.1:1/', 'ws://127.0.0.1:1/?a b', 'ws://127.0.0.1:1/#f', 'ws://127.0.0.1:1/#', 'ftp://x/', 'file:///x', 'about:blank',
  'javascript:0', 'data:,x', 'ws://', 'ws:///', 'ws://:1/', 'ws://a b/', 'ws://127.0.0.1:99999/', 'ws://127.0.0.1:x/', 'mailto:x@y',
  'ws:127.0.0.1:1', 'ws://127.0.0.1:1/%41', 'ws://127.0.0.1:1/%zz', 'ws://u:p@127.0.0.1:1/', 'ws://127.0.0.1:0/', 'ws://127.0.0.1:1/a|b',
];

const PROTOCOLS = [
  undefined, null, '', 'a', 'a b', 'é', 'a,b', '"', 'a\n', [], ['a'], ['a', 'b'], ['a', 'a'], ['a', 'A'], [''], ['a', ''], [1, 2], [null],
  5, true, {}, ['a', 'b c'], 'x/y', '{', new Set(['a', 'b']), '~!#$',
];

const CODES = [
  undefined, null, NaN, 'x', '1000', 1000, 1000.4, 1000.5, 999.5, 2999.5, 3000.5, 1001, 1005, 1006, 2999, 3000, 4999, 5000, -1, 65536, 66536, Infinity, true, [], [1000], {},
];

const REASONS = [undefined, null, '', 'x', 5, {}, 'x'.repeat(123), 'x'.repeat(124), 'é'.repeat(61), 'é'.repeat(62), '\ud800'.repeat(41), '\ud800'.repeat(42)];

const DATA = {
  text: () => 'héllo',
  'an empty text': () => '',
  'half a surrogate pair': () => 'a\ud800b',
  'a number': () => 5,
  null: () => null,
  undefined: () => undefined,
  true: () => true,
  'an object': () => ({}),
  'an array': () => [1, 2],
  'an ArrayBuffer': () => new Uint8Array([1, 2, 3]).buffer,
  'an empty ArrayBuffer': () => new ArrayBuffer(0),
  'a Uint8Array': () => new Uint8Array([4, 5]),
  'a part of a buffer': () => new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
  'a Uint16Array': () => new Uint16Array([1, 2]),
  'a DataView': () => new DataView(new ArrayBuffer(2)),
  'a Blob': () => new Blob(['abc']),
  'an empty Blob': () => new Blob([]),
};

const made = (Class, ...given) =>
  outcomeOf(() => {
    const socket = new Class(...given);
    const { url } = socket;
    socket.close();
    return url;
  });

// Sockets of cases that look at no connection; closed when the case is over. The address is one that answers: Chromium
// delays every connection of a page in which many have failed.
let quietUrl = '';
const quietOnes = [];

function quiet(Class) {
  const socket = new Class(quietUrl);
  quietOnes.push(socket);
  return socket;
}

function handlerCases() {
  const cases = [];
  for (const value of [null, undefined, 5, 'x', {}]) {
    cases.push([`a handler that is set to ${String(value)}`, (Class) => {
      const socket = quiet(Class);
      socket.onopen = value;
      const kept = socket.onopen === value ? 'as given' : String(socket.onopen);
      return noted([kept, outcomeOf(() => socket.dispatchEvent(new Event('open')))]);
    }]);
  }
  const order = (setUp) => (Class) => {
    const socket = quiet(Class);
    const log = [];
    setUp(socket, log);
    socket.dispatchEvent(new Event('open'));
    return noted(log);
  };
  cases.push(
    ['a handler between listeners', order((socket, log) => {
      socket.addEventListener('open', () => log.push(1));
      socket.onopen = () => log.push(2);
      socket.addEventListener('open', () => log.push(3));
    })],
    ['a replaced handler keeps its place', order((socket, log) => {
      socket.onopen = () => log.push('old');
      socket.addEventListener('open', () => log.push(1));
      socket.onopen = () => log.push('new');
    })],
    ['a removed handler loses its place', order((socket, log) => {
      socket.onopen = () => log.push('old');
      socket.addEventListener('open', () => log.push(1));
      socket.onopen = null;
      socket.onopen = () => log.push('new');
    })],
    ['this and the event in a handler', order((socket, log) => {
      socket.onopen = function (event) {
        log.push(this === socket, event.target === socket, event.currentTarget === socket, arguments.length);
      };
    })],
    ['handleEvent', order((socket, log) => {
      const listener = { handleEvent(event) { log.push(this === listener, event.type); } };
      socket.addEventListener('open', listener);
    })],
    ['a handler object with handleEvent is not called', order((socket, log) => {
      socket.onopen = { handleEvent: () => log.push(1) };
    })],
    ['a listener that is added twice', order((socket, log) => {
      const listener = () => log.push(1);
      socket.addEventListener('open', listener);
      socket.addEventListener('open', listener);
    })],
    ['once', order((socket, log) => {
      socket.addEventListener('open', () => log.push(1), { once: true });
      socket.dispatchEvent(new Event('open'));
    })],
    ['an event that is dispatched by hand', order((socket, log) => {
      socket.onmessage = ({ data, isTrusted }) => log.push(data, isTrusted);
      log.push(socket.dispatchEvent(new MessageEvent('message', { data: 'x' })));
      log.push(socket.dispatchEvent(new CloseEvent('close', { code: 4000 })), socket.readyState);
    })],
  );
  return cases;
}

function shapeCases() {
  const cases = [];
  const described = (property) =>
    property && [property.enumerable, property.configurable, property.writable, typeof property.value, typeof property.get, typeof property.set, property.value?.length];
  const MEMBERS = [
    'url', 'readyState', 'bufferedAmount', 'extensions', 'protocol', 'binaryType', 'send', 'close', 'onopen', 'onerror', 'onclose', 'onmessage', 'constructor',
    'CONNECTING', 'OPEN', 'CLOSING', 'CLOSED',
  ];
  for (const name of MEMBERS) {
    cases.push([`the property ${name}`, (Class) => noted(described(Object.getOwnPropertyDescriptor(Class.prototype, name)))]);
  }
  for (const name of ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED']) {
    cases.push([`the constant ${name}`, (Class) => noted([Class[name], quiet(Class)[name], described(Object.getOwnPropertyDescriptor(Class, name))])]);
  }
  for (const name of ['url', 'readyState', 'bufferedAmount', 'binaryType', 'onopen']) {
    cases.push([`${name} of another object`, (Class) => noted(outcomeOf(() => Object.create(Class.prototype)[name]))]);
  }
  cases.push(
    ['the length of the constructor', (Class) => noted(Class.length)],
    ['the name', (Class) => noted(Class.name)],
    ['a call without new', (Class) => noted(outcomeOf(() => Class('/')))],
    ['own properties', (Class) => noted(Object.keys(quiet(Class)))],
    ['an EventTarget', (Class) => noted(quiet(Class) instanceof EventTarget)],
    ['the tag', (Class) => noted(Object.prototype.toString.call(quiet(Class)))],
    ['the state at first', (Class) => {
      const { readyState, bufferedAmount, protocol, extensions, binaryType, onopen } = quiet(Class);
      return noted([readyState, bufferedAmount, protocol, extensions, binaryType, onopen]);
    }],
  );
  for (const type of ['arraybuffer', 'blob', 'text', '', null, 'ArrayBuffer']) {
    cases.push([`binaryType set to ${type}`, (Class) => {
      const socket = quiet(Class);
      socket.binaryType = type;
      return noted(socket.binaryType);
    }]);
  }
  return cases;
}

function sendCases(server) {
  const cases = [['send without an argument', (Class) => noted(outcomeOf(() => quiet(Class).send()))]];
  for (const [name, data] of Object.entries(DATA)) {
    cases.push([`${name} sent while connecting`, (Class) => noted(outcomeOf(() => quiet(Class).send(data())))]);
    for (const binaryType of ['blob', 'arraybuffer']) {
      cases.push([`${name} sent while open, ${binaryType}`, (Class) =>
        course(Class, `${server}/echo`, {
          open(socket, log) {
            socket.binaryType = binaryType;
            log.push(noted([outcomeOf(() => socket.send(data())), socket.bufferedAmount]));
          },
          message: (socket) => socket.close(1000),
        })]);
    }
    cases.push([`${name} sent while closing, and closed`, (Class) =>
      course(Class, `${server}/echo`, {
        open(socket, log) {
          socket.close(1000);
          log.push(noted([outcomeOf(() => socket.send(data())), socket.bufferedAmount]));
        },
        close: (socket, log) => log.push(noted([outcomeOf(() => socket.send(data())), socket.bufferedAmount])),
      })]);
  }
  cases.push(['a Blob, a text and a view keep their order', (Class) => {
    let left = 3;
    return course(Class, `${server}/echo`, {
      open(socket, log) {
        const view = new Uint8Array([1]);
        [new Blob(['blob']), 'text', view].forEach((each) => socket.send(each));
        view[0] = 2;
        log.push(noted(socket.bufferedAmount));
      },
      message: (socket) => --left === 0 && socket.close(1000),
    });
  }]);
  cases.push(['a Blob is sent before the close', (Class) =>
    course(Class, `${server}/echo`, {
      open(socket) {
        socket.send(new Blob(['blob']));
        socket.close(1000);
      },
    })]);
  return cases;
}

function closeCases(server) {
  const cases = [];
  for (const code of CODES) {
    cases.push([`close(${String(code)}) while open`, (Class) => {
      let outcome = '';
      return course(Class, `${server}/echo`, {
        open(socket, log) {
          outcome = outcomeOf(() => socket.close(code));
          log.push(noted([outcome, socket.readyState]));
          if (outcome !== 'undefined') socket.close(1000);
        },
      });
    }]);
  }
  for (const reason of REASONS) {
    cases.push([`close(4000, ${String(reason).slice(0, 5)}, of ${String(reason).length}) while open`, (Class) =>
      course(Class, `${server}/echo`, {
        open(socket, log) {
          const outcome = outcomeOf(() => socket.close(4000, reason));
          log.push(noted([outcome, socket.readyState]));
          if (outcome !== 'undefined') socket.close(1000);
        },
      })]);
  }
  for (const query of ['', '?code=1000', '?code=1001&reason=away', '?code=1008', '?code=1011&reason=é', '?code=4000&reason=x', '?code=4999']) {
    cases.push([`the server closes, ${query || 'without a code'}`, (Class) => course(Class, `${server}/close${query}`, {})]);
  }
  cases.push(
    ['close while connecting', (Class) => course(Class, `${server}/echo`, { start: (socket, log) => { socket.close(); log.push(noted(socket.readyState)); } })],
    ['close twice', (Class) => course(Class, `${server}/echo`, { open: (socket) => { socket.close(4001); socket.close(4002); } })],
    ['close when closed', (Class) => course(Class, `${server}/close?code=4000`, { close: (socket, log) => log.push(noted([outcomeOf(() => socket.close()), socket.readyState])) })],
    ['the server refuses', (Class) => course(Class, `${server}/refuse`, {})],
    ['the server drops the connection', (Class) => course(Class, `${server}/drop`, {})],
    ['nobody listens', (Class) => course(Class, 'ws://127.0.0.1:1/', {})],
    ['a greeting, as blob', (Class) => course(Class, `${server}/greet`, {})],
    ['a greeting, as arraybuffer', (Class) => course(Class, `${server}/greet`, { start: (socket) => { socket.binaryType = 'arraybuffer'; } })],
    ['a subprotocol', (Class) => course(Class, `${server}/echo`, { protocols: ['b', 'a'], open: (socket, log) => { log.push(noted([socket.protocol, socket.extensions])); socket.close(1000); } })],
    ['a subprotocol as a text', (Class) => course(Class, `${server}/echo`, { protocols: 'a', open: (socket, log) => { log.push(noted(socket.protocol)); socket.close(1000); } })],
  );
  return cases;
}

export function casesFor(server) {
  quietUrl = `${server}/echo`;
  return [
    ...shapeCases(),
    ...handlerCases(),
    ...sendCases(server),
    ...closeCases(server),
    // Last, because these connections fail.
    ['no argument', (Class) => noted(made(Class))],
    ['a Symbol', (Class) => noted(made(Class, Symbol('x')))],
    ['a URL object', (Class) => noted(made(Class, new URL('ws://127.0.0.1:1/x')))],
    ...[undefined, null, 5, {}].map((url) => [`url ${String(url)}`, (Class) => noted(made(Class, url))]),
    ...URLS.map((url) => [`url "${url}"`, (Class) => noted(made(Class, url))]),
    ...PROTOCOLS.map((list) => [`protocols ${String(JSON.stringify(list))}`, (Class) => noted(made(Class, 'ws://127.0.0.1:1/', list))]),
  ];
}

/** Both classes' records of every case, as [name, the browser's, Tidewire's]. */
export async function compare(server, Ours) {
  // A course ends with its first close.
  const Once = function (url, protocols) {
    return new Ours(url, protocols, { reconnect: { enabled: false } });
  };
  const late = () => new Promise((resolve) => setTimeout(resolve, 20_000, 'nothing within 20 s'));
  const rows = [];
  for (const [name, observe] of casesFor(server)) {
    const isCourse = /sent|server|close\b|close\(|nobody|greeting|subprotocol|order/.test(name) && !/property|listener/.test(name);
    const records = await Promise.all(
      [WebSocket, isCourse ? Once : Ours].map((Class) => Promise.race([observe(Class, server), late()])),
    );
    quietOnes.splice(0).forEach((socket) => socket.close());
    rows.push([name, ...records.map((each) => JSON.stringify(each))]);
  }
  return rows;
}
