// Compares what a library has delivered with what was sent.

/** A price is stale once a newer one has been out for so long, in milliseconds, and a tick lost that has not come. */
const STALE_AFTER = 1000;

/** How far behind the newest tick a second copy is still recognised. */
const RECOGNISED = 6000;

export class Ledger {
  doubled = 0;
  /** Ticks of which the library has said that they are lost. */
  reported = 0;
  /** Seconds in which a stale price was shown as live. */
  staleSeconds = 0;
  #truth;
  #first = null; // The first place that counts: the libraries need not connect at the same moment.
  #newest = -1;
  #seen = new Set();
  #unique = 0;
  #early = new Set(); // Delivered before this page knew that they were sent.

  constructor(truth) {
    this.#truth = truth;
  }

  /** A library has delivered the tick of this key. */
  see(key) {
    const place = this.#truth.placeOf(key);
    if (place === undefined) {
      this.#early.has(key) ? ++this.doubled : this.#early.add(key);
    } else if (this.#seen.has(place)) {
      ++this.doubled;
    } else {
      this.#take(place);
    }
  }

  /** The feed has sent the tick of this key. */
  send(key) {
    if (this.#early.delete(key)) {
      this.#take(this.#truth.placeOf(key));
    }
  }

  has(place) {
    return this.#seen.has(place);
  }

  get sent() {
    return this.#first === null ? 0 : this.#truth.length - this.#first;
  }

  get seen() {
    return this.#unique;
  }

  /** Ticks that were sent some time ago and have not been delivered. They may still come. */
  get lost() {
    if (this.#first === null) {
      return 0;
    }
    let settled = this.#truth.length;
    let recent = 0;
    while (settled > this.#first && performance.now() - this.#truth.at(settled - 1).sentAt < STALE_AFTER) {
      recent += this.#seen.has(--settled) ? 1 : 0;
    }
    return settled - this.#first - (this.#unique - recent);
  }

  /** Whether a newer price than the one shown has been out for too long. */
  get isStale() {
    const next = this.#truth.at(this.#newest + 1);
    return this.#first !== null && next !== undefined && performance.now() - next.sentAt > STALE_AFTER;
  }

  /** Counts the time that has passed, if a stale price was shown as live in it. */
  pass(seconds, isShownAsLive) {
    if (isShownAsLive && this.isStale) {
      this.staleSeconds += seconds;
    }
  }

  #take(place) {
    this.#first ??= place;
    if (place < this.#first) {
      return;
    }
    ++this.#unique;
    this.#seen.add(place);
    this.#newest = Math.max(this.#newest, place);
    this.#seen.delete(this.#newest - RECOGNISED);
  }
}
