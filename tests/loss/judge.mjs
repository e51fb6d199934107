// Compares what clients were told with what the server says it did: docs/protocol.md, sections 5 and 6.

/** What one process of the server did, by its `--stream-log`. */
class Life {
  epochs = new Map(); // Of a name, { channel, seq, evictedBefore }: the last, for each how far was evicted before it came.
  publishes = [];

  constructor(lines, faults) {
    const present = new Map(); // Of a channel, its epoch.
    for (const line of lines) {
      if ('evicted' in line) {
        present.get(line.evicted).evicted = line.to;
      } else if ('session' in line) {
        const { name, seq } = present.get(line.channel);
        if (seq !== line.seq) faults.push(`the server logs publish ${line.seq} of ${line.channel} out of its place`);
        this.publishes.push({ ...line, epoch: name });
      } else {
        if (!this.epochs.has(line.epoch)) {
          const epoch = { name: line.epoch, channel: line.channel, seq: 0, evicted: 0, evictedBefore: [] };
          this.epochs.set(line.epoch, epoch);
          present.set(line.channel, epoch);
        }
        const epoch = present.get(line.channel);
        if (line.epoch !== epoch.name || line.seq !== epoch.seq + 1) {
          faults.push(`the server logs ${line.channel} ${line.epoch} ${line.seq} behind ${epoch.name} ${epoch.seq}`);
        }
        epoch.evictedBefore[line.seq] = epoch.evicted;
        epoch.seq = line.seq;
      }
    }
    this.present = present;
  }
}

/** One subscription of a client, told line by line. */
class Subscription {
  position = undefined; // { epoch, seq }
  epochsChanged = 0;
  counts = { events: 0, skipped: 0, gaps: 0, missed: 0, epochs: 0 };

  constructor({ channel, conflate }, judge) {
    Object.assign(this, { channel, conflate, judge });
  }

  fault(what) {
    const { epoch, seq } = this.position ?? {};
    this.judge.faults.push(`${this.channel}, at ${epoch} ${seq}: ${what}`);
  }

  epoch(name) {
    return this.judge.epochs.get(name);
  }

  onSubscribed({ epoch, seq }) {
    const known = this.epoch(epoch);
    // Nothing has ever happened in a room that the server does not tell of.
    if (known ? known.channel !== this.channel || seq > known.seq : seq !== 0) {
      this.fault(`subscribed to ${epoch} ${seq}, where the server never was`);
    }
    const changed = this.position !== undefined && epoch !== this.position.epoch;
    if (changed && !this.toldOfEpoch) this.fault(`the epoch became ${epoch}, and no gap told it`);
    if (!changed && this.toldOfEpoch) this.fault('a gap told of another epoch, and it is the same');
    if (!changed && this.position && seq !== this.position.seq) this.fault(`subscribed at ${seq}`);
    if (changed && known && this.epoch(this.position.epoch)?.life > known.life) this.fault('an epoch came back');
    this.toldOfEpoch = false;
    this.position = { epoch, seq };
  }

  onEvent({ seq, skipped, message, spoilt }) {
    if (!this.position || this.toldOfEpoch) {
      this.fault(`event ${seq} came before an answer`);
      return;
    }
    if (seq !== this.position.seq + 1 + skipped) this.fault(`event ${seq} came with ${skipped} skipped`);
    if (skipped > 0 && !this.conflate) this.fault(`event ${seq} skips ${skipped}, which nobody allowed`);
    if (!(seq <= this.epoch(this.position.epoch)?.seq)) this.fault(`event ${seq} was never in the channel`);
    if (spoilt || message === 0) this.fault(`event ${seq} has another body`);
    this.position.seq = seq;
    this.counts.events += 1;
    this.counts.skipped += skipped;
    if (message) this.judge.messageCame(message, this.channel, { ...this.position });
  }

  onGap({ from, to }) {
    this.counts.gaps += 1;
    if (!this.position) {
      this.fault('a gap before everything');
    } else if (from === undefined) {
      this.counts.epochs += 1;
      this.toldOfEpoch = true;
    } else {
      this.onRange(from, to);
    }
  }

  /** It was told when `to` was the newest event: then `from` had to be gone, or for the latest only, `to` itself. */
  onRange(from, to) {
    const { seq, epoch } = this.position;
    const known = this.epoch(epoch);
    if (from !== seq + 1 || to < from) this.fault(`a gap from ${from} to ${to}`);
    if (!(to <= known?.seq)) this.fault(`a gap to ${to}, where the channel never was`);
    const evicted = to < known?.seq ? known.evictedBefore[to + 1] : known?.evicted;
    if (!(evicted >= (this.conflate ? to : from))) this.fault(`a gap from ${from} to ${to}, but the server had them`);
    this.counts.missed += to - from + 1;
    this.position.seq = to;
  }
}

/** What one client was told, all of whose publishes are in rooms of its own. */
class Client {
  subscriptions = [];
  published = new Map(); // Of a message's number, its channel.
  acks = new Map();
  places = new Map(); // Of a message's number, where it came.
  last = new Map(); // Of a channel, the number of the last message that came.
  counts = { opened: 0, closed: 0, events: 0, skipped: 0, gaps: 0, missed: 0, epochs: 0, published: 0, unknown: 0 };

  constructor(epochs, faults) {
    Object.assign(this, { epochs, faults });
  }

  tell(line) {
    const [[what, number]] = Object.entries(line);
    const subscription = this.subscriptions[number];
    if (what === 'subscribe') this.subscriptions[number] = new Subscription(line, this);
    else if (what === 'subscribed') subscription.onSubscribed(line);
    else if (what === 'event') subscription.onEvent(line);
    else if (what === 'gap') subscription.onGap(line);
    else if (what === 'end') subscription.fault(`ended with ${line.code}`);
    else if (what === 'publish') this.published.set(number, line.channel);
    else if (what === 'ack') this.acked(number, line);
    else if (what === 'open') this.counts.opened += 1;
    else if (what === 'close') this.counts.closed += 1;
    else if (what === 'over') this.over = true;
    else this.faults.push(`the client says ${JSON.stringify(line)}`);
  }

  acked(number, ack) {
    if (!this.published.has(number)) this.faults.push(`message ${number} was acknowledged and never published`);
    if (this.acks.has(number)) this.faults.push(`message ${number} was acknowledged twice`);
    if (!['Published', 'Unknown'].includes(ack.outcome)) {
      this.faults.push(`message ${number} ended as ${ack.outcome} ${ack.code}`);
    }
    this.acks.set(number, ack);
    this.counts[ack.outcome === 'Published' ? 'published' : 'unknown'] += 1;
  }

  messageCame(number, channel, place) {
    if (this.published.get(number) !== channel) this.faults.push(`message ${number} came in ${channel}`);
    if (this.places.has(number)) this.faults.push(`message ${number} came twice`);
    if (number < this.last.get(channel)) this.faults.push(`message ${number} came late in ${channel}`);
    this.places.set(number, place);
    this.last.set(channel, number);
  }

  /** Against what the server says it took. */
  judgePublishes(publishes) {
    const rooms = new Set(this.published.values());
    const taken = publishes.filter(({ channel }) => rooms.has(channel));
    const places = new Map(); // Of a channel and a number in it, in how many epochs something was published there.
    const placeOf = (channel, seq) => `${channel} ${seq}`;
    for (const { channel, seq } of taken) places.set(placeOf(channel, seq), (places.get(placeOf(channel, seq)) ?? 0) + 1);
    for (const [number, channel] of this.published) {
      const ack = this.acks.get(number);
      if (ack === undefined) {
        this.faults.push(`nobody told what became of message ${number}`);
      } else if (ack.outcome === 'Published') {
        const place = placeOf(channel, ack.seq);
        const left = places.get(place) ?? 0;
        if (left === 0) this.faults.push(`message ${number} was acknowledged as ${place}, where the server has none`);
        places.set(place, left - 1);
        const came = this.places.get(number);
        if (came && came.seq !== ack.seq) this.faults.push(`message ${number} came as ${came.seq}, not as ${place}`);
      }
    }
    const { published, unknown } = this.counts;
    if (taken.length < published || taken.length > published + unknown) {
      this.faults.push(`${taken.length} publishes were taken, ${published} acknowledged, and ${unknown} are in doubt`);
    }
    this.counts.taken = taken.length;
  }

  judgeEnd(present, { complete }) {
    if (!this.over) this.faults.push('the client did not come to its end');
    for (const subscription of this.subscriptions) {
      const { position, channel, counts } = subscription;
      if (subscription.toldOfEpoch) subscription.fault('a gap told of another epoch, and nothing followed');
      const { name, seq } = present.get(channel) ?? {};
      if (name && position?.epoch !== name) subscription.fault(`at the end the epoch is ${name}`);
      if (name && !(position?.seq >= this.heads?.get(channel))) subscription.fault(`the channel was at ${seq}`);
      if (complete && counts.gaps > 0) subscription.fault(`${counts.gaps} gaps, although everything was kept`);
      for (const [count, value] of Object.entries(counts)) this.counts[count] += value;
    }
    if (complete) this.judgeCompleteness();
  }

  judgeCompleteness() {
    if (this.counts.unknown > 0) this.faults.push(`${this.counts.unknown} publishes in doubt, at a server that remembers`);
    for (const number of this.published.keys()) {
      if (!this.places.has(number)) this.faults.push(`message ${number} never came`);
    }
  }
}

function judgeOnce(publishes, faults) {
  const seen = new Set();
  for (const { session, id, channel } of publishes) {
    const key = `${session} ${id}`;
    if (seen.has(key)) faults.push(`publish ${id} of ${session} was taken twice, now in ${channel}`);
    seen.add(key);
  }
}

/**
 * - `lives`: for each process of the server, one after the other, the parsed lines of its `--stream-log`
 * - `clients`: for each client, its `name`, the parsed `lines` that it printed, and `heads`, where each channel at least
 *   stands for it in the end
 * - `complete`: the server kept everything, and was one process: nothing is missing, nothing in doubt
 *
 * Answers { faults, counts }: what does not hold, in words, and by the name of each client what it was told how often.
 */
export function judge({ lives, clients, complete = false }) {
  const faults = [];
  const epochs = new Map();
  const told = lives.map((lines) => new Life(lines, faults));
  told.forEach((life, index) => life.epochs.forEach((epoch, name) => {
    if (epochs.has(name)) faults.push(`epoch ${name} was used twice`);
    epochs.set(name, { ...epoch, life: index });
  }));
  const publishes = told.flatMap((life) => life.publishes);
  judgeOnce(publishes, faults);
  const counts = {};
  for (const { name, lines, heads } of clients) {
    const mine = [];
    const client = new Client(epochs, mine);
    client.heads = heads;
    for (const line of lines) client.tell(line);
    client.judgePublishes(publishes);
    client.judgeEnd(told.at(-1).present, { complete });
    faults.push(...mine.map((fault) => `${name}: ${fault}`));
    counts[name] = client.counts;
  }
  return { faults, counts };
}
