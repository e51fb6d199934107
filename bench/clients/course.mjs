// The course of a scenario and its measurement, as in common/course.hpp.

import { parseArgs } from 'node:util';

const NUMBERS = ['messages', 'bytes', 'window', 'batch', 'connections'];

export function readSettings() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      url: { type: 'string' },
      ca: { type: 'string', default: '' },
      messages: { type: 'string', default: '1' },
      bytes: { type: 'string', default: '64' },
      window: { type: 'string', default: '64' },
      batch: { type: 'string', default: '1' },
      connections: { type: 'string', default: '1' },
      text: { type: 'boolean', default: false },
      coalesce: { type: 'boolean', default: false },
    },
  });
  for (const name of NUMBERS) values[name] = Number(values[name]);
  return { ...values, scenario: positionals[0] };
}

export function refuse(why) {
  console.error(why);
  process.exit(3);
}

export class Meter {
  start() {
    this.cpu = process.cpuUsage();
    this.wall = performance.now();
  }
  stop() {
    const { user, system } = process.cpuUsage(this.cpu);
    this.cpu = (user + system) / 1e6;
    this.wall = (performance.now() - this.wall) / 1000;
  }
  print(messages, values = {}) {
    console.log(JSON.stringify({ ...values, messages, cpu: this.cpu, wall: this.wall }));
  }
}

export class Course {
  #credit = 0;
  #unsent = 0;
  #left;
  #sent = 0;
  #trips = [];
  #meter = new Meter();
  finished = false;

  constructor(settings) {
    this.settings = settings;
    this.#left = settings.messages;
    if (!['receive', 'send', 'batches', 'ping-pong', 'echo'].includes(settings.scenario)) refuse('no such scenario here');
  }

  opened() {
    const { scenario, messages, window } = this.settings;
    if (scenario !== 'receive') this.#meter.start();
    this.#credit = { receive: 0, batches: 0, send: messages, 'ping-pong': 1, echo: Math.min(window, messages) }[scenario];
    this.#unsent = messages - this.#credit;
  }

  takeOne() {
    if (this.#credit === 0) return false;
    --this.#credit;
    if (this.settings.scenario === 'ping-pong') this.#sent = performance.now();
    return true;
  }

  received(bytes) {
    const { scenario, messages, batch } = this.settings;
    if (scenario === 'batches' && this.#unsent > 0) {
      const more = Math.min(batch, this.#unsent);
      this.#unsent -= more;
      this.#credit += more;
      return;
    }
    if (scenario === 'send' || scenario === 'batches') {
      if (bytes === 4) this.#end(); // "done"
      return;
    }
    if (bytes !== this.settings.bytes) throw new Error('a message has a wrong size');
    if (scenario === 'ping-pong') this.#trips.push(performance.now() - this.#sent);
    if (scenario === 'receive') {
      if (this.#left === messages) this.#meter.start();
    } else if (this.#unsent > 0) {
      --this.#unsent;
      ++this.#credit;
    }
    if (--this.#left === 0) this.#end();
  }

  #end() {
    this.#meter.stop();
    this.finished = true;
  }

  print() {
    const { scenario, messages } = this.settings;
    const values = {};
    if (scenario === 'ping-pong') {
      const sorted = this.#trips.sort((a, b) => a - b);
      values.p50 = sorted[sorted.length >> 1] / 1000;
      values.p99 = sorted[Math.floor(sorted.length * 0.99)] / 1000;
    }
    // Of a flood the first message only starts the clock.
    this.#meter.print(messages - (scenario === 'receive' ? 1 : 0), values);
  }
}
