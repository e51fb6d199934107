// What crosses, made of what the headers declare and of the annotations: the same for each of the writers.

import * as annotations from './annotations.mjs';

export const kebab = (name) => name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
export const snake = (name) => kebab(name).replaceAll('-', '_');
export const upper = (name) => snake(name.replace('::', '')).toUpperCase();
export const pascal = (name) => name.replace(/(?:^|\.)(\w)/g, (_, letter) => letter.toUpperCase());

const COUNTS = ['uint64_t', 'uint32_t', 'uint16_t', 'size_t', 'int'];
const DURATIONS = ['milliseconds', 'microseconds'];
const TEXTS = ['string', 'string_view'];

/** Whether a value of that type that is missing crosses as NaN; otherwise a flag says that it is missing. */
export const isNumber = ({ kind }) => kind === 'count' || kind === 'duration';

export class Shape {
  constructor(model) {
    this.model = model;
    for (const name of this.unknownNames()) {
      throw new Error(`annotations.mjs: there is no ${name} in the headers`);
    }
  }

  // An annotation of what no longer exists is a mistake.
  unknownNames() {
    const { LEFT_OUT, NOT_FOR_SESSIONS, SESSION_ONLY, RENAMED, KEYED_BY, FLATTENED, READ_AS, URL_OPTION } = annotations;
    const members = [LEFT_OUT, RENAMED, KEYED_BY, FLATTENED, READ_AS].flatMap(Object.keys);
    const exists = (name) => {
      const [struct, member] = name.split('.');
      return this.model.structs[struct]?.fields.some((field) => field.name === member);
    };
    return [...members, ...NOT_FOR_SESSIONS, ...SESSION_ONLY, URL_OPTION].filter((name) => !exists(name));
  }

  /** What a type is: { kind, of?, name? }. */
  type(written, owner = '') {
    const [, template, inner] = written.match(/^(\w+)<(.*)>$/) ?? [];
    if (template === 'optional' || template === 'vector') {
      return { kind: template, of: this.type(inner, owner) };
    }
    if (template === 'array' || template === 'Callback') {
      return { kind: template.toLowerCase(), name: inner.replace(/^const | &$/g, '') };
    }
    const simple = [
      [COUNTS, 'count'],
      [DURATIONS, 'duration'],
      [TEXTS, 'text'],
      [['bool'], 'flag'],
    ];
    const kind = simple.find(([names]) => names.includes(written))?.[1];
    if (kind !== undefined) {
      return { kind };
    }
    const enumeration = [written, `${owner}::${written}`].find((name) => name in this.model.enums);
    if (enumeration !== undefined) {
      return { kind: 'enum', name: enumeration };
    }
    if (['Body', 'Message'].includes(written)) {
      return { kind: 'payload' };
    }
    if (!(written in this.model.structs)) {
      throw new Error(`${owner}: ${written} cannot cross to JavaScript; see LEFT_OUT in annotations.mjs`);
    }
    return { kind: 'struct', name: written };
  }

  /** The members of a struct that cross: { path, name, javascript, type, member, doc }. Those of sessions come last. */
  members(struct) {
    const { LEFT_OUT, RENAMED, SESSION_ONLY, GETTERS } = annotations;
    const { fields, methods } = this.model.structs[struct];
    const getters = (GETTERS[struct] ?? []).map((name) => {
      const { returns, doc } = methods.find((method) => method.name === name);
      return { name, type: returns, doc, default: '', isGetter: true };
    });
    const all = [...(struct in GETTERS ? [] : fields), ...getters]
      .map((field) => ({ ...field, path: `${struct}.${field.name}` }))
      .filter(({ path }) => !(path in LEFT_OUT))
      .map((field) => ({
        ...field,
        javascript: RENAMED[field.path] ?? field.name,
        type: this.type(field.type, struct),
        isSessionOnly: SESSION_ONLY.includes(field.path),
      }));
    return [...all.filter((each) => !each.isSessionOnly), ...all.filter((each) => each.isSessionOnly)];
  }

  /** Members of the struct that stand in it in JavaScript: those of FLATTENED alone, where it is flattened. */
  flattened(path, struct) {
    const names = annotations.FLATTENED[path];
    return this.members(struct).filter(({ name }) => names === undefined || names.includes(name));
  }

  isRefusedToSessions({ path, doc }) {
    return annotations.NOT_FOR_SESSIONS.includes(path) || doc.some((line) => /^Sessions: refused/.test(line));
  }

  /** Every option with its number: { number, member, in: 'options' | 'session', way, text, ... }. */
  options() {
    const list = [];
    const collect = (struct, base, way) => {
      for (const member of this.members(struct)) {
        const each = { ...member, cpp: `${base}.${member.name}`, way: [...way, member.javascript] };
        if (member.type.kind === 'struct') {
          collect(member.type.name, each.cpp, each.way);
        } else {
          list.push({ ...each, number: list.length });
        }
      }
    };
    collect('Options', 'options', []);
    collect('SessionOptions', 'session', []);
    return list;
  }

  /** Events that JavaScript gets: { name, kind, type, struct, ofSessions }, in the order of the numbers. */
  events() {
    const events = new Map();
    const add = (name, type, struct, ofSessions) => {
      if (!events.has(name) && !annotations.APART.includes(name)) {
        events.set(name, { name, kind: pascal(name), type, struct, ofSessions });
      }
    };
    for (const owner of ['Client', 'Session']) {
      for (const { name: handler, event: struct } of this.model.structs[owner].handlers) {
        const type = handler.slice(2).toLowerCase();
        const differs = this.members(struct).some(({ isSessionOnly }) => isSessionOnly);
        add(differs ? `${owner.toLowerCase()}.${type}` : type, type, struct, owner === 'Session');
      }
    }
    for (const { name: handler, type } of this.model.structs.SubscriptionHandlers.fields) {
      const name = handler.slice(2).toLowerCase();
      add(`subscription.${name}`, name, this.type(type).name, true);
    }
    for (const [name, struct] of Object.entries(annotations.REPORTED)) {
      add(name, name, struct, annotations.REPORTED_BY_SESSIONS.includes(name));
    }
    const all = [...events.values()];
    return [...all.filter(({ ofSessions }) => !ofSessions), ...all.filter(({ ofSessions }) => ofSessions)];
  }

  /** The events of a class: { handler, struct, doc }. */
  handlersOf(owner) {
    return owner === 'Subscription'
      ? this.model.structs.SubscriptionHandlers.fields.map(({ name, type, doc }) => ({
          handler: name,
          struct: this.type(type).name,
          doc,
        }))
      : this.model.structs[owner].handlers.map(({ name, event, doc }) => ({ handler: name, struct: event, doc }));
  }

  /** The event that a handler of a class reports; undefined if it crosses apart. */
  eventOf(owner, handler) {
    const type = handler.slice(2).toLowerCase();
    const names = [`${owner.toLowerCase()}.${type}`, type];
    return this.events().find(({ name }) => names.includes(name));
  }

  /** Every struct that crosses, those that others hold before these. */
  crossing() {
    const found = [];
    const visit = (struct) => {
      if (found.includes(struct)) {
        return;
      }
      for (const { type } of this.members(struct)) {
        const inner = type.kind === 'optional' ? type.of : type;
        if (inner.kind === 'struct') {
          visit(inner.name);
        }
      }
      found.push(struct);
    };
    const structs = this.events().map(({ struct }) => struct);
    [...structs, 'Stats', 'ChannelPosition'].forEach(visit);
    return found;
  }

  /** The most numbers, and the most texts, that one struct takes. */
  most() {
    const add = (left, right) => left.map((count, i) => count + right[i]);
    const count = (type, path) => {
      switch (type.kind) {
        case 'struct':
          return this.members(type.name).reduce((sum, each) => add(sum, count(each.type, each.path)), [0, 0]);
        case 'optional':
          return add(count(type.of, path), [isNumber(type.of) ? 0 : 1, 0]);
        case 'array':
          return [this.names(annotations.KEYED_BY[path]).length, 0];
        default:
          return [1, type.kind === 'text' ? 1 : 0];
      }
    };
    const all = this.crossing().map((name) => count({ kind: 'struct', name }));
    return [0, 1].map((i) => Math.max(...all.map((each) => each[i])));
  }

  /** Enumerations that cross: members, options, and what exported methods return. */
  enums() {
    const names = new Set();
    const add = (type) => (type.kind === 'optional' ? add(type.of) : type.kind === 'enum' && names.add(type.name));
    [...this.crossing(), ...annotations.CALL_OPTIONS].forEach((struct) =>
      this.members(struct).forEach(({ type }) => add(type)),
    );
    this.options().forEach(({ type }) => add(type));
    for (const owner of ['Client', 'Session']) {
      for (const { returns } of this.model.structs[owner].methods) {
        if (returns in this.model.enums && returns !== 'WaitResult') {
          names.add(returns);
        }
      }
    }
    return [...names];
  }

  names(enumeration) {
    return this.model.enums[enumeration].values.map(({ name }) => kebab(name));
  }

  /** Methods that are mere calls: { owner, name, returns, parameters, isOfSubscription }. */
  exports() {
    return ['Client', 'Session', 'Subscription'].flatMap((owner) =>
      this.model.structs[owner].methods
        .filter(({ name }) => /^[a-z]\w*$/.test(name) && !/^(on|set)[A-Z]|^operator/.test(name))
        .filter(({ name }) => !annotations.NOT_EXPORTED[owner].includes(name))
        .map((method) => ({ ...method, owner })),
    );
  }

  /** A default as a JavaScript value; undefined where it is a struct or nothing. */
  value({ type, default: text }) {
    const inner = text.replace(/^\{(.*)\}$/s, '$1').trim();
    switch (type.kind) {
      case 'count':
      case 'duration':
        return evaluate(inner);
      case 'flag':
        return inner === 'true';
      case 'enum':
        return kebab(inner.slice(inner.lastIndexOf(':') + 1));
      case 'text':
        return inner === '' ? '' : JSON.parse(inner);
      default:
        return undefined;
    }
  }
}

// Numbers and their products.
function evaluate(text) {
  const factors = text
    .replaceAll("'", '')
    .split('*')
    .map((each) => Number(each.trim().replace(/[uUlL]+$/, '')));
  const product = factors.reduce((left, right) => left * right, 1);
  if (!Number.isFinite(product)) {
    throw new Error(`the default ${text} is neither a number nor a product of numbers`);
  }
  return product;
}
