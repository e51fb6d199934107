// Writes the tables of docs/platforms.md whose cells stand in the headers:
//
//   Platforms [(CASE)]: [Native: CELL.] [Web: CELL.] [Node: CELL.] [Why: CELL.]
//
// CASE narrows a row. What is left out is the same everywhere.

import { partsOf } from './words.mjs';

const CELLS = ['Native', 'Web', 'Node', 'Why'];

/** The cells of one part of documentation, by name; null if it is text. */
export function cellsOf({ text }) {
  const pieces = text.split(new RegExp(`(?:^|(?<=\\.) )(${CELLS.join('|')}): `));
  if (pieces.length === 1) {
    return null;
  }
  const pairs = [];
  for (let i = 1; i < pieces.length; i += 2) {
    pairs.push([pieces[i], pieces[i + 1].trim().replace(/\.$/, '')]);
  }
  return Object.fromEntries(pairs);
}

function rowsOf(way, lines) {
  const platforms = partsOf(lines).filter(({ label }) => label === 'Platforms');
  const rows = platforms.map((part) => ({ of: part.of, cells: cellsOf(part) })).filter(({ cells }) => cells !== null);
  // One that only tells of a case is the same everywhere else.
  const all = rows.length === 0 ? [{ of: '', cells: {} }] : rows;
  return all.map(({ of, cells }) => {
    const { Native = 'same', Web = 'same', Node = Web === 'same' ? 'same' : '=', Why = '' } = cells;
    return `| \`${way.join('.')}\`${of === '' ? '' : ` ${of}`} | ${[Native, Web, Node, Why].join(' | ')} |\n`.replace(/ {2}\|\n$/, ' |\n');
  });
}

// Every option, those that JavaScript lacks too.
function optionRows(model, struct, way) {
  return model.structs[struct].fields.flatMap(({ name, type, doc }) =>
    /Options$/.test(type) ? optionRows(model, type, [...way, name]) : rowsOf([...way, name], doc),
  );
}

function tables(model) {
  const head = '| option | native | page or worker | Node | why |\n|---|---|---|---|---|\n';
  return { options: head + optionRows(model, 'Options', []).join('') };
}

/** `document` with its tables made anew, each between `<!-- NAME:begin -->` and `<!-- NAME:end -->`. */
export function writeTables(model, document) {
  return Object.entries(tables(model)).reduce((text, [name, table]) => {
    const [begin, end] = [`<!-- ${name}:begin -->\n`, `<!-- ${name}:end -->`];
    if (!text.includes(begin) || !text.includes(end)) {
      throw new Error(`the document has no ${begin.trim()} and ${end}`);
    }
    return text.slice(0, text.indexOf(begin) + begin.length) + table + text.slice(text.indexOf(end));
  }, document);
}
