import uPlot from 'uplot';

import { colourOf, priceChart, sizeOf, write } from '../chart.js';
import { Ledger } from './ledger.js';
import { keyOf } from './truth.js';

/** Ticks that the chart covers. */
const SHOWN = 200;

/** What a visitor reads of each state. */
const BADGES = {
  live: 'live',
  stale: 'stale',
  connecting: 'connecting',
  waiting: 'reconnecting',
  closing: 'closing',
  closed: 'closed',
  idle: 'idle',
};

/** One library: the price it shows, a chart of it above the truth, and its ledger. */
export class Pane {
  #element;
  #fields;
  #truth;
  #ledger;
  #feed = null;
  #price = null;
  #chart = null;

  /** `element` has the library's name as its label, and gets what `template` holds. */
  constructor(element, template, truth) {
    element.append(template.content.cloneNode(true));
    element.querySelector('h2').textContent = element.getAttribute('aria-label');
    this.#element = element;
    this.#truth = truth;
    this.#ledger = new Ledger(truth);
    this.#fields = Object.fromEntries(
      [...element.querySelectorAll('[data-role]')].map((field) => [field.dataset.role, field]),
    );
  }

  /** `open(handlers)` connects the library and returns what feeds.js describes. */
  connect(open) {
    this.#feed = open({
      onTick: (tick) => {
        this.#price = tick.price;
        this.#ledger.see(keyOf(tick));
      },
      onGap: () => ++this.#ledger.reported,
    });
  }

  /** The feed has sent the tick of this key. */
  send(key) {
    this.#ledger.send(key);
  }

  /** Brings up to date what changes with time alone. `seconds`: since the last call. */
  pass(seconds) {
    this.#ledger.pass(seconds, this.#badge === 'live');
  }

  render() {
    const badge = this.#badge;
    this.#element.dataset.badge = badge;
    this.#element.dataset.lie = badge === 'live' && this.#ledger.isStale;
    write(this.#fields.badge, BADGES[badge]);
    write(this.#fields.price, this.#price === null ? '–' : this.#price.toFixed(2));
    for (const name of ['sent', 'seen', 'lost', 'doubled', 'reported']) {
      this.#writeCount(name, this.#ledger[name]);
    }
    this.#writeCount('stale', this.#ledger.staleSeconds, this.#ledger.staleSeconds.toFixed(1));
    this.#draw();
  }

  /** Draws the chart again with the colours now in force. */
  recolour() {
    this.#chart?.redraw(false);
  }

  get #badge() {
    if (this.#feed.state !== 'open') {
      return this.#feed.state;
    }
    return this.#feed.isLive ? 'live' : 'stale';
  }

  #writeCount(name, count, text = String(count)) {
    write(this.#fields[name], text);
    this.#fields[name].dataset.some = count > 0;
  }

  #draw() {
    const first = this.#truth.first(SHOWN);
    const places = Array.from({ length: this.#truth.length - first }, (_, index) => first + index);
    const data = [
      places,
      places.map((place) => this.#truth.at(place).price),
      places.map((place) => (this.#ledger.has(place) ? this.#truth.at(place).price : null)),
    ];
    const box = this.#fields.chart;
    if (this.#chart === null) {
      this.#chart = new uPlot(chartOptions(box), data, box);
      new ResizeObserver(() => this.#chart.setSize(sizeOf(box))).observe(box);
    } else {
      this.#chart.setData(data);
    }
  }
}

/** So that the newest price enters at the right from the start. */
const placeRange = (_plot, _low, high) => [high - SHOWN, high];

function priceRange(_plot, low, high) {
  const margin = low === null ? 1 : Math.max((high - low) * 0.15, 0.1);
  return [(low ?? 0) - margin, (high ?? 0) + margin];
}

/** Marks what was sent and not seen. Neighbours are one area: their edges would show. */
function drawMissing(plot) {
  const [places, , seen] = plot.data;
  const width = plot.bbox.width / SHOWN;
  const leftOf = (place) => plot.valToPos(place, 'x', true) - width / 2;
  plot.ctx.fillStyle = colourOf(plot, '--missing');
  for (let from = 0; from < places.length; ++from) {
    let to = from;
    while (to < places.length && seen[to] === null) {
      ++to;
    }
    if (to > from) {
      plot.ctx.fillRect(leftOf(places[from]), plot.bbox.top, width * (to - from), plot.bbox.height);
      from = to;
    }
  }
}

function chartOptions(box) {
  return priceChart(box, {
    scales: { x: { time: false, range: placeRange }, y: { range: priceRange } },
    series: [
      {},
      { stroke: (plot) => colourOf(plot, '--muted'), width: 1, dash: [3, 3], points: { show: false } },
      {
        stroke: (plot) => colourOf(plot, '--busy'),
        width: 2.5,
        points: { show: false },
        spanGaps: false,
      },
    ],
    hooks: { drawAxes: [drawMissing] },
  });
}
