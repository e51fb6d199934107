// What the charts of both pages have in common.

export const sizeOf = (box) => ({ width: box.clientWidth, height: box.clientHeight });

export const colourOf = (plot, name) => getComputedStyle(plot.root).getPropertyValue(name).trim();

/** Options of a uPlot chart in `box` without legend and cursor, whose prices stand at the right. */
export function priceChart(box, { scales, series, hooks = {} }) {
  return {
    ...sizeOf(box),
    cursor: { show: false },
    legend: { show: false },
    padding: [6, 0, 4, 0],
    scales,
    axes: [
      { show: false },
      {
        side: 1,
        size: 52,
        gap: 4,
        space: 28,
        font: '11px system-ui, sans-serif',
        stroke: (plot) => colourOf(plot, '--muted'),
        grid: { stroke: (plot) => colourOf(plot, '--line'), width: 1 },
        ticks: { show: false },
        values: (_plot, splits) => splits.map((value) => value.toFixed(2)),
      },
    ],
    series,
    hooks,
  };
}

/** Changes a text only if it differs: a reader of the screen, and selections, notice the rest. */
export function write(field, text) {
  if (field.textContent !== text) {
    field.textContent = text;
  }
}
