// What is measured. A scenario has entries, which are measured in turn: clients with options of their own. The best of
// the other libraries, or the entry `against`, divided by Tidewire, is its ratio; `goals` are ratios, by the id of the entry.

const SIZES = { 64: '64 B', 1024: '1 KiB', 65536: '64 KiB', 1048576: '1 MiB' };

export const sizeName = (bytes) => SIZES[bytes] ?? `${bytes} B`;

const kind = (text) => (text ? ['--text'] : []);

/** A client's arguments and the path of the server, for so many messages. */
const courses = {
  receive: (n, { bytes, text }) => ({
    path: `/receive?messages=${n}&bytes=${bytes}${text ? '&text=1' : ''}`,
    args: ['receive', '--bytes', bytes, ...kind(text)],
  }),
  send: (n, { bytes, text }) => ({
    path: `/sink?messages=${n}`,
    args: ['send', '--bytes', bytes, ...kind(text)],
  }),
  batches: (n, { bytes, batch, text }) => ({
    path: `/batches?messages=${n}&batch=${batch}`,
    args: ['batches', '--bytes', bytes, '--batch', batch, ...kind(text)],
  }),
  'ping-pong': (n, { bytes, text }) => ({ path: '/echo', args: ['ping-pong', '--bytes', bytes, ...kind(text)] }),
  echo: (n, { bytes, text }) => ({ path: '/echo', args: ['echo', '--bytes', bytes, '--window', 64, ...kind(text)] }),
  connect: () => ({ path: '/idle', args: ['connect'] }),
  session: (n, { bytes }, joined) => ({
    path: `/session?messages=${n}&bytes=${bytes}${joined ? '&joined=1' : ''}`,
    args: ['session', '--bytes', bytes],
  }),
};

/** The entries of a scenario: every peer, with its sends coalesced too where `sends`, and Tidewire. */
const beside = (tidewire, { sends = false } = {}) => ({ peers }) => [
  ...peers
    .filter((peer) => !peer.isTidewire)
    .flatMap((peer) => [
      { id: peer.id, peer, label: peer.label, args: [] },
      ...(sends && peer.coalesces
        ? [{ id: `${peer.id}+`, peer, label: `${peer.label}, coalesced`, args: ['--coalesce'] }]
        : []),
    ]),
  ...peers
    .filter((peer) => peer.isTidewire)
    .flatMap((peer) =>
      tidewire.map(({ id = '', label = '', args = [], run }) => ({
        id: `${peer.id}${id}`,
        peer,
        label: `${peer.label}${label}`,
        args,
        run,
      })),
    ),
];

const plain = [{}];
const queues = [{ label: ', default bounds' }, { id: ':1m', label: ', queue of 1 MiB', args: ['--queue', 1048576] }];
const deliveries = [
  {},
  { id: ':poll', label: ', poll', args: ['--delivery', 'poll'] },
  { id: ':executor', label: ', executor', args: ['--delivery', 'executor'] },
  { id: ':loop', label: ', own loop', args: ['--delivery', 'loop'] },
];
const prepared = [
  { label: ', send', args: ['--fresh'] },
  { id: ':prepared', label: ', SendBuffer', args: ['--prepare'] },
];
const EVENT = { bytes: 100, text: true, first: 2000, limit: 300_000 };
const events = [
  { label: ', messages' },
  { id: ':events', label: ', events', run: (n) => courses.session(n, EVENT, false) },
  { id: ':joined', label: ', joined events', run: (n) => courses.session(n, EVENT, true) },
];
const onlyTidewire = (variants) => ({ peers }) => beside(variants)({ peers: peers.filter((peer) => peer.isTidewire) });

function scenario(id, group, title, course, parameters, entries, goals = {}, more = {}) {
  return {
    id,
    group,
    title,
    entries,
    goals,
    tls: parameters.tls ?? false,
    first: parameters.first ?? Math.max(8, Math.min(2000, Math.floor(16e6 / parameters.bytes))),
    multiple: parameters.batch ?? 1,
    limit: parameters.limit ?? Infinity,
    run: (n) => courses[course](n, parameters),
    ...more,
  };
}

const text = (bytes, more) => ({ bytes, text: true, ...more });
const bySize = (bytes, [small, kilo, large, mega]) =>
  ({ 64: small, 1024: kilo, 65536: large, 1048576: mega })[bytes];
const sizes = Object.keys(SIZES).map(Number);
const nameOf = (bytes) => ({ 64: '64', 1024: '1k', 65536: '64k', 1048576: '1m' })[bytes];

export const scenarios = [
  ...sizes.map((bytes) =>
    scenario(`receive-${nameOf(bytes)}`, 'receive', `Receive ${sizeName(bytes)}, text`, 'receive', text(bytes),
      beside(plain), { tidewire: bySize(bytes, [2.2, 1.5, 1.05, 1.0]) })),
  ...sizes.map((bytes) =>
    scenario(`receive-${nameOf(bytes)}-binary`, 'receive', `Receive ${sizeName(bytes)}, binary`, 'receive', { bytes },
      beside(plain), { tidewire: bySize(bytes, [2.2, 1.5, 1.05, 1.0]) })),
  ...sizes.map((bytes) =>
    scenario(`delivery-${nameOf(bytes)}`, 'delivery', `Receive ${sizeName(bytes)}, text, by where callbacks run`, 'receive',
      text(bytes), onlyTidewire(deliveries), { 'tidewire:poll': 1 / 1.5, 'tidewire:executor': 1 / 1.5 },
      { against: 'tidewire' })),
  ...sizes.map((bytes) =>
    scenario(`send-${nameOf(bytes)}`, 'send', `Send ${sizeName(bytes)}, text, from an application thread`, 'send',
      text(bytes), beside(queues, { sends: true }),
      { tidewire: bySize(bytes, [1.3, 1.0, 1.0, 0.9]), 'tidewire:1m': bySize(bytes, [1.6, 1.1, 1.2, 1.0]) })),
  ...sizes.map((bytes) =>
    scenario(`send-${nameOf(bytes)}-binary`, 'send', `Send ${sizeName(bytes)}, binary, from an application thread`, 'send',
      { bytes }, beside(queues, { sends: true }),
      { tidewire: bySize(bytes, [1.3, 1.0, 1.0, 0.9]), 'tidewire:1m': bySize(bytes, [1.6, 1.1, 1.2, 1.0]) })),
  scenario('inside-64', 'send', 'Send 64 B inside a callback, 1,000 at a time', 'batches', text(64, { batch: 1000, first: 4000 }),
    beside(plain, { sends: true }), { tidewire: 1.5 }),
  scenario('inside-64k', 'send', 'Send 64 KiB inside a callback, 16 at a time', 'batches', text(65536, { batch: 16 }),
    beside(plain, { sends: true }), { tidewire: 1.0 }),
  ...[65536, 1048576].map((bytes) =>
    scenario(`prepared-${nameOf(bytes)}`, 'prepared', `Send ${sizeName(bytes)}, text, written anew each time`, 'send',
      text(bytes), onlyTidewire(prepared), { 'tidewire:prepared': 1 },
      { against: 'tidewire' })),
  scenario('ping-pong', 'answers', 'Ping-pong 32 B, one message under way', 'ping-pong', text(32, { first: 500 }),
    beside([{}, { id: ':loop', label: ', own loop', args: ['--delivery', 'loop'] }]), { tidewire: 0.97 },
    { goalOf: 'p50' }),
  scenario('echo', 'answers', 'Pipelined echo 32 B, 64 messages under way', 'echo', text(32),
    beside(plain, { sends: true }), { tidewire: 1.3 }),
  scenario('connect', 'answers', 'Connect and close', 'connect', { bytes: 0, first: 50 }, beside(plain),
    { tidewire: 0.8 }),
  scenario('tls-receive-64', 'tls', 'TLS: receive 64 B, text', 'receive', text(64, { tls: true }), beside(plain),
    { tidewire: 1.3 }),
  scenario('tls-receive-64k', 'tls', 'TLS: receive 64 KiB, text', 'receive', text(65536, { tls: true }), beside(plain),
    { tidewire: 1.05 }),
  scenario('tls-send-64', 'tls', 'TLS: send 64 B, text', 'send', text(64, { tls: true }), beside(queues, { sends: true }),
    { tidewire: 20 }, { against: 'beast-sync' }),
  scenario('tls-send-64k', 'tls', 'TLS: send 64 KiB, text', 'send', text(65536, { tls: true }),
    beside(queues, { sends: true }), { tidewire: 1.0 }),
  scenario('session', 'session', 'Session: events of 100 B', 'receive', EVENT, onlyTidewire(events),
    { 'tidewire:events': 0.5, 'tidewire:joined': 0.5 }, { against: 'tidewire' }),
];
