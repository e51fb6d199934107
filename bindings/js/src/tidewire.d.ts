/** Where a client stands; the names are those of tidewire::State. */
export type State = 'idle' | 'connecting' | 'open' | 'closing' | 'waiting' | 'closed';

/** Why an attempt ended; the names are those of tidewire::CloseCause. */
export type CloseCause =
  | 'closed-by-user'
  | 'reconnect-asked'
  | 'closed-by-peer'
  | 'connection-lost'
  | 'connect-failed'
  | 'handshake-refused'
  | 'untrusted-certificate'
  | 'connect-timeout'
  | 'heartbeat-timeout'
  | 'protocol-error'
  | 'message-too-big'
  | 'slow-consumer'
  | 'unavailable';

export type ConnectResult = 'started' | 'already-started' | 'invalid-url' | 'invalid-subprotocol' | 'unsupported';
export type SendResult = 'queued' | 'closed' | 'too-large' | 'queue-full';
export type CloseResult = 'accepted' | 'already-closed' | 'invalid-code' | 'invalid-reason';
export type HeartbeatResult = 'asked' | 'not-open' | 'unsupported';
export type ReconnectResult = 'started' | 'closed';

/** Everything a client is told, once, at its making. Times are milliseconds, sizes bytes of UTF-8 or binary data. */
export interface Options {
  /** Offered in this order. If any is offered and none is chosen, the connection fails. */
  subprotocols?: string[];
  /** From the start of an attempt until open. Default 15000. */
  connectTimeout?: number;
  /** For `close()`: sending what was queued and the closing handshake together. Default 5000. */
  closeTimeout?: number;
  heartbeat?: {
    /** Time between two questions; 0: none is asked. Default 25000. */
    interval?: number;
    /** How long nothing may arrive after a question before the connection counts as dead. Default 10000. */
    timeout?: number;
    /** A text to ask with, such as "ping". A page has no WebSocket Ping: without this nothing is asked. */
    message?: string;
    /** The text that answers `message`. It is not delivered. */
    answer?: string;
  };
  reconnect?: {
    /** Default true. */
    enabled?: boolean;
    /** Default 500. */
    firstDelay?: number;
    /** Default 20000. */
    maxDelay?: number;
    /** A connection that was open this long starts the count of retries afresh. Default 5000. */
    resetAfter?: number;
    /** Close codes of the peer after which nothing is tried again, besides 1008 and 1009. */
    finalCodes?: number[];
  };
  /** Bounds of what waits to be sent. What exceeds them is refused with 'queue-full'. */
  sendQueue?: {
    /** Default 16 MiB. */
    maxBytes?: number;
    /** Default 65536. */
    maxMessages?: number;
  };
  /** A longer message from the peer ends the connection with 'message-too-big'. Default 16 MiB. */
  maxMessageBytes?: number;
}

/** The connection is open: messages flow. */
export interface OpenEvent extends Event {
  /** The one the server chose; empty if none was offered. */
  readonly subprotocol: string;
  /** Counts the attempts of this client, from 1. */
  readonly attempt: number;
  /** How many connections were open before this one. */
  readonly reconnects: number;
  /** From the start of the attempt until open. */
  readonly handshakeTime: number;
}

/** The last event of an attempt, and exactly one for each attempt that began, opened or not. */
export interface CloseEvent extends Event {
  readonly cause: CloseCause;
  /** RFC 6455 section 7.4; 1005: the peer gave none, 1006: no Close frame. */
  readonly code: number;
  readonly reason: string;
  /** What happened, for people. Not stable, do not parse it. */
  readonly detail: string;
  readonly wasOpen: boolean;
  /** Whether another attempt follows without the application's doing. */
  readonly willRetry: boolean;
  /** The wait before that attempt. */
  readonly retryIn: number;
  readonly attempt: number;
  /** Queued messages that will now never be sent. 0 while a retry follows. */
  readonly droppedMessages: number;
}

export interface StateChangeEvent extends Event {
  readonly from: State;
  readonly to: State;
}

/** The peer has answered a heartbeat. */
export interface HeartbeatEvent extends Event {
  readonly roundTrip: number;
}

export interface ClientEventMap {
  statechange: StateChangeEvent;
  open: OpenEvent;
  message: MessageEvent<string | ArrayBuffer>;
  close: CloseEvent;
  heartbeat: HeartbeatEvent;
}

/**
 * A WebSocket client that stays connected: it notices a dead connection and makes a new one.
 *
 * Usable at once; the wasm loads behind it. No event is ever dispatched inside a call of the application's own.
 */
export class Client extends EventTarget {
  /**
   * Makes a client in state 'idle'. Nothing happens before `connect()`. A relative or http(s) URL is resolved as the
   * WebSocket constructor does. Throws a TypeError for what is not a URL, or not an option.
   */
  constructor(url: string | URL, options?: Options);

  /** As resolved. */
  readonly url: string;
  readonly state: State;

  /** Starts connecting; what comes of it reaches 'open' or 'close'. */
  connect(): ConnectResult;
  /** Queues a message: text, or a copy of the bytes. Messages leave in call order, and wait while not open. */
  send(data: string | ArrayBufferLike | ArrayBufferView): SendResult;
  /** Ends the connection for good: sends what was queued while open, then the Close frame. */
  close(code?: number, reason?: string): CloseResult;
  /** Drops this connection, or the wait for the next, and connects again now. */
  reconnect(): ReconnectResult;
  /** Asks the peer for a sign of life now. */
  heartbeat(): HeartbeatResult;
  /**
   * Ends the client without a closing handshake and frees it; no event comes after this, and every further call throws
   * a TypeError. A client that is closed and forgotten needs no `dispose()`.
   */
  dispose(): void;

  addEventListener<Type extends keyof ClientEventMap>(
    type: Type,
    listener: (this: Client, event: ClientEventMap[Type]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<Type extends keyof ClientEventMap>(
    type: Type,
    listener: (this: Client, event: ClientEventMap[Type]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
}

/**
 * Loads the wasm, which the first client does by itself: from tidewire.wasm beside this module, or from `source` if
 * that is given before the first client is made. Rejects if it cannot be loaded; the next call tries again.
 */
export function ready(source?: string | URL | Response | BufferSource | WebAssembly.Module): Promise<void>;
