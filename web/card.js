import uPlot from 'uplot';

import { colourOf, priceChart, sizeOf, write } from './chart.js';

const MAX_POINTS = 300;
/** A price is never stale before this age, in milliseconds. */
const LEAST_STALE = 1000;

/**
 * One symbol: its newest price, how old that is, what was missed, and the chart of its last prices. `push` is cheap;
 * `render` belongs in a frame.
 */
export class SymbolCard {
  /** Where the ticks come from. */
  subscription = null;
  #element;
  #fields;
  #times = [];
  #prices = [];
  #chart;
  #tick;
  #changed = false;
  #skipped = 0;
  #gaps = 0;
  #arrivedAt = null;
  #usualDistance = 0;

  constructor(symbol, template) {
    this.#element = template.content.cloneNode(true).firstElementChild;
    this.#element.dataset.symbol = symbol;
    this.#fields = Object.fromEntries(
      [...this.#element.querySelectorAll('[data-role]')].map((field) => [field.dataset.role, field]),
    );
    this.#fields.symbol.textContent = symbol;
  }

  get element() {
    return this.#element;
  }

  /** Takes a tick, and how many before it were left out; it shows with the next `render`. */
  push(tick, skipped) {
    this.#noteArrival(performance.now());
    this.#skipped += skipped;
    // A restarted server or a clock set back must not fold the chart over itself.
    if (this.#times.length && tick.ts / 1000 < this.#times.at(-1)) {
      this.#clear();
    }
    this.#append(tick.ts / 1000, tick.price);
    this.#tick = tick;
    this.#changed = true;
  }

  /** Leaves a gap in the chart: what happened from here to the next tick is not known. */
  interrupt() {
    this.#arrivedAt = null;
    if (this.#prices.length && this.#prices.at(-1) !== null) {
      this.#append(this.#times.at(-1), null);
    }
  }

  /** Says that ticks are missing for good. */
  miss() {
    ++this.#gaps;
    this.interrupt();
    this.#tellMissing();
  }

  /** Says that there will be no ticks, and why. */
  end({ code, message }) {
    this.#fields.note.textContent = `No prices: ${message ? `${message} (${code})` : code}`;
  }

  /** Whether it has a price that is too old to be called live. */
  get isStale() {
    return this.#element.dataset.live === 'false';
  }

  /** Whether it has ever had a price. */
  get hasPrice() {
    return this.#tick !== undefined;
  }

  /** Brings up to date what changes with time alone. */
  tick() {
    const { isLive, age } = this.subscription;
    this.#element.dataset.live = !this.#tick || (isLive && this.#silence(age) <= this.#patience());
    write(this.#fields.age, age === null ? '' : `${formatAge(age)} old`);
  }

  /** Brings the card up to date. */
  render() {
    if (!this.#changed) {
      return;
    }
    this.#changed = false;
    const { price, change, seq } = this.#tick;
    this.#fields.price.textContent = price.toFixed(2);
    this.#fields.change.textContent = formatChange(change);
    this.#fields.change.dataset.trend = trendOf(0, change);
    this.#element.dataset.seq = seq;
    const known = this.#prices.filter((value) => value !== null);
    this.#element.dataset.trend = trendOf(known[0], known.at(-1));
    this.#fields.low.textContent = Math.min(...known).toFixed(2);
    this.#fields.high.textContent = Math.max(...known).toFixed(2);
    this.#fields.span.textContent = `last ${formatAge((this.#times.at(-1) - this.#times[0]) * 1000, 0)}`;
    this.#tellMissing();
    this.#draw();
  }

  /** Draws the chart again with the colours now in force. */
  recolour() {
    this.#chart?.redraw(false);
  }

  #tellMissing() {
    write(this.#fields.skipped, this.#skipped ? `${this.#skipped} replaced by newer` : '');
    write(this.#fields.missing, this.#gaps ? `${counted(this.#gaps, 'gap')}: prices lost` : '');
  }

  // The average moves by a quarter, so a pause of the market counts for a few ticks only.
  #noteArrival(now) {
    if (this.#arrivedAt !== null) {
      const distance = now - this.#arrivedAt;
      this.#usualDistance += (distance - this.#usualDistance) / (this.#usualDistance === 0 ? 1 : 4);
    }
    this.#arrivedAt = now;
  }

  // For how long there has been nothing newer. A price may have been old when it came.
  #silence(age) {
    return Math.max(age ?? 0, this.#arrivedAt === null ? 0 : performance.now() - this.#arrivedAt);
  }

  #patience() {
    return Math.max(LEAST_STALE, 2 * this.#usualDistance);
  }

  #append(time, price) {
    this.#times.push(time);
    this.#prices.push(price);
    if (this.#times.length > MAX_POINTS) {
      this.#times.shift();
      this.#prices.shift();
    }
  }

  #clear() {
    this.#times.length = 0;
    this.#prices.length = 0;
  }

  #draw() {
    const data = [this.#times, this.#prices];
    if (this.#chart) {
      this.#chart.setData(data);
      return;
    }
    const box = this.#fields.chart;
    this.#chart = new uPlot(chartOptions(box), data, box);
    new ResizeObserver(() => this.#chart.setSize(sizeOf(box))).observe(box);
  }
}

function counted(count, what) {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function trendOf(first, last) {
  return last < first ? 'down' : 'up';
}

/** Two clocks are compared, so a price may seem to come from the future. */
function formatAge(milliseconds, digits = 1) {
  const seconds = Math.max(0, milliseconds / 1000);
  return seconds < 60 ? `${seconds.toFixed(digits)} s` : `${Math.floor(seconds / 60)} min`;
}

function formatChange(change) {
  const arrow = change > 0 ? '▲' : change < 0 ? '▼' : '■';
  return `${arrow} ${change > 0 ? '+' : change < 0 ? '−' : ''}${Math.abs(change).toFixed(2)}%`;
}

function fadeOf(plot) {
  const gradient = plot.ctx.createLinearGradient(0, plot.bbox.top, 0, plot.bbox.top + plot.bbox.height);
  gradient.addColorStop(0, colourOf(plot, '--trend-fill'));
  gradient.addColorStop(1, colourOf(plot, '--trend-clear'));
  return gradient;
}

/** A chart that never lies flat: the range around the prices is at least a thousandth of the price. */
function priceRange(_plot, low, high) {
  if (low === null) {
    return [0, 1];
  }
  const margin = Math.max((high - low) * 0.12, Math.abs(high) * 0.0005);
  return [low - margin, high + margin];
}

function chartOptions(box) {
  return priceChart(box, {
    scales: { x: { time: false }, y: { range: priceRange } },
    series: [
      {},
      {
        stroke: (plot) => colourOf(plot, '--trend'),
        fill: fadeOf,
        width: 2,
        points: { show: false },
        spanGaps: false,
      },
    ],
  });
}
