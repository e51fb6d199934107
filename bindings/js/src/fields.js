// Reads what the wasm writes of one struct: its members as numbers, one behind the other (Fields in exchange.hpp).

import { wasm, glue } from './wasm.js';

let numbers = new Float64Array(0);

export class Fields {
  constructor(address) {
    // The old view dies when the memory grows.
    if (numbers.buffer !== wasm.memory.buffer) {
      numbers = new Float64Array(wasm.memory.buffer);
    }
    this.at = address / 8;
  }

  number() {
    return numbers[this.at++];
  }

  flag() {
    return this.number() !== 0;
  }

  text() {
    return glue.valueOf(this.number());
  }

  /** A string, an ArrayBuffer, or null where there is none. */
  payload() {
    const slot = this.number();
    return slot < 0 ? null : glue.valueOf(slot);
  }

  numberOr(none) {
    const value = this.number();
    return Number.isNaN(value) ? none : value;
  }

  optional(read) {
    return this.flag() ? read(this) : null;
  }

  /** A struct without the members that have no value. */
  sparse(members) {
    return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
  }

  keyed(names) {
    return Object.fromEntries(names.map((name) => [name, this.number()]));
  }
}

/** Stands for the fields of a struct in which there is nothing yet. */
export const blank = {
  number: () => 0,
  flag: () => false,
  optional: () => null,
  keyed: (names) => Object.fromEntries(names.map((name) => [name, 0])),
};
