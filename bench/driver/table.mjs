// Results as lines for a terminal.

import { sizeName } from './scenarios.mjs';

export { sizeName };

/** Nanoseconds as people read them. */
export function time(nanoseconds) {
  if (!Number.isFinite(nanoseconds)) return '-';
  if (nanoseconds < 1000) return `${nanoseconds.toFixed(nanoseconds < 100 ? 1 : 0)} ns`;
  if (nanoseconds < 1e6) return `${(nanoseconds / 1000).toFixed(nanoseconds < 1e5 ? 2 : 0)} µs`;
  return `${(nanoseconds / 1e6).toFixed(2)} ms`;
}

export function rate(perSecond) {
  if (!Number.isFinite(perSecond)) return '-';
  return perSecond.toLocaleString('en', { maximumSignificantDigits: 3 });
}

/** What decides for this scenario, of one result. Less is better. */
export const figureOf = (scenario, result) => (scenario.goalOf ? result[scenario.goalOf] : result.cpu);

/** The best of the other libraries, or what the scenario is compared with. */
export function bestPeer(scenario, results) {
  if (scenario.against) return results.find((result) => result.id === scenario.against);
  return results
    .filter((result) => !result.isTidewire && !result.isLimit)
    .reduce((best, each) => (best && figureOf(scenario, best) <= figureOf(scenario, each) ? best : each), undefined);
}

export function ratioOf(scenario, results, result) {
  const best = bestPeer(scenario, results);
  return best ? figureOf(scenario, best) / figureOf(scenario, result) : NaN;
}

export function printScenario(scenario, results) {
  console.log(`\n${scenario.title}`);
  const best = bestPeer(scenario, results);
  for (const result of results) {
    const goal = scenario.goals[result.id];
    const ratio = result.isTidewire ? ratioOf(scenario, results, result) : NaN;
    const spread = (Math.max(...result.all) - Math.min(...result.all)) / result.cpu;
    console.log(
      [
        result === best ? ' *' : '  ',
        result.label.padEnd(38),
        time(result.cpu).padStart(10),
        `±${(spread * 50).toFixed(0)}%`.padStart(6),
        `${rate(result.rate)}/s`.padStart(14),
        result.p50 ? `p50 ${time(result.p50 * 1e9)}`.padStart(14) : '',
        Number.isFinite(ratio) ? `  ratio ${ratio.toFixed(2)}` : '',
        goal ? ` (goal ${goal.toFixed(2)})` : '',
      ].join(' ').trimEnd(),
    );
  }
}
