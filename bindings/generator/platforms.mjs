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

// The rows of a member: the cells by their names, and the case that each is about.
function platformsOf(name, lines) {
  return partsOf(lines)
    .filter(({ label, text }) => label === 'Platforms' && !/^(the same everywhere|see the )/.test(text))
    .map((part) => {
      const cells = cellsOf(part);
      if (cells === null) {
        throw new Error(`${name}: its Platforms: line has none of ${CELLS.join(':, ')}:`);
      }
      return { of: part.of, cells };
    });
}

const SAME = [{ of: '', cells: {} }];

function rowsOf(name, rows) {
  return rows.map(({ of, cells }) => {
    const { Native = 'same', Web = 'same', Node = Web === 'same' ? 'same' : '=', Why = '' } = cells;
    return `| \`${name}\`${of === '' ? '' : ` ${of}`} | ${[Native, Web, Node, Why].join(' | ')} |\n`.replace(
      / {2}\|\n$/,
      ' |\n',
    );
  });
}

// Every option, those that JavaScript lacks too.
function optionRows(model, struct, way) {
  return model.structs[struct].fields.flatMap(({ name, type, doc }) => {
    const rows = platformsOf(`${struct}::${name}`, doc);
    const all = rows.length === 0 ? SAME : rows;
    return /Options$/.test(type) ? optionRows(model, type, [...way, name]) : rowsOf([...way, name].join('.'), all);
  });
}

// Every event, and what differs of its members; each struct once.
function eventRows(model) {
  const shown = new Set(['Message']);
  const structRows = (struct) => {
    if (shown.has(struct)) {
      return [];
    }
    shown.add(struct);
    return model.structs[struct].fields.flatMap(({ name, type, doc }) => {
      const member = `${struct}::${name}`;
      const held = type.replace(/^optional<(.*)>$/, '$1');
      // Causes have a table of their own.
      const enumerators = held in model.enums && held !== 'CloseCause' ? enumeratorRows(model, held) : [];
      return [
        ...rowsOf(member, platformsOf(member, doc)),
        ...enumerators,
        ...(held in model.structs ? structRows(held) : []),
      ];
    });
  };
  const events = model.structs.Client.handlers.flatMap(({ name, event, doc }) => {
    const rows = platformsOf(name, doc);
    return [...rowsOf(name, rows.length === 0 ? SAME : rows), ...structRows(event)];
  });
  return [...events, ...structRows('Stats')];
}

const enumeratorRows = (model, enumeration) =>
  model.enums[enumeration].values.flatMap(({ name, doc }) => rowsOf(`${enumeration}::${name}`, platformsOf(name, doc)));

// Every cause. What holds for a page holds for Node.
function causeRows(model) {
  return model.enums.CloseCause.values.map(({ name, doc }) => {
    const { Native = 'same', Web = 'same' } = platformsOf(name, doc)[0]?.cells ?? {};
    return `| \`${name}\` | ${Native} | ${Web} |\n`;
  });
}

function tables(model) {
  const table = (names, rows) => `| ${names.join(' | ')} |\n${'|---'.repeat(names.length)}|\n${rows.join('')}`;
  const places = ['native', 'page or worker', 'Node', 'why'];
  return {
    options: table(['option', ...places], optionRows(model, 'Options', [])),
    events: table(['event or member', ...places], eventRows(model)),
    causes: table(['`CloseCause`', 'native', 'page, worker, Node'], causeRows(model)),
  };
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
