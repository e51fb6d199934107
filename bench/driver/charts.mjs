// Draws the results as SVG, with Vega-Lite.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import * as vega from 'vega';
import * as vegaLite from 'vega-lite';

import { histogram } from './crowd.mjs';
import { figureOf } from './table.mjs';

const TIDEWIRE = '#0b7285';
const OTHERS = '#adb5bd';
const LIMIT = '#343a40';
const STEP = 0.25;

const base = {
  $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
  background: 'white',
  config: {
    font: 'sans-serif',
    axis: { labelLimit: 340, labelFontSize: 11, titleFontSize: 11 },
    header: { labelFontSize: 12, labelFontWeight: 'bold' },
    legend: { labelFontSize: 11 },
  },
};

async function draw(file, specification) {
  const view = new vega.View(vega.parse(vegaLite.compile({ ...base, ...specification }).spec), { renderer: 'none' });
  writeFileSync(file, `${await view.toSVG()}\n`);
}

const kindOf = ({ isTidewire, isLimit }) => (isTidewire ? 'Tidewire' : isLimit ? 'without framing' : 'others');

const kindColour = {
  field: 'kind',
  type: 'nominal',
  title: null,
  scale: { domain: ['Tidewire', 'others', 'without framing'], range: [TIDEWIRE, OTHERS, LIMIT] },
  legend: { orient: 'top' },
};

/** A dot for each client, one panel for each scenario, on a logarithmic axis, because the clients differ that much. */
function dots(scenarios, title, columns = 2) {
  const panels = scenarios.map((scenario) => ({
    title: scenario.title,
    width: 290,
    height: { step: 15 },
    data: {
      values: scenario.results.map((result) => ({
        client: result.label,
        kind: kindOf(result),
        value: (figureOf(scenario, result) * (scenario.goalOf ? 1e9 : 1)) / 1000,
      })),
    },
    mark: { type: 'point', filled: true, size: 70, opacity: 1 },
    encoding: {
      y: { field: 'client', type: 'nominal', title: null, sort: { field: 'value' }, axis: { grid: true } },
      x: { field: 'value', type: 'quantitative', title, scale: { type: 'log' }, axis: { format: '~g' } },
      color: kindColour,
    },
  }));
  return { columns, concat: panels };
}

function bars(rows, title) {
  return {
    width: 420,
    height: { step: 17 },
    data: { values: rows },
    mark: 'bar',
    encoding: {
      y: { field: 'client', type: 'nominal', title: null, sort: { field: 'value' } },
      x: { field: 'value', type: 'quantitative', title },
      color: kindColour,
    },
  };
}

function reconnects({ attempts, successes, connections }) {
  const values = [
    ...histogram(attempts, STEP).map((count, i) => ({ seconds: i * STEP, count, what: 'attempts' })),
    ...histogram(successes, STEP).map((count, i) => ({ seconds: i * STEP, count, what: 'connections opened' })),
  ];
  return {
    title: `${connections.toLocaleString('en')} clients after the loss of their server`,
    width: 620,
    height: 180,
    data: { values },
    mark: { type: 'line', interpolate: 'step-after' },
    encoding: {
      x: { field: 'seconds', type: 'quantitative', title: 'seconds since the loss' },
      y: { field: 'count', type: 'quantitative', title: `in ${STEP} s` },
      color: {
        field: 'what',
        type: 'nominal',
        title: null,
        scale: { domain: ['attempts', 'connections opened'], range: [OTHERS, TIDEWIRE] },
        legend: { orient: 'top' },
      },
    },
  };
}

function pages(courses) {
  return {
    columns: 3,
    concat: courses.map(({ title, results }) => ({
      ...bars(results.map((result) => ({ client: result.label, value: result.factor, kind: kindOf(result) })),
        "CPU of a plain WebSocket = 1"),
      title: title.replace(', in the page', ''),
      width: 180,
    })),
  };
}

/** Draws all charts into `folder`. Returns: the names of those that there are results for. */
export async function drawCharts(folder, { native, idle, reconnect, page }) {
  mkdirSync(folder, { recursive: true });
  const inGroup = (group) => native.filter((scenario) => scenario.group === group && !scenario.id.endsWith('-binary'));
  const charts = {
    receive: inGroup('receive').length && dots(inGroup('receive'), 'µs of CPU a message'),
    send: inGroup('send').length && dots(inGroup('send'), 'µs of CPU a message'),
    answers: inGroup('answers').length && dots(inGroup('answers'), 'µs; of ping-pong the median time, else CPU'),
    tls: inGroup('tls').length && dots(inGroup('tls'), 'µs of CPU a message'),
    idle: idle?.length && bars(idle.at(-1).rows.map((row) => ({ client: row.label, value: row.bytes / 1024, kind: kindOf(row) })),
      `KiB for each of ${idle.at(-1).connections.toLocaleString('en')} idle connections`),
    reconnect: reconnect && reconnects(reconnect),
    page: page?.courses.length && pages(page.courses),
  };
  const names = Object.keys(charts).filter((name) => charts[name]);
  for (const name of names) await draw(path.join(folder, `${name}.svg`), charts[name]);
  return names;
}
