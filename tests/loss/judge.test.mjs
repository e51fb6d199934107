// What the judge of the loss test has to find, one fabricated story each.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { judge } from './judge.mjs';

const append = (channel, epoch, seq) => ({ channel, epoch, seq });
const taken = (id, channel, seq) => ({ session: 's', id, channel, seq });
const evicted = (channel, to) => ({ evicted: channel, to });

/** A story in which all is well: a reliable channel, one for the latest events, a room; no line of it is shared. */
function story() {
  const server = [];
  for (const seq of [1, 2, 3, 4, 5]) server.push(append('t', 'e-t', seq), append('l', 'e-l', seq));
  server.push(append('r', 'e-r', 1), taken(10, 'r', 1), append('r', 'e-r', 2), taken(11, 'r', 2));
  const client = [
    { subscribe: 0, channel: 'r', conflate: false },
    { subscribe: 1, channel: 't', conflate: false },
    { subscribe: 2, channel: 'l', conflate: true },
    { open: 1, resumed: false },
    { subscribed: 0, epoch: 'e-r', seq: 0 },
    { subscribed: 1, epoch: 'e-t', seq: 1 },
    { subscribed: 2, epoch: 'e-l', seq: 1 },
    { publish: 1, channel: 'r' },
    { publish: 2, channel: 'r' },
    { event: 1, seq: 2, skipped: 0 },
    { event: 2, seq: 2, skipped: 0 },
    { event: 0, seq: 1, skipped: 0, message: 1 },
    { ack: 1, outcome: 'Published', seq: 1, code: '' },
    { close: 'ConnectionLost', code: 1006 },
    { open: 2, resumed: true },
    { subscribed: 0, epoch: 'e-r', seq: 1 },
    { subscribed: 1, epoch: 'e-t', seq: 2 },
    { subscribed: 2, epoch: 'e-l', seq: 2 },
    { event: 0, seq: 2, skipped: 0, message: 2 },
    { ack: 2, outcome: 'Published', seq: 2, code: '' },
    { event: 1, seq: 3, skipped: 0 },
    { event: 1, seq: 4, skipped: 0 },
    { event: 1, seq: 5, skipped: 0 },
    { event: 2, seq: 5, skipped: 2 },
    { over: true },
  ];
  return { lives: [server], lines: client, heads: new Map([['t', 5], ['l', 5], ['r', 2]]), complete: true };
}

function verdictOn({ lives, lines, heads, complete }) {
  return judge({ lives, clients: [{ name: 'one', lines, heads }], complete });
}

/** The index of the line that has all of this. */
function at(lines, wanted) {
  const index = lines.findIndex((line) => Object.entries(wanted).every(([name, value]) => line[name] === value));
  assert.notEqual(index, -1, JSON.stringify(wanted));
  return index;
}

const remove = (lines, wanted) => lines.splice(at(lines, wanted), 1);
const repeat = (lines, wanted) => lines.splice(at(lines, wanted), 0, lines[at(lines, wanted)]);
const change = (lines, wanted, fields) => Object.assign(lines[at(lines, wanted)], fields);
const insert = (lines, wanted, ...more) => lines.splice(at(lines, wanted), 0, ...more);

test('a story in which all is well has no fault, and is counted', () => {
  const { faults, counts } = verdictOn(story());
  assert.deepEqual(faults, []);
  const { events, skipped, gaps, published, taken: took, opened, closed } = counts.one;
  assert.deepEqual([events, skipped, gaps, published, took, opened, closed], [8, 2, 0, 2, 2, 2, 1]);
});

/** The server kept less: t 3 and 4 went before 5 came, and were missed. */
function short() {
  const made = { ...story(), complete: false };
  insert(made.lives[0], { channel: 't', seq: 5 }, evicted('t', 3));
  for (const seq of [3, 4]) remove(made.lines, { event: 1, seq });
  insert(made.lines, { subscribed: 1, seq: 2 }, { gap: 1, from: 3, to: 4 });
  change(made.lines, { subscribed: 1, seq: 2 }, { seq: 4 });
  return made;
}

/** The server was killed behind the second event; message 2 is in doubt. The next one begins anew. */
function killed() {
  const made = { ...story(), complete: false };
  const [server] = made.lives;
  const next = [append('t', 'f-t', 1), append('t', 'f-t', 2), append('l', 'f-l', 1), append('r', 'f-r', 1), taken(12, 'r', 1)];
  made.lives = [server, next];
  made.lines.splice(at(made.lines, { open: 2 }), Infinity,
    { open: 2, resumed: false },
    { ack: 2, outcome: 'Unknown', seq: 0, code: 'connection-lost' },
    { publish: 3, channel: 'r' },
    { gap: 0 },
    { subscribed: 0, epoch: 'f-r', seq: 0 },
    { gap: 1 },
    { subscribed: 1, epoch: 'f-t', seq: 1 },
    { gap: 2 },
    { subscribed: 2, epoch: 'f-l', seq: 1 },
    { event: 0, seq: 1, skipped: 0, message: 3 },
    { ack: 3, outcome: 'Published', seq: 1, code: '' },
    { event: 1, seq: 2, skipped: 0 },
    { over: true });
  made.heads = new Map([['t', 2], ['l', 1], ['r', 1]]);
  return made;
}

test('a gap over what was evicted has no fault', () => {
  const { faults, counts } = verdictOn(short());
  assert.deepEqual(faults, []);
  assert.deepEqual([counts.one.gaps, counts.one.missed, counts.one.epochs], [1, 2, 0]);
});

test('another epoch that a gap told has no fault, nor has a publish in doubt, made or not', () => {
  const { faults, counts } = verdictOn(killed());
  assert.deepEqual(faults, []);
  assert.deepEqual([counts.one.epochs, counts.one.unknown, counts.one.published, counts.one.taken], [3, 1, 2, 3]);
  const made = killed();
  made.lives[0].splice(-2); // Nor if the server that was killed had not taken it.
  assert.deepEqual(verdictOn(made).faults, []);
});

// What is done to a story, and what the judge has to say about it.
const breaches = [
  ['an event is missing', story, ({ lines }) => remove(lines, { event: 1, seq: 4 }), /event 5 came with 0 skipped/],
  ['an event came twice', story, ({ lines }) => repeat(lines, { event: 1, seq: 3 }), /event 3 came with 0 skipped/],
  ['events came out of order', story, ({ lines }) => {
    change(lines, { event: 1, seq: 3 }, { seq: 0 });
    change(lines, { event: 1, seq: 4 }, { seq: 3 });
    change(lines, { event: 1, seq: 0 }, { seq: 4 });
  }, /event 4 came with 0 skipped/],
  ['the last events never came', story, ({ lines }) => remove(lines, { event: 1, seq: 5 }), /the channel was at 5/],
  ['the last event of the latest only never came', story, ({ lines }) => remove(lines, { event: 2, seq: 5 }), /the channel was at 5/],
  ['an event was never published', story, ({ lines }) => {
    insert(lines, { over: true }, { event: 1, seq: 6, skipped: 0 });
  }, /event 6 was never in the channel/],
  ['an event has the body of another', story, ({ lines }) => change(lines, { event: 1, seq: 4 }, { spoilt: true }), /event 4 has another body/],
  ['a message was spoilt', story, ({ lines }) => change(lines, { event: 0, seq: 1 }, { message: 0 }), /event 1 has another body/],
  ['the skips do not add up', story, ({ lines }) => change(lines, { event: 2, seq: 5 }, { skipped: 1 }), /event 5 came with 1 skipped/],
  ['seq falls in a channel of the latest only', story, ({ lines }) => {
    insert(lines, { over: true }, { event: 2, seq: 4, skipped: 0 });
  }, /event 4 came with 0 skipped/],
  ['a reliable subscription skips', story, ({ lines }) => {
    remove(lines, { event: 1, seq: 4 });
    change(lines, { event: 1, seq: 5 }, { skipped: 1 });
  }, /event 5 skips 1, which nobody allowed/],
  ['an event came before an answer', story, ({ lines }) => insert(lines, { open: 1 }, { event: 1, seq: 1, skipped: 0 }), /before an answer/],
  ['a subscription ended', story, ({ lines }) => insert(lines, { over: true }, { end: 1, code: 'internal' }), /ended with internal/],
  ['a subscription was resumed elsewhere', story, ({ lines }) => change(lines, { subscribed: 1, seq: 2 }, { seq: 3 }), /subscribed at 3/],
  ['a subscription began where the server never was', story, ({ lines }) => {
    change(lines, { subscribed: 1, seq: 1 }, { epoch: 'e-l' });
  }, /the server never was/],
  ['there is a gap, although everything was kept', () => ({ ...short(), complete: true }), () => {}, /1 gaps, although/],
  ['a gap covers what the server had', short, ({ lives }) => remove(lives[0], { evicted: 't' }), /a gap from 3 to 4, but the server had them/],
  ['a gap was told before the server evicted', short, ({ lives }) => {
    lives[0].push(...lives[0].splice(at(lives[0], { evicted: 't' }), 1));
  }, /a gap from 3 to 4, but the server had them/],
  ['a gap begins too late', short, ({ lines }) => change(lines, { gap: 1 }, { from: 4 }), /a gap from 4 to 4/],
  ['a gap ends too early', short, ({ lines }) => {
    change(lines, { gap: 1 }, { to: 3 });
    change(lines, { subscribed: 1, seq: 4 }, { seq: 3 });
  }, /event 5 came with 0 skipped/],
  ['a gap ends where the channel never was', short, ({ lines }) => change(lines, { gap: 1 }, { to: 9 }), /a gap to 9/],
  ['a gap was not told', short, ({ lines }) => remove(lines, { gap: 1 }), /subscribed at 4/],
  ['a gap was told twice', short, ({ lines }) => repeat(lines, { gap: 1 }), /a gap from 3 to 4/],
  ['a gap of the latest only misses what the server had', story, (made) => {
    made.complete = false;
    insert(made.lives[0], { channel: 'l', seq: 4 }, evicted('l', 2));
    insert(made.lines, { subscribed: 2, seq: 2 }, { gap: 2, from: 3, to: 3 });
    change(made.lines, { subscribed: 2, seq: 2 }, { seq: 3 });
    change(made.lines, { event: 2, seq: 5 }, { skipped: 1 });
  }, /a gap from 3 to 3, but the server had them/],
  ['a gap tells of another epoch that is the same', story, ({ lines }) => insert(lines, { subscribed: 1, seq: 2 }, { gap: 1 }), /and it is the same/],
  ['the epoch changes silently', killed, ({ lines }) => remove(lines, { gap: 1 }), /no gap told it/],
  ['an epoch was told and nothing followed', killed, ({ lines }) => insert(lines, { over: true }, { gap: 1 }), /nothing followed/],
  ['the client stays in an old epoch', killed, ({ lines }) => {
    remove(lines, { gap: 2 });
    remove(lines, { subscribed: 2, epoch: 'f-l' });
  }, /at the end the epoch is f-l/],
  ['an old epoch comes back', killed, ({ lines }) => {
    insert(lines, { over: true }, { gap: 2 }, { subscribed: 2, epoch: 'e-l', seq: 5 });
  }, /an epoch came back/],
  ['two servers use one epoch', killed, ({ lives, lines }) => {
    change(lives[1], { epoch: 'f-l' }, { epoch: 'e-l' });
    change(lines, { subscribed: 2, epoch: 'f-l' }, { epoch: 'e-l' });
  }, /epoch e-l was used twice/],
  ['a publish was taken twice', story, ({ lives }) => lives[0].push(append('r', 'e-r', 3), taken(11, 'r', 3)), /publish 11 of s was taken twice/],
  ['a publish was taken by two servers', killed, ({ lives }) => lives[1].push(append('r', 'f-r', 2), taken(11, 'r', 2)), /publish 11 of s was taken twice/],
  ['a message came twice', story, ({ lives, lines, heads }) => {
    lives[0].push(append('r', 'e-r', 3), taken(12, 'r', 3));
    insert(lines, { over: true }, { event: 0, seq: 3, skipped: 0, message: 2 });
    heads.set('r', 3);
  }, /message 2 came twice/],
  ['more was taken than published', story, ({ lives }) => lives[0].push(append('r', 'e-r', 3), taken(12, 'r', 3)), /3 publishes were taken, 2 acknowledged/],
  ['messages came out of their order', story, ({ lines }) => {
    change(lines, { event: 0, seq: 1 }, { message: 2 });
    change(lines, { event: 0, seq: 2 }, { message: 1 });
  }, /message 1 came late/],
  ['a message came in another room', story, ({ lines }) => change(lines, { publish: 2 }, { channel: 'x' }), /message 2 came in r/],
  ['a message never came', story, ({ lines }) => change(lines, { event: 0, seq: 2 }, { message: undefined }), /message 2 never came/],
  ['an acknowledgement never came', story, ({ lines }) => remove(lines, { ack: 2 }), /nobody told what became of message 2/],
  ['an acknowledgement came twice', story, ({ lines }) => repeat(lines, { ack: 2 }), /message 2 was acknowledged twice/],
  ['an acknowledgement is of no publish', story, ({ lines }) => insert(lines, { over: true }, { ack: 7, outcome: 'Unknown' }), /7 was acknowledged and never/],
  ['an acknowledgement names another place', story, ({ lines }) => change(lines, { ack: 2 }, { seq: 1 }), /where the server has none/],
  ['two acknowledgements name each other\'s places', story, ({ lines }) => {
    change(lines, { ack: 1 }, { seq: 2 });
    change(lines, { ack: 2 }, { seq: 1 });
  }, /message 1 came as 1, not as r 2/],
  ['a publish that was lost was acknowledged', story, ({ lives }) => lives[0].splice(-2), /where the server has none/],
  ['a publish was refused', story, ({ lines }) => change(lines, { ack: 2 }, { outcome: 'Refused', code: 'rate-limited' }), /ended as Refused rate-limited/],
  ['a publish was never sent', story, ({ lines }) => change(lines, { ack: 2 }, { outcome: 'NotSent' }), /ended as NotSent/],
  ['a publish is in doubt at a server that remembers', story, ({ lines }) => change(lines, { ack: 2 }, { outcome: 'Unknown' }), /1 publishes in doubt/],
  ['the client did not end', story, ({ lines }) => remove(lines, { over: true }), /did not come to its end/],
  ['the client rejects a publish', story, ({ lines }) => insert(lines, { over: true }, { rejected: 3, result: 'QueueFull' }), /the client says/],
  ['the server leaves a number out', story, ({ lives }) => remove(lives[0], { channel: 't', seq: 3 }), /the server logs t e-t 4 behind e-t 2/],
];
for (const [what, make, breach, fault] of breaches) {
  test(`it is found that ${what}`, () => {
    const made = make();
    breach(made);
    const { faults } = verdictOn(made);
    assert.ok(faults.some((each) => fault.test(each)), JSON.stringify(faults));
  });
}
