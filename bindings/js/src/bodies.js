// What brings the body of a message: a text, or bytes.

function textOf(data) {
  return isBytes(data) ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(data) : (data ?? '');
}

// The buffer may be one of another realm, as those of a test runner's context are.
function isBytes(data) {
  return typeof data === 'object' && data !== null;
}

// JSON has no undefined: that says that it is none.
function jsonOf(data) {
  try {
    return JSON.parse(textOf(data));
  } catch {
    return undefined;
  }
}

export class ChannelEvent extends Event {
  // There may be very many of them.
  constructor(channel, { seq, time, skipped, data }) {
    super('event');
    this.channel = channel;
    this.seq = seq;
    this.time = time;
    this.skipped = skipped;
    this.data = data;
  }

  json() {
    return jsonOf(this.data);
  }
}

export class Reply {
  constructor(data) {
    this.data = data;
  }

  get text() {
    return textOf(this.data);
  }

  get bytes() {
    return isBytes(this.data) ? new Uint8Array(this.data) : new TextEncoder().encode(this.text);
  }

  json() {
    return jsonOf(this.data);
  }
}
