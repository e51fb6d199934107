// Measures the entries of a scenario in turn, and takes the medians.

import { runClient } from './processes.mjs';

export function median(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return sorted.length === 0 ? NaN : sorted[sorted.length >> 1];
}

export function clientArguments(scenario, entry, messages, server, tls) {
  const { path, args } = (entry.run ?? scenario.run)(messages);
  return [...args, '--url', `${server.url}${path}`, '--messages', messages, ...entry.args,
    ...(scenario.tls ? ['--ca', tls.certificate] : [])];
}

/** How many messages take about `seconds`. */
async function calibrate(scenario, entry, context) {
  const { multiple, limit } = scenario;
  const rounded = (count) => Math.max(2, Math.ceil(Math.min(count, limit) / multiple)) * multiple;
  let messages = rounded(scenario.first);
  // Twice, because a short run is mostly its beginning.
  for (let i = 0; i < 2; ++i) {
    const result = await context.run(scenario, entry, messages);
    if (result === null) return null;
    const each = Math.max(result.cpu, result.wall, 1e-4) / result.messages;
    messages = rounded(Math.min(context.seconds / each, messages * 50));
  }
  return messages;
}

/**
 * Measures all entries of `scenario`.
 *
 * Returns: for each entry that can do it: nanoseconds of CPU for a message, messages a second, and what else the clients
 * print, as medians; and all CPU values, to see how far they scatter.
 */
export async function measure(scenario, entries, { servers, tls, repetitions, seconds, say }) {
  const server = scenario.tls ? servers.tls : servers.plain;
  const run = async (of, entry, messages) => {
    try {
      return await runClient(entry.peer.program, clientArguments(of, entry, messages, server, tls));
    } catch (error) {
      say(`${of.id}: ${entry.label}: ${error.message.trim()}`);
      return null;
    }
  };
  const measured = [];
  for (const entry of entries) {
    const messages = await calibrate(scenario, entry, { run, seconds });
    if (messages !== null) measured.push({ entry, messages, results: [] });
  }
  for (let i = 0; i < repetitions; ++i) {
    for (const each of measured) {
      const result = await run(scenario, each.entry, each.messages);
      if (result) each.results.push(result);
    }
  }
  return measured.map(({ entry, messages, results }) => summary(entry, messages, results));
}

function summary(entry, messages, results) {
  const cpu = results.map((result) => (result.cpu / result.messages) * 1e9);
  const more = {};
  for (const name of Object.keys(results[0] ?? {})) {
    if (!['cpu', 'wall', 'messages', 'errors'].includes(name)) more[name] = median(results.map((result) => result[name]));
  }
  return {
    id: entry.id,
    label: entry.label,
    isTidewire: entry.peer.isTidewire ?? false,
    isLimit: entry.peer.isLimit ?? false,
    messages,
    cpu: median(cpu),
    all: cpu,
    rate: median(results.map((result) => result.messages / result.wall)),
    ...more,
  };
}
