// Writes docs/performance.md from results.

import { describeOpening } from './opening.mjs';
import { parts } from './profile.mjs';
import { figureOf, bestPeer, rate, ratioOf, time } from './table.mjs';

const number = (value, digits = 2) => (Number.isFinite(value) ? value.toFixed(digits) : '');
const row = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
const picture = (charts, name, text) => (charts.includes(name) ? `\n![${text}](performance/${name}.svg)\n` : '');

const valueOf = (scenario, result) => {
  const figure = figureOf(scenario, result);
  return time(scenario.goalOf ? figure * 1e9 : figure);
};

/** Every ratio that has a goal. */
function goals(native) {
  const rows = native.flatMap((scenario) =>
    scenario.results
      .filter((result) => result.isTidewire && scenario.goals[result.id] !== undefined)
      .map((result) => {
        const best = bestPeer(scenario, scenario.results, result);
        const ratio = ratioOf(scenario, scenario.results, result);
        const goal = scenario.goals[result.id];
        const variant = result.label.replace(/^Tidewire,? ?/, '');
        return [
          variant && !scenario.title.includes(variant) ? `${scenario.title}: ${variant}` : scenario.title,
          best?.label ?? '',
          best ? valueOf(scenario, best) : '',
          valueOf(scenario, result),
          `${ratio >= goal ? '**' : ''}${number(ratio)}${ratio >= goal ? '**' : ''}`,
          number(goal),
        ];
      }),
  );
  return table(['scenario', 'best other', 'its figure', 'Tidewire', 'ratio', 'goal'], rows);
}

function details(scenarios, before = '') {
  if (scenarios.length === 0) return '';
  const clients = [...new Set(scenarios.flatMap(({ results }) => results.map(({ label }) => label)))];
  const cell = (scenario, label) => {
    const result = scenario.results.find((each) => each.label === label);
    if (!result) return '';
    const trip = result.p50 ? `p50 ${time(result.p50 * 1e9)}, ` : '';
    return `${trip}${time(result.cpu)}; ${rate(result.rate)}/s`;
  };
  return before + table(
    ['client', ...scenarios.map(({ title }) => title)],
    clients.map((label) => [label, ...scenarios.map((scenario) => cell(scenario, label))]),
  );
}

function counts(results) {
  const clients = [...new Set(results.flatMap(({ rows }) => rows.map(({ label }) => label)))];
  const cell = ({ rows, course }, label) => {
    const found = rows.find((each) => each.label === label);
    if (!found) return '';
    const calls = course === 'ping-pong' ? number(found.calls) : `${number(found.callsPerMib, 1)} a MiB`;
    return `${calls}; ${number(Math.max(0, found.allocations))}`;
  };
  return table(
    ['client', ...results.map(({ title }) => title)],
    clients.map((label) => [label, ...results.map((result) => cell(result, label))]),
  );
}

function idleTable(idle) {
  const clients = [...new Set(idle.flatMap(({ rows }) => rows.map(({ label }) => label)))];
  const cell = ({ rows }, label) => {
    const found = rows.find((each) => each.label === label);
    return found ? `${number(found.bytes / 1024, 1)} KiB, ${found.threads} thread${found.threads > 1 ? 's' : ''}` : '';
  };
  return table(
    ['client', ...idle.map(({ connections }) => `${connections.toLocaleString('en')} connections`)],
    clients.map((label) => [label, ...idle.map((each) => cell(each, label))]),
  );
}

function heartbeats(idle) {
  const last = idle.at(-1).rows.find(({ isTidewire }) => isTidewire);
  return last && Number.isFinite(last.heartbeat)
    ? `A heartbeat of Tidewire costs ${time(last.heartbeat)} of CPU; after heartbeats a connection has ${number(last.bytesLater / 1024, 1)} KiB.`
    : '';
}

function reconnects({ connections, downSeconds, attempts, successes, overflows }) {
  return `The server of ${connections.toLocaleString('en')} clients is killed and started again ${downSeconds} s later: ${attempts.length.toLocaleString('en')} attempts in all, all connections open ${number(Math.max(...successes), 1)} s after the loss, ${overflows} overflows of an accept queue of 511.`;
}

function pages({ courses }) {
  const clients = [...new Set(courses.flatMap(({ results }) => results.map(({ label }) => label)))];
  const cell = ({ results }, label) => {
    const found = results.find((each) => each.label === label);
    if (!found) return '';
    const factor = `${number(found.factor)}${found.goal ? ` (≤ ${found.goal})` : ''}`;
    return `${time(found.cpu)}; ${factor}`;
  };
  return table(
    ['in the page', ...clients],
    courses.map((course) => [course.title.replace(', in the page', ''), ...clients.map((label) => cell(course, label))]),
  );
}

function programs({ seconds, emptySeconds, goal, kilobytes, goalKilobytes }) {
  return `A program that uses \`Client\` only compiles in ${number(seconds)} s with -O2 (goal: under ${goal} s), without the client in
${number(emptySeconds)} s. Linked statically and stripped, Tidewire adds ${number(kilobytes, 0)} kB to it (CMake's Release; goal: under ${goalKilobytes} kB).`;
}

/** Where the time goes: a row for each goal that is missed. */
function profiled(profiles) {
  return table(
    ['scenario', 'CPU', ...parts.map(({ title }) => title)],
    profiles.map(({ title, cpu, shares }) => [title, time(cpu), ...parts.map(({ id }) => `${Math.round(100 * shares[id])} %`)]),
  );
}

const PROFILED = `Shares of the CPU time of each scenario above that misses its goal, by samples (\`perf\`). What the kernel does is the
same for every library that reads and writes as much at a time: copies between socket and memory, and TCP, whose receiving
half runs in the sender's time over loopback. Waking and switching is the price of the thread that serves the clients.
With default bounds a sender that never waits fills a queue of 16 MiB, more than the caches hold, so its memory is cold
for the mask and for the kernel's copy; with a queue of 1 MiB both find it in the cache.`;

/** The text of the document. */
export function documentOf(results, charts) {
  const { native, profile, counts: counted, idle, reconnect, compiling, page, machine, versions, date, repetitions } = results;
  const of = (group, binary) =>
    native.filter(({ group: own, id }) => own === group && id.endsWith('-binary') === binary);
  // A section without results is left out.
  const section = (title, ...parts) => {
    const there = parts.map((part) => part.trim()).filter(Boolean);
    return there.length > 0 ? [`## ${title}`, ...there] : [];
  };
  const binary = 'Binary messages:\n\n';
  return `${[
    '# Performance',
    '<!-- Written by ./dev bench; do not edit. -->',
    `Measured on ${date} on ${machine.processor}, ${machine.processors} processors, ${machine.system}, Linux ${machine.kernel}.
CPU time of the client's process, all its threads, for each message decides; messages a second are beside it. Medians of
${repetitions} runs, in which the clients took turns; client and server have a processor each, over loopback. A ratio is the best
other library's figure divided by Tidewire's: above 1, Tidewire needs less. Ratios that reach their goal are bold.
[bench/README.md](../bench/README.md) describes server, clients and scenarios.`,
    `Versions: ${Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(', ')}.`,
    ...section('Goals', goals(native)),
    ...section('Where the time goes', profile?.length > 0 ? `${PROFILED}\n\n${profiled(profile)}` : ''),
    ...section('Receiving', picture(charts, 'receive', 'CPU for each received text'), details(of('receive', false)),
      details(of('receive', true), binary)),
    ...section('Where callbacks run', details(of('delivery', false))),
    ...section('Sending', picture(charts, 'send', 'CPU for each sent text'),
      details(of('send', false), '"Coalesced": several messages are put into one write by hand.\n\n'),
      details(of('send', true), binary)),
    ...section('Sending without a copy', details(of('prepared', false),
      'The program writes each payload anew, into a string of its own or into a `SendBuffer`.\n\n')),
    ...section('Round trips and connections', picture(charts, 'answers', 'Round trips, pipelined echo, connections'),
      details(of('answers', false))),
    ...section('TLS', picture(charts, 'tls', 'CPU for each message over TLS'), details(of('tls', false))),
    ...section('Session', details(of('session', false),
      'Events of 100 B, alone and joined to WebSocket messages of 64 KiB, beside plain messages of 100 B.\n\n')),
    ...section('System calls and allocations', counted ? `System calls for each MiB of payload, or for each round trip; then allocations for each message. Both are the difference
of two runs, so what happens once does not count.\n\n${counts(counted)}` : ''),
    ...section('Many connections', picture(charts, 'idle', 'Memory of an idle connection'), idle ? idleTable(idle) : '',
      idle ? heartbeats(idle) : '', reconnect ? reconnects(reconnect) : '',
      picture(charts, 'reconnect', 'Attempts and successes over time')),
    ...section('In the page', picture(charts, 'page', 'CPU of the renderer'), page
      ? `Chromium ${page.version}: CPU of the renderer for each message, and the factor to a plain WebSocket.\n\n${pages(page)}` : '',
      page?.opening ? describeOpening(page.opening) : ''),
    ...section('What a client adds to a program', compiling ? programs(compiling) : ''),
  ].join('\n\n')}\n`;
}
