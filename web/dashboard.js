import { SymbolCard } from './card.js';
import { Status } from './status.js';
import { Session } from 'tidewire';

const query = new URLSearchParams(location.search);

/** Where the prices come from: this page's own server, unless the query names another. */
const url = new URL(query.get('url') ?? '/stream', location.href.replace(/^http/, 'ws')).href;

/** The symbols that the query asks for; without any, all that there are. */
const wanted = query.get('symbols')?.split(',').filter(Boolean) ?? [];

const status = new Status(document);
const board = document.querySelector('[data-role="cards"]');
const template = document.querySelector('#card');
const cards = new Map();
let frame = 0;

/** However many events arrive, the page is drawn once per frame. */
function drawSoon() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    for (const card of cards.values()) {
      card.render();
    }
  });
}

/** Brings up to date what changes with time alone. */
function tick() {
  for (const card of cards.values()) {
    card.tick();
  }
  const priced = [...cards.values()].filter(({ hasPrice }) => hasPrice);
  status.tick(priced.length > 0 && priced.every(({ isStale }) => isStale));
}

/** A card for the symbol, in its place among the others, which follows its channel from now on. */
function follow(symbol) {
  if (cards.has(symbol)) {
    return;
  }
  const card = new SymbolCard(symbol, template);
  cards.set(symbol, card);
  const [next] = [...cards.keys()].filter((other) => other > symbol).sort();
  board.insertBefore(card.element, cards.get(next)?.element ?? null);
  board.querySelector('[data-role="empty"]')?.remove();
  card.subscription = session.subscribe(
    `ticker/${symbol}`,
    { conflate: true, replay: 1 },
    {
      onEvent(event) {
        status.countEvent();
        const tick = event.json();
        if (Number.isFinite(tick?.price)) {
          card.push(tick, event.skipped);
          drawSoon();
        }
      },
      onGap: () => card.miss(),
      onEnd: ({ error }) => card.end(error),
    },
  );
}

/** Another server may know other symbols, so it is asked anew with every connection. */
async function followAll() {
  try {
    const reply = await session.request('symbols', '', { idempotent: true });
    const known = reply.json();
    (Array.isArray(known) ? known : []).forEach(follow);
  } catch (error) {
    status.refused(error.message || error.code);
  }
}

/** Instead of waiting for a first price that will not come. */
function explainEmptiness({ neverOpened, willRetry }) {
  const empty = board.querySelector('[data-role="empty"]');
  if (empty && (neverOpened || !willRetry)) {
    empty.textContent = 'No connection so far. The address, the network, or the server’s certificate may be wrong.';
  }
}

const session = new Session(url, {
  heartbeat: { interval: 2000, timeout: 4000 },
  reconnect: { firstDelay: 500, maxDelay: 5000 },
});
session.addEventListener('statechange', ({ to }) => {
  status.enter(to);
  tick();
});
session.addEventListener('open', (event) => {
  status.opened(event);
  if (wanted.length === 0) {
    followAll();
  }
});
session.addEventListener('heartbeat', ({ roundTrip }) => status.heartbeat(roundTrip));
session.addEventListener('error', ({ code, message }) => status.refused(message || code));
session.addEventListener('close', (event) => {
  status.ended(event);
  explainEmptiness(event);
  for (const card of cards.values()) {
    card.interrupt();
  }
});

document.querySelector('[data-role="url"]').textContent = url;
document.querySelector('[data-role="reconnect"]').addEventListener('click', () => {
  if (session.state === 'closed') {
    session.connect();
  } else {
    session.reconnect();
  }
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const card of cards.values()) {
    card.recolour();
  }
});
setInterval(tick, 100);
setInterval(() => status.measure(), 1000);
wanted.forEach(follow);
session.connect();

// For the tests, which draw one alone.
export { SymbolCard };
