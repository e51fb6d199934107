// The ledger of the comparison page: what it counts, for deliveries that are given here.

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

import { Ledger } from '../../web/compare/ledger.js';
import { Truth, keyOf } from '../../web/compare/truth.js';

/** A feed whose clock is `pass(ms)`, and a ledger of it. */
function startFeed(context) {
  let now = 0;
  const clock = mock.method(performance, 'now', () => now);
  context.after(() => clock.mock.restore());
  const truth = new Truth();
  const ledger = new Ledger(truth);
  const tickOf = (seq) => ({ seq, ts: 1000 + seq, price: seq });
  return {
    ledger,
    truth,
    send: (...seqs) => seqs.forEach((seq) => ledger.send(truth.add(tickOf(seq)))),
    see: (...seqs) => seqs.forEach((seq) => ledger.see(keyOf(tickOf(seq)))),
    pass: (ms) => (now += ms),
  };
}

test('ledger: counting begins with the first tick that is delivered', (context) => {
  const { ledger, send, see, pass } = startFeed(context);
  send(1, 2, 3, 4);
  see(3, 4);
  pass(2000);
  assert.deepEqual([ledger.sent, ledger.seen, ledger.lost], [2, 2, 0]);
});

test('ledger: a tick that has not come for a second is lost, until it comes', (context) => {
  const { ledger, send, see, pass } = startFeed(context);
  send(1, 2, 3);
  see(1, 3);
  assert.equal(ledger.lost, 0);
  pass(1000);
  assert.equal(ledger.lost, 1);
  see(2);
  assert.equal(ledger.lost, 0);
  assert.equal(ledger.seen, 3);
});

test('ledger: what follows the newest delivered tick is lost as well', (context) => {
  const { ledger, send, see, pass } = startFeed(context);
  send(1);
  see(1);
  send(2, 3);
  pass(1000);
  send(4);
  assert.equal(ledger.lost, 2);
});

test('ledger: a second copy is doubled, also of a tick that came before it was known to be sent', (context) => {
  const { ledger, send, see } = startFeed(context);
  send(1);
  see(1, 1);
  see(2, 2);
  send(2);
  see(2);
  assert.equal(ledger.doubled, 3);
  assert.equal(ledger.seen, 2);
});

test('ledger: time counts as stale only if a newer price is a second old and the old one is shown as live', (context) => {
  const { ledger, send, see, pass } = startFeed(context);
  send(1);
  see(1);
  pass(5000);
  ledger.pass(5, true);
  assert.equal(ledger.staleSeconds, 0);
  send(2);
  pass(999);
  ledger.pass(1, true);
  assert.equal(ledger.staleSeconds, 0);
  pass(2);
  ledger.pass(1, false);
  assert.equal(ledger.staleSeconds, 0);
  ledger.pass(1, true);
  assert.equal(ledger.staleSeconds, 1);
  see(2);
  ledger.pass(1, true);
  assert.equal(ledger.staleSeconds, 1);
});

test('truth: ticks older than ten minutes are forgotten', (context) => {
  const { truth, send } = startFeed(context);
  send(...Array.from({ length: 6010 }, (_, index) => index));
  assert.equal(truth.at(9), undefined);
  assert.equal(truth.placeOf('9@1009'), undefined);
  assert.equal(truth.at(10).price, 10);
  assert.equal(truth.placeOf('10@1010'), 10);
});
