// What the feed has sent, which neither library knows: the measure of both.

/** Ticks that are remembered: ten minutes of them. */
const REMEMBERED = 6000;

/** A tick is the same for the feed, the ledger and the libraries if this is. */
export const keyOf = ({ seq, ts }) => `${seq}@${ts}`;

/** Everything that was sent, in order, by place: 0, 1, 2, … */
export class Truth {
  /** The next place. */
  length = 0;
  #ticks = new Map();
  #places = new Map();

  add({ seq, ts, price }) {
    const tick = { key: keyOf({ seq, ts }), price, sentAt: performance.now() };
    this.#ticks.set(this.length, tick);
    this.#places.set(tick.key, this.length++);
    const oldest = this.length - 1 - REMEMBERED;
    this.#places.delete(this.#ticks.get(oldest)?.key);
    this.#ticks.delete(oldest);
    return tick.key;
  }

  at(place) {
    return this.#ticks.get(place);
  }

  /** Undefined if it was not sent, or has been forgotten. */
  placeOf(key) {
    return this.#places.get(key);
  }

  /** The place of the first tick that is remembered and belongs to the last `count`. */
  first(count) {
    return Math.max(0, this.length - Math.min(count, REMEMBERED));
  }
}
