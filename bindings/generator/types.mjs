// Writes tidewire.d.ts: a template in which lines that begin with //@ stand for what the headers declare.

import { ADDED, FLATTENED, KEYED_BY, NEVER, SPARSE, TYPED } from './annotations.mjs';
import { kebab } from './shape.mjs';
import { Words, comment } from './words.mjs';

class Types {
  constructor(shape, template) {
    this.shape = shape;
    this.template = template;
    this.words = new Words(shape);
  }

  // --- What a directive becomes; `indent` is that of its line ---

  /** `//@ type NAME = ENUM`: the names of an enumeration that JavaScript may see. */
  type(indent, name, enumeration = name) {
    const { doc, values } = this.shape.model.enums[enumeration];
    const seen = values.filter(({ name, doc }) => !NEVER.includes(name) && !/^Native:/.test(doc[0] ?? ''));
    const items = seen.flatMap(({ name, doc }) => {
      const text = this.words.paragraphs(`${enumeration}::${name}`, doc).join(' ');
      return text === '' ? [] : [`- '${kebab(name)}': ${text}`];
    });
    const names = seen.map(({ name }) => `'${kebab(name)}'`);
    const inOneLine = `${indent}export type ${name} = ${names.join(' | ')};\n`;
    const type =
      inOneLine.length < 120
        ? inOneLine
        : `${indent}export type ${name} =\n${names.map((each) => `${indent}  | ${each}`).join('\n')};\n`;
    return comment([...this.words.paragraphs(enumeration, doc), ...items], indent) + type;
  }

  /** `//@ otherTypes all`: the enumerations that the template does not name. */
  otherTypes(indent) {
    const isNamed = (name) => new RegExp(`//@ type (\\w+ = )?${name}\\n`).test(this.template);
    return this.shape
      .enums()
      .filter((name) => !isNamed(name))
      .map((name) => `${this.type(indent, name)}\n`)
      .join('');
  }

  /** `//@ interface NAME [extends ...] = STRUCT`: a struct of values. */
  interface(indent, head, struct) {
    const { doc } = this.shape.model.structs[struct];
    const text = comment(this.words.paragraphs(struct, doc), indent);
    return `${text}${indent}export interface ${head} {\n${this.members(`${indent}  `, struct)}${indent}}\n`;
  }

  /** `//@ members STRUCT`: its members, of a client or, with `session`, of a session only. */
  members(indent, struct, only = 'client') {
    return this.shape
      .members(struct)
      .filter(({ isSessionOnly }) => isSessionOnly === (only === 'session'))
      .flatMap((member) => (member.path in FLATTENED ? this.shape.flattened(member.path, member.type.name) : [member]))
      .map((member) => this.member(indent, member, struct))
      .join('');
  }

  member(indent, member, struct) {
    const mark = SPARSE.includes(struct) ? '?' : '';
    const doc = comment(this.words.paragraphs(member.path, member.doc), indent);
    return `${doc}${indent}readonly ${member.javascript}${mark}: ${this.typeOf(member, SPARSE.includes(struct))};\n`;
  }

  /** `//@ options NAME = STRUCT [session]`: what may be given. */
  options(indent, name, struct, only = 'client') {
    const { doc } = this.shape.model.structs[struct];
    const text = comment(this.words.paragraphs(name, doc), indent);
    return `${text}${indent}export interface ${name} {\n${this.given(`${indent}  `, struct, only)}${indent}}\n`;
  }

  given(indent, struct, only) {
    const forSession = only === 'session';
    const rows = this.shape
      .members(struct)
      .filter((member) => member.path !== 'Options.url' && !(forSession && this.shape.isRefusedToSessions(member)))
      .map((member) => this.option(indent, member, forSession));
    const added = Object.entries(ADDED[struct] ?? {}).map(([name]) => {
      const path = `${struct}.${name}`;
      return `${comment(this.words.paragraphs(path, []), indent)}${indent}${name}?: ${TYPED[path]} | undefined;\n`;
    });
    return [...rows, ...added].join('');
  }

  option(indent, member, forSession) {
    if (member.type.kind === 'struct') {
      const { doc } = this.shape.model.structs[member.type.name];
      const text = comment(this.words.paragraphs(member.path, [...doc, '', ...member.doc]), indent);
      const inner = this.given(`${indent}  `, member.type.name, forSession ? 'session' : 'client');
      return `${text}${indent}${member.javascript}?: {\n${inner}${indent}} | undefined;\n`;
    }
    const value = this.shape.value(member);
    const isSaid = value !== undefined && value !== '' && !(member.type.kind === 'flag' && value === false);
    const suffix = isSaid ? `Default ${shown(value)}.` : '';
    const text = comment(this.words.paragraphs(member.path, member.doc, { forSession, suffix }), indent);
    const type = this.typeOf(member.type.kind === 'optional' ? { ...member, type: member.type.of } : member);
    return `${text}${indent}${member.javascript}?: ${/=>/.test(type) ? `(${type})` : type} | undefined;\n`;
  }

  /** `//@ events NAME = CLASS`: its events by type. */
  events(indent, name, owner) {
    const rows = this.shape
      .handlersOf(owner)
      .map(
        ({ handler, struct }) =>
          `${indent}  ${handler.slice(2).toLowerCase()}: ${this.eventType(owner, handler, struct)};\n`,
      );
    return `${indent}export interface ${name} {\n${rows.join('')}${indent}}\n`;
  }

  eventType(owner, handler, struct) {
    return TYPED[`${owner}.${handler}`] ?? TYPED[struct] ?? `${struct}Event`;
  }

  /** `//@ others CLASS`: the interfaces of its events that the template does not name. */
  others(indent, owner) {
    return this.shape
      .handlersOf(owner)
      .filter(({ handler, struct }) => !this.template.includes(`interface ${this.eventType(owner, handler, struct)} `))
      .map(({ struct }) => this.interface(indent, `${struct}Event extends Event`, struct) + '\n')
      .join('');
  }

  /** `//@ methods CLASS NAME...`: methods that are mere calls. */
  methods(indent, owner, ...names) {
    return names
      .map((name) => {
        const { parameters, returns, doc } = this.shape.model.structs[owner].methods.find((each) => each.name === name);
        const given = parameters.map(
          (each) => `${each.name}${each.isOptional ? '?' : ''}: ${this.typeOf({ type: this.shape.type(each.type) })}`,
        );
        const result = TYPED[`${owner}.${name}`] ?? this.typeOf({ type: this.shape.type(returns) });
        const text = comment(this.words.paragraphs(`${owner}::${name}`, doc), indent);
        return `${text}${indent}${name}(${given.join(', ')}): ${result};\n`;
      })
      .join('');
  }

  typeOf({ type, path }, isSparse = false) {
    if (path in TYPED) {
      return TYPED[path];
    }
    switch (type.kind) {
      case 'flag':
        return 'boolean';
      case 'text':
        return 'string';
      case 'enum':
        return TYPED[type.name] ?? type.name;
      case 'payload':
        return 'Body';
      case 'vector':
        return `${this.typeOf({ type: type.of })}[]`;
      case 'array':
        return `Readonly<Record<${KEYED_BY[path]}, number>>`;
      case 'struct':
        return TYPED[type.name] ?? type.name;
      case 'optional':
        if (SPARSE.includes(type.of.name)) {
          return type.of.name;
        }
        return isSparse ? this.typeOf({ type: type.of }) : `${this.typeOf({ type: type.of })} | null`;
      default:
        return 'number';
    }
  }
}

const shown = (value) => {
  if (typeof value === 'string') {
    return `'${value}'`;
  }
  const mebibytes = value / 1024 / 1024;
  return Number.isInteger(mebibytes) && value > 0 ? `${mebibytes} MiB` : String(value);
};

export function writeTypes(shape, template) {
  const types = new Types(shape, template);
  return template.replace(/^( *)\/\/@ (\w+) (.*)\n/gm, (_, indent, directive, rest) => {
    const [head, struct] = rest.split(' = ');
    const words = (struct ?? head).split(' ');
    return struct === undefined ? types[directive](indent, ...words) : types[directive](indent, head, ...words);
  });
}
