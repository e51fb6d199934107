// Turns the documentation of a C++ declaration into that of its JavaScript counterpart.

import { DOCUMENTED, REWORDED, STRUCT_NAMES, CPP_ONLY } from './annotations.mjs';
import { cellsOf } from './platforms.mjs';
import { kebab } from './shape.mjs';

const LABEL = /^(Platforms|Sessions|Requires|Returns|Errors|Thread|Units)(?: \(([^)]*)\))?: */;

/** Splits documentation into paragraphs, list items and labelled parts: [{ label, of, text, isItem }]. */
export function partsOf(lines) {
  const parts = [];
  let open = false;
  for (const line of lines) {
    const [, label = '', of = ''] = line.match(LABEL) ?? [];
    const isItem = /^- /.test(line);
    if (line.trim() === '') {
      open = false;
    } else if (label !== '' || isItem || !open) {
      parts.push({ label, of, text: line.replace(LABEL, '').trim(), isItem });
      open = true;
    } else {
      parts.at(-1).text += ` ${line.trim()}`;
    }
  }
  return parts;
}

// What a row of docs/platforms.md says of a page.
function inPage(part) {
  const cells = part.label === 'Platforms' ? cellsOf(part) : null;
  if (cells === null) {
    return part;
  }
  const { Web = 'same' } = cells;
  const of = part.of === '' ? '' : `, ${part.of}`;
  return { ...part, text: /^(the )?same\b/.test(Web) ? '' : `In a page${of}: ${Web}.` };
}

const sentencesOf = (text) => text.split(/(?<=[.!?:)]) (?=[A-Z`"'(])/);

export class Words {
  #names = new Map(); // Enumerators, by name and by Enum::Name.
  #members = new Map(); // `Struct::member`, as JavaScript writes it.
  #handlers;

  constructor(shape) {
    for (const enumeration of shape.enums()) {
      for (const { name } of shape.model.enums[enumeration].values) {
        this.#names.set(name, `'${kebab(name)}'`);
        this.#names.set(`${enumeration}::${name}`, `'${kebab(name)}'`);
      }
    }
    for (const { path, way } of shape.options()) {
      const owner =
        path.startsWith('SessionOptions') || path.startsWith('OutboxOptions') ? 'SessionOptions' : 'Options';
      this.#members.set(path.replace('.', '::'), `${owner}.${way.join('.')}`);
    }
    this.#handlers = new Set(
      ['Client', 'Session', 'Subscription'].flatMap((owner) => shape.handlersOf(owner)).map(({ handler }) => handler),
    );
    for (const [cpp, javascript] of Object.entries(STRUCT_NAMES)) {
      this.#members.set(cpp, javascript);
    }
  }

  #code(code) {
    const handler = code.match(/^(?:(?:Client|Session)::)?on([A-Z]\w*)$/);
    if (this.#names.has(code)) {
      return this.#names.get(code);
    }
    if (handler !== null && this.#handlers.has(`on${handler[1]}`)) {
      return `'${handler[1].toLowerCase()}'`;
    }
    return `\`${this.#members.get(code) ?? code.replaceAll('::', '.')}\``;
  }

  text(cpp) {
    const kept = sentencesOf(cpp).filter((sentence) => !CPP_ONLY.some((pattern) => pattern.test(sentence)));
    return REWORDED.reduce((text, [pattern, words]) => text.replace(pattern, words), kept.join(' ')).replace(
      /`([\w:]+)`/g,
      (_, code) => this.#code(code),
    );
  }

  /**
   * Paragraphs of JavaScript's documentation. `path` may have a text of its own in the annotations. `forSession`:
   * whether what holds for sessions only is wanted too. `suffix` ends what holds everywhere.
   */
  paragraphs(path, lines, { forSession = false, suffix = '' } = {}) {
    const given = DOCUMENTED[path];
    const parts = given === undefined ? partsOf(lines).map(inPage) : [{ label: '', text: given }];
    const kept = parts
      .filter(({ label, text }) => this.#concerns(label, text, forSession))
      .map((part) => ({ ...part, text: given === undefined ? this.text(part.text) : part.text }))
      .filter(({ text }) => text !== '');
    if (suffix !== '') {
      // Behind what holds everywhere.
      const place = kept.findLastIndex(({ label, isItem }) => label === '' && !isItem);
      if (place < 0) {
        kept.unshift({ label: '', text: suffix });
      } else {
        kept[place].text += ` ${suffix}`;
      }
    }
    return kept.map(({ label, text, isItem }) => {
      const isSaid = ['Sessions', 'Requires', 'Returns', 'Errors'].includes(label);
      return isSaid ? `${label}: ${text}` : isItem ? text : text[0].toUpperCase() + text.slice(1);
    });
  }

  #concerns(label, text, forSession) {
    switch (label) {
      case 'Thread':
        return false;
      case 'Sessions':
        return forSession && !text.startsWith('refused');
      case 'Platforms':
        return /^web\b|^(a|in a) page\b/i.test(text);
      default:
        return true;
    }
  }
}

const WIDTH = 120;

function wrapped(text, width) {
  const lines = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line += (line === '' ? '' : ' ') + word;
  }
  return [...lines, line];
}

/** A documentation comment, or nothing; ends with a line end. */
export function comment(paragraphs, indent) {
  if (paragraphs.length === 0) {
    return '';
  }
  const [first] = paragraphs;
  if (paragraphs.length === 1 && indent.length + first.length + 7 <= WIDTH) {
    return `${indent}/** ${first} */\n`;
  }
  const isItem = (text) => text.startsWith('- ');
  const lines = paragraphs.flatMap((text, i) => {
    const gap = i > 0 && !(isItem(text) && isItem(paragraphs[i - 1])) ? [''] : [];
    const lines = wrapped(text, WIDTH - indent.length - (isItem(text) ? 5 : 3));
    return [...gap, ...lines.map((line, number) => (isItem(text) && number > 0 ? `  ${line}` : line))];
  });
  return `${indent}/**\n${lines.map((line) => `${indent} *${line === '' ? '' : ` ${line}`}\n`).join('')}${indent} */\n`;
}
