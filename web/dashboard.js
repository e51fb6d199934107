import { SymbolCard } from './card.js';
import { Status } from './status.js';
import { Client } from './tidewire.js';

/** Where the prices come from: this page's own server, unless the query names another. */
function tickerUrl() {
  const query = new URLSearchParams(location.search);
  const url = new URL(query.get('url') ?? '/ticker', location.href.replace(/^http/, 'ws'));
  for (const name of ['symbols', 'rate']) {
    if (query.has(name)) {
      url.searchParams.set(name, query.get(name));
    }
  }
  return url.href.replaceAll('%2C', ',');
}

const url = tickerUrl();
const status = new Status(document);
const board = document.querySelector('[data-role="cards"]');
const template = document.querySelector('#card');
const cards = new Map();
let frame = 0;

function cardFor(symbol) {
  let card = cards.get(symbol);
  if (!card) {
    card = new SymbolCard(symbol, template);
    cards.set(symbol, card);
    const next = [...cards.values()]
      .filter((other) => other.symbol > symbol)
      .sort((a, b) => (a.symbol < b.symbol ? -1 : 1))[0];
    board.insertBefore(card.element, next?.element ?? null);
    board.querySelector('[data-role="empty"]')?.remove();
  }
  return card;
}

/** However many messages arrive, the page is drawn once per frame. */
function drawSoon() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    for (const card of cards.values()) {
      card.render();
    }
  });
}

/** The server's message, or nothing if it is not one of the ticker's. */
function parse(data) {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

function receive({ data }) {
  status.countMessage();
  const message = parse(data);
  if (message?.error) {
    status.refused(message.error);
  }
  if (!Number.isFinite(message?.price)) {
    return;
  }
  cardFor(message.symbol).push(message);
  drawSoon();
}

const client = new Client(url, {
  heartbeat: { interval: 2000, timeout: 4000, message: 'ping', answer: 'pong' },
  reconnect: { firstDelay: 500, maxDelay: 5000 },
});
client.addEventListener('statechange', ({ to }) => status.enter(to));
client.addEventListener('open', (event) => status.opened(event));
client.addEventListener('message', receive);
client.addEventListener('heartbeat', ({ roundTrip }) => status.heartbeat(roundTrip));
client.addEventListener('close', (event) => {
  status.ended(event);
  for (const card of cards.values()) {
    card.interrupt();
  }
});

document.querySelector('[data-role="url"]').textContent = url;
document.querySelector('[data-role="reconnect"]').addEventListener('click', () => {
  if (client.state === 'closed') {
    client.connect();
  } else {
    client.reconnect();
  }
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const card of cards.values()) {
    card.recolour();
  }
});
setInterval(() => status.tick(), 100);
setInterval(() => status.measure(), 1000);
client.connect();
