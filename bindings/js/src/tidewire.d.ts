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
  | 'unavailable'
  | 'endpoint-failed'
  | 'thawed';

export type ConnectResult =
  | 'started'
  | 'already-started'
  | 'invalid-url'
  | 'invalid-subprotocol'
  | 'unsupported'
  | 'invalid-header'
  | 'invalid-option';
export type SendResult = 'queued' | 'closed' | 'too-large' | 'queue-full' | 'not-open';
export type CloseResult = 'accepted' | 'already-closed' | 'invalid-code' | 'invalid-reason';
export type HeartbeatResult = 'asked' | 'not-open' | 'unsupported';
export type ReconnectResult = 'started' | 'closed';
export type PauseResult = 'accepted';

/**
 * 'closed': the client closed for good. 'expired': they waited longer than `maxAge`. 'displaced': newer ones needed their
 * place. 'stale': they were sent inside 'open' of a connection that ended. 'refused': they were sent before the wasm had
 * loaded, and do not fit the send queue.
 */
export type DropReason = 'closed' | 'expired' | 'displaced' | 'stale' | 'refused';

/** What `send` does while the client is not open: the message waits, or the answer is 'not-open'. */
export type WhenNotOpen = 'queue' | 'refuse';

/** From what matters most to what matters least. */
export type LogLevel = 'error' | 'warning' | 'info' | 'debug';

/** One line of the log. */
export interface LogRecord {
  readonly level: LogLevel;
  /** `Options.name`, or the URL without its query. */
  readonly client: string;
  /** One sentence, for people. Not stable, do not parse it. */
  readonly text: string;
}

/** Where the next attempt goes. */
export interface Endpoint {
  /** Resolved as the constructor does. */
  url: string | URL;
  subprotocols?: string[] | undefined;
}

/** What an endpoint function is asked with. */
export interface EndpointRequest {
  /** Counts the attempts of this client, from 1. */
  readonly attempt: number;
  /** How the attempt before this one ended; null for the first since `connect()`. */
  readonly lastClose: CloseInfo | null;
  /** What the constructor was given: something to start from. The URL is empty if there was none. */
  readonly configured: { readonly url: string; readonly subprotocols: string[] };
}

/** Everything a client is told, once, at its making. Times are milliseconds, sizes bytes of UTF-8 or binary data. */
export interface Options {
  /** Offered in this order. If any is offered and none is chosen, the connection fails. */
  subprotocols?: string[] | undefined;
  /**
   * Asked before every attempt for the URL and the subprotocols, instead of those given here: a fresh token, another
   * server. The attempt waits for a promise within `connectTimeout`. One that throws, rejects, or answers what cannot
   * be used ends the attempt with cause 'endpoint-failed' and its text as `detail`; a retry follows as after any other
   * failure.
   */
  endpoint?: ((request: EndpointRequest) => Endpoint | PromiseLike<Endpoint>) | undefined;
  /** What the log calls this client. Default: its URL without the query. */
  name?: string | undefined;
  /** From the start of an attempt until open, `endpoint` included. Default 15000. */
  connectTimeout?: number | undefined;
  /** For `close()`: sending what was queued and the closing handshake together. Default 5000. */
  closeTimeout?: number | undefined;
  heartbeat?: {
    /** Time between two questions; 0: none is asked. Default 25000. */
    interval?: number | undefined;
    /** How long nothing may arrive after a question before the connection counts as dead. Default 10000. */
    timeout?: number | undefined;
    /**
     * A text to ask with, such as "ping". A page has no WebSocket Ping: without this nothing is asked, a dead
     * connection stays unnoticed, and proxies cut a quiet one, many after 60 s. The log warns of it once for each client.
     *
     * It may hold "{n}" once, in whose place each question has a number, such as `ping {n}` or
     * `{"op":"ping","id":{n}}`: decimal, a safe integer, one more than that of the question before. The first is
     * random, so that clients differ. Then `answer` holds "{n}" once too; else the constructor throws a TypeError.
     *
     * The server has to know it: one that passes on whatever comes, as many chat servers do, shows the question to
     * everybody.
     */
    message?: string | undefined;
    /**
     * The text that answers `message`, for a server that sends it back; it is not delivered.
     *
     * With "{n}" only a text with the number of a question of this connection is an answer, each number once; every
     * other text is delivered. Without it text alone does not tell an answer from a message: while a question is out, the
     * first text that equals `answer` is taken for it, whoever sent it, and not delivered. Round trips are then too
     * small, and the true answer is delivered as a message.
     */
    answer?: string | undefined;
    /** No message for this long means that the connection is dead, asked or not; 0: silence is borne. Default 0. */
    silence?: number | undefined;
    /**
     * The deadline instead of `timeout` for the question that is asked at once after the machine slept, the page was
     * hidden or frozen, or the network changed. Default 3000.
     */
    thawTimeout?: number | undefined;
    /** What to do then without a `message` to ask with: go on, or drop the connection. Default 'trust'. */
    onThaw?: 'trust' | 'reconnect' | undefined;
  } | undefined;
  reconnect?: {
    /** Default true. */
    enabled?: boolean | undefined;
    /** Default 500. */
    firstDelay?: number | undefined;
    /** Default 20000. */
    maxDelay?: number | undefined;
    /** A connection that was open this long starts the count of retries afresh. Default 5000. */
    resetAfter?: number | undefined;
    /** Close codes of the peer after which nothing is tried again, besides 1008 and 1009. */
    finalCodes?: number[] | undefined;
    /**
     * How many attempts may follow each other, without one that stayed open for `resetAfter`, before the client closes
     * for good. The first one counts. 0: as many as it takes. Default 0.
     */
    maxAttempts?: number | undefined;
  } | undefined;
  /** Bounds of what waits to be sent. */
  sendQueue?: {
    /** Default 16 MiB. */
    maxBytes?: number | undefined;
    /** Default 65536. */
    maxMessages?: number | undefined;
    /**
     * A message that has waited longer is dropped, and reported to 'dropped'; 0: no limit. Its age is counted from the
     * loading of the wasm if it was sent before. Default 0.
     */
    maxAge?: number | undefined;
    /**
     * 'reject': `send` answers 'queue-full'. 'drop-oldest': what has waited longest is dropped, and reported to
     * 'dropped'; between two turns of the event loop up to twice as much may wait. Default 'reject'.
     */
    whenFull?: 'reject' | 'drop-oldest' | undefined;
    /** Default 'queue'. */
    whenNotOpen?: WhenNotOpen | undefined;
    /** 'drain' reports that `bufferedAmount` has fallen to this or below. Default 0. */
    lowWaterBytes?: number | undefined;
  } | undefined;
  /** A longer message from the peer ends the connection with 'message-too-big'. Default 16 MiB. */
  maxMessageBytes?: number | undefined;
  /** How much `pause()` may hold back before the connection ends with 'slow-consumer'. Default 8 MiB. */
  deliveryQueueBytes?: number | undefined;
  flightRecorder?: {
    /** How many entries `flightRecord()` keeps; 0 records nothing. Default 64. */
    entries?: number | undefined;
    /** How much of each payload is recorded. Default 0: a bug report holds no secrets unless it is asked to. */
    payloadBytes?: number | undefined;
  } | undefined;
  /** Silent unless there is a sink. */
  log?: {
    /** What matters less is left out. Default 'warning'. */
    level?: LogLevel | undefined;
    /** Never called inside a call of the application's own. What it throws is reported as an uncaught error. */
    sink?: ((record: LogRecord) => void) | undefined;
  } | undefined;
}

/** What holds for one message. */
export interface SendOptions {
  /** Instead of `Options.sendQueue.whenNotOpen`. */
  whenNotOpen?: WhenNotOpen | undefined;
}

/** How long each step of an attempt took, as far as a page can tell. */
export interface HandshakeTimes {
  /** `Options.endpoint`, if there is one. */
  readonly endpoint?: number;
}

/** How long the peer takes to answer, over one connection. */
export interface RoundTrips {
  readonly last: number;
  /** A moving average, the newest weighing one eighth. */
  readonly smoothed: number;
  readonly min: number;
}

/**
 * What a client has done and where it stands. Counts run from its making and are never reset. What an event tells is
 * counted before it is dispatched; messages that came or went are counted when the turn in which they did has ended.
 */
export interface Stats {
  /** That began. */
  readonly attempts: number;
  /** That opened. */
  readonly opens: number;
  /** That followed another without the application's `connect()`. */
  readonly reconnects: number;
  /** Handed to the browser; arrival is not promised. */
  readonly messagesSent: number;
  readonly bytesSent: number;
  readonly messagesReceived: number;
  /** A text counts as its length in UTF-16 code units, which is the same for ASCII. */
  readonly bytesReceived: number;
  /** Accepted by `send` and not yet handed to the browser. */
  readonly queuedMessages: number;
  readonly queuedBytes: number;
  /** As `bufferedAmount`. */
  readonly bufferedBytes: number;
  /** Held back by `pause()`. */
  readonly deliveryEvents: number;
  readonly deliveryBytes: number;
  /** As reported to 'dropped'. */
  readonly droppedMessages: number;
  readonly droppedBytes: number;
  /** The sum of what 'close' told. */
  readonly unconfirmedMessages: number;
  /** Of this connection, or of the last one that had any; null if there was none. */
  readonly roundTrips: RoundTrips | null;
  /** Of the last attempt that opened. */
  readonly lastHandshake: HandshakeTimes;
  /** How many attempts ended so. */
  readonly endings: Readonly<Record<CloseCause, number>>;
  /** How many of `reconnects` followed an attempt that ended so. */
  readonly reconnectsAfter: Readonly<Record<CloseCause, number>>;
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
  /** Where that time went. */
  readonly times: HandshakeTimes;
}

/** How an attempt ended. */
export interface CloseInfo {
  readonly cause: CloseCause;
  /** RFC 6455 section 7.4; 1005: the peer gave none, 1006: no Close frame. */
  readonly code: number;
  /** The server's reason, or the client's own. */
  readonly reason: string;
  /** What happened, for people, on one line. It may quote the server. Not stable, do not parse it. */
  readonly detail: string;
  readonly wasOpen: boolean;
  /** Whether another attempt follows without the application's doing. */
  readonly willRetry: boolean;
  /** The wait before that attempt. */
  readonly retryIn: number;
  readonly attempt: number;
  /** Queued messages that will now never be sent. 0 while a retry follows. */
  readonly droppedMessages: number;
  /**
   * Messages that were handed to the browser and whose fate is unknown: no answer to a later question or Close frame of
   * ours has proved their arrival. They are never sent again.
   */
  readonly unconfirmedMessages: number;
  /**
   * At least three attempts have failed since `connect()`, and none has ever opened: most likely the address, the
   * network or a permission is wrong. A page is not told which.
   */
  readonly neverOpened: boolean;
}

/** The last event of an attempt, and exactly one for each attempt that began, opened or not. */
export interface CloseEvent extends Event, CloseInfo {}

export interface StateChangeEvent extends Event {
  readonly from: State;
  readonly to: State;
}

/** The peer has answered a heartbeat. */
export interface HeartbeatEvent extends Event {
  readonly roundTrip: number;
  /** As in `RoundTrips`, this one included. */
  readonly smoothed: number;
  readonly min: number;
}

/** Messages that `send` accepted will never be sent. Comes before the 'close' of an attempt that drops them. */
export interface DroppedEvent extends Event {
  readonly reason: DropReason;
  readonly messages: number;
  /** Of their payloads. */
  readonly bytes: number;
}

/** `bufferedAmount` was above `Options.sendQueue.lowWaterBytes` and no longer is. */
export interface DrainEvent extends Event {
  /** What is left. */
  readonly bufferedAmount: number;
}

/** A message has arrived. In a browser it is a `MessageEvent`. */
export interface MessageArrivedEvent extends Event {
  /** A string, or the bytes of a binary message. */
  readonly data: string | ArrayBuffer;
}

/** A function or an object that handles events of one type. */
export type Listener<Target, EventType> =
  | ((this: Target, event: EventType) => unknown)
  | { handleEvent(event: EventType): unknown };

/** As of any `EventTarget`. */
export interface ListenerOptions {
  capture?: boolean | undefined;
  once?: boolean | undefined;
  passive?: boolean | undefined;
  /** Removes the listener. */
  signal?: AbortSignal | undefined;
}

export interface ClientEventMap {
  statechange: StateChangeEvent;
  open: OpenEvent;
  message: MessageArrivedEvent;
  close: CloseEvent;
  heartbeat: HeartbeatEvent;
  dropped: DroppedEvent;
  drain: DrainEvent;
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
  /** With `options.endpoint` there need not be a URL. */
  constructor(url: string | URL | null | undefined, options: Options & Required<Pick<Options, 'endpoint'>>);

  /** As resolved; empty if there is none. */
  readonly url: string;
  readonly state: State;
  /**
   * How many payload bytes were accepted by `send` and have not yet left the browser, as far as it tells: what waits
   * here, and its own `bufferedAmount` as of the last turn.
   */
  readonly bufferedAmount: number;

  /** Starts connecting; what comes of it reaches 'open' or 'close'. */
  connect(): ConnectResult;
  /** What `connect()` finds wrong with the options that the constructor let pass, for people. Empty if nothing is. */
  connectFault(): string;
  /**
   * Queues a message: text, or a copy of the bytes. Messages leave in call order, and wait while not open; but what is
   * sent inside 'open' leaves before what was waiting, or is dropped as 'stale' if that connection is over by then,
   * which happens after `pause()` only. Arrival is not promised; see `CloseInfo.unconfirmedMessages` and
   * 'dropped'.
   */
  send(data: string | ArrayBufferLike | ArrayBufferView, options?: SendOptions): SendResult;
  /** Ends the connection for good: sends what was queued while open, then the Close frame. */
  close(code?: number, reason?: string): CloseResult;
  /** Drops this connection, or the wait for the next, and connects again now. */
  reconnect(): ReconnectResult;
  /** Asks the peer for a sign of life now. */
  heartbeat(): HeartbeatResult;
  /**
   * Holds messages back, and the events that follow them, from the next turn on until `resume()`, also across a
   * reconnect. A page cannot stop its browser from reading: beyond `deliveryQueueBytes` the connection ends with
   * 'slow-consumer'.
   */
  pause(): PauseResult;
  /** Ends `pause()`: what was held back is dispatched in its order. */
  resume(): PauseResult;
  stats(): Stats;
  /**
   * The last things that happened, a line each, the oldest first: to go into a bug report. Without leave of
   * `Options.flightRecorder` there is no payload in it. URLs appear without their query.
   */
  flightRecord(): string;
  /**
   * Ends the client without a closing handshake and frees it; no event comes after this, and every further call throws
   * a TypeError. A client that is closed and forgotten needs no `dispose()`.
   */
  dispose(): void;

  addEventListener<Type extends keyof ClientEventMap>(
    type: Type,
    listener: Listener<Client, ClientEventMap[Type]> | null,
    options?: boolean | ListenerOptions,
  ): void;
  removeEventListener<Type extends keyof ClientEventMap>(
    type: Type,
    listener: Listener<Client, ClientEventMap[Type]> | null,
    options?: boolean | ListenerOptions,
  ): void;
}

// --- Sessions ---

/**
 * What the other side, or the session itself, has against something that was asked for.
 *
 * `code` is one of docs/protocol.md, section 4.9, or one of the session's own: 'timeout', 'connection-lost', 'closed',
 * 'too-large', 'queue-full', 'invalid-name'. Others may be added.
 */
export class SessionError extends Error {
  readonly code: string;
  /** The same may succeed later. */
  readonly temporary: boolean;
  private constructor();
}

/**
 * A place in a channel. It belongs to the channel, so it outlives sessions and servers: an application that keeps it
 * can go on there after its own restart (`SubscribeOptions.since`).
 */
export interface ChannelPosition {
  readonly epoch: string;
  readonly seq: number;
}

/** What a token function is asked with. */
export interface TokenRequest {
  /** Counts the attempts of this session, from 1. */
  readonly attempt: number;
  /** How the attempt before this one ended; null for the first since `connect()`. */
  readonly lastClose: CloseInfo | null;
  /** What the server said instead of `welcome`, or that the token has run out: mostly it is time for a fresh one. */
  readonly refusal: SessionError | null;
}

/** A token, and where else to go with it. */
export interface TokenAnswer {
  token: string;
  /** Default: the session's own. */
  url?: string | URL | undefined;
}

/** Everything a session is told, once, at its making. What is not explained here means the same as in `Options`. */
export interface SessionOptions {
  /**
   * Who the user is. A function is asked before each attempt, and waited for within `connectTimeout`. One that throws,
   * rejects, or answers what cannot be used ends the attempt with cause 'endpoint-failed' and its text as `detail`; a
   * retry follows as after any other failure. If the server says that the token has expired, it is asked once more; a
   * second refusal is final.
   */
  token?: (string | ((request: TokenRequest) => string | TokenAnswer | PromiseLike<string | TokenAnswer>)) | undefined;
  name?: string | undefined;
  /** From the start of an attempt until the server's welcome, `token` included. Default 15000. */
  connectTimeout?: number | undefined;
  /** For `close()`: what was queued, the acknowledgements still due, and the closing handshake. Default 5000. */
  closeTimeout?: number | undefined;
  /** The protocol has a question of its own, which a page can ask as well. */
  heartbeat?: {
    /** Time between two questions; 0: none but those the server asks for. Default 25000. */
    interval?: number | undefined;
    /** How long nothing may arrive after a question before the connection counts as dead. Default 10000. */
    timeout?: number | undefined;
    /**
     * Instead of `timeout`, after the machine slept, the page was hidden or frozen, or the network changed. Default
     * 3000.
     */
    thawTimeout?: number | undefined;
  } | undefined;
  reconnect?: Options['reconnect'] | undefined;
  /**
   * Bounds of what waits for the server: calls not sent yet, publishes that wait for their acknowledgement, and requests
   * that wait for their reply.
   */
  outbox?: {
    /** Of bodies, each call counting 256 bytes more. Default 16 MiB. */
    maxBytes?: number | undefined;
    /** Default 65536. */
    maxCalls?: number | undefined;
    /** How long a message may wait for others that join it in one WebSocket message. Default 0: within one turn. */
    batchDelay?: number | undefined;
  } | undefined;
  /**
   * Places besides the origin of the URL that was dialled to which a server may send this session for one connection
   * (`goaway`), and so places that may see the token.
   *
   * Each is a host, with or without a port, as a URL has it: 'b.example', 'b.example:8443', '[::1]:9000'. Without a port
   * it means the default port of the scheme (443 for wss:, 80 for ws:). Case does not matter. What is no host allows
   * nothing. A session never goes from wss: to ws:.
   */
  allowedHosts?: string[] | undefined;
  /**
   * The largest WebSocket message that the session takes, which its `hello` states: at least 1024 bytes there. One that
   * is larger all the same ends the connection with cause 'message-too-big'; unlike a `Client`, a session then tries
   * again, with the usual backoff.
   */
  maxMessageBytes?: number | undefined;
  flightRecorder?: Options['flightRecorder'] | undefined;
  log?: Options['log'] | undefined;
}

/** What holds for one subscription. */
export interface SubscribeOptions {
  /** The latest event is enough: where the client falls behind, older ones are left out, and counted as `skipped`. */
  conflate?: boolean | undefined;
  /** Without `since`: how many of the newest events come first, at most; 1 shows a price at once. Default 0. */
  replay?: number | undefined;
  /** What came after this position is wanted: each event, or one gap. */
  since?: ChannelPosition | undefined;
}

/** Listeners of a subscription that are there from its beginning. */
export interface SubscriptionHandlers {
  onEvent?: ((event: ChannelEvent) => unknown) | undefined;
  onGap?: ((event: GapEvent) => unknown) | undefined;
  onSubscribed?: ((event: SubscribedEvent) => unknown) | undefined;
  onEnd?: ((event: SubscriptionEndEvent) => unknown) | undefined;
}

/** What holds for one publish. */
export interface PublishOptions {
  /**
   * Whether its fate is wanted, and the message kept until it is known. Without it the message is sent at most once,
   * and lost with its connection. Default false.
   */
  ack?: boolean | undefined;
  /**
   * With `ack`: where nobody can tell whether it was published, send it again instead of ending as 'unknown'. Then it
   * may be published twice. Default false.
   */
  resend?: boolean | undefined;
}

/** What holds for one request. */
export interface RequestOptions {
  /** From the call until the reply; 0: as long as it takes. Default 10000. */
  timeout?: number | undefined;
  /** Doing it twice is the same as doing it once: it is sent again if its connection is lost. Default false. */
  idempotent?: boolean | undefined;
  /** Ends the request: it rejects with the signal's reason, and the server is told. */
  signal?: AbortSignal | undefined;
}

/** What `publish` answers. The other calls tell the same as the code of an error. */
export type CallResult = 'queued' | 'closed' | 'too-large' | 'queue-full' | 'invalid-name';

/** What became of a publish that asked for an acknowledgement. */
export interface Ack {
  /**
   * - 'published': once; `seq` is its place in the channel, if the server tells
   * - 'refused': not published; `error` says why
   * - 'unknown': it may or may not have been published, and nobody can tell
   * - 'not-sent': not published; it was not accepted, or the session closed before it was sent
   */
  readonly outcome: 'published' | 'refused' | 'unknown' | 'not-sent';
  readonly seq: number | null;
  /** null if it was published. */
  readonly error: SessionError | null;
}

/** What a message carries: a string, or bytes; null where there is nothing, which an empty string is not. */
export type Body = string | ArrayBuffer | null;

/** The answer to a request. */
export class Reply {
  readonly data: Body;
  /** Bytes are taken for UTF-8. */
  readonly text: string;
  /** A text is given as UTF-8. */
  readonly bytes: Uint8Array;
  /** What the text stands for; undefined if it is not JSON. */
  json(): any;
  private constructor();
}

/** Something that was published on a channel. */
export interface ChannelEvent extends Event {
  readonly channel: string;
  /** Grows by one from event to event of the channel. */
  readonly seq: number;
  /** When it happened, by the server's clock, in milliseconds since 1970; null if the server does not tell. */
  readonly time: number | null;
  /** Events before this one that a conflated subscription left out. */
  readonly skipped: number;
  readonly data: Body;
  /** What the text stands for; undefined if it is not JSON. */
  json(): any;
}

/** Events that this subscriber will never get. Told once, in its place between the events. */
export interface GapEvent extends Event {
  readonly channel: string;
  /** Without a range the channel's epoch has changed, and nobody can tell how much is missing. */
  readonly hasRange: boolean;
  readonly from: number;
  /** Included. */
  readonly to: number;
}

/** The server has answered a subscription: events follow from here. Comes again after each reconnect. */
export interface SubscribedEvent extends Event {
  readonly channel: string;
  readonly position: ChannelPosition;
}

/** The server refused or ended a subscription, and not only for the moment. Its last event. */
export interface SubscriptionEndEvent extends Event {
  readonly channel: string;
  readonly error: SessionError;
}

export interface SubscriptionEventMap {
  event: ChannelEvent;
  gap: GapEvent;
  subscribed: SubscribedEvent;
  end: SubscriptionEndEvent;
}

/** A subscription to one channel, until `unsubscribe()`; `Session.subscribe` makes them. Nobody has to hold it. */
export class Subscription extends EventTarget {
  private constructor();

  readonly channel: string;
  /**
   * Whether events flow: the server has answered, and the connection is open. Not while the server refuses the
   * subscription for the moment; the session then tries again, every second to every minute.
   */
  readonly isLive: boolean;
  /**
   * Of the last event that was dispatched, or where the server said that events begin; null before that. It stays when
   * the subscription is over.
   */
  readonly position: ChannelPosition | null;
  /**
   * How old the last event is by the server's clock, in milliseconds: how far a price may be trusted. null before the
   * first event, where the server tells no time, and when the subscription is over.
   */
  readonly age: number | null;

  /** No event of it comes after this. The last subscription to a channel tells the server. */
  unsubscribe(): void;

  addEventListener<Type extends keyof SubscriptionEventMap>(
    type: Type,
    listener: Listener<Subscription, SubscriptionEventMap[Type]> | null,
    options?: boolean | ListenerOptions,
  ): void;
  removeEventListener<Type extends keyof SubscriptionEventMap>(
    type: Type,
    listener: Listener<Subscription, SubscriptionEventMap[Type]> | null,
    options?: boolean | ListenerOptions,
  ): void;
}

/** The server has said welcome. */
export interface SessionOpenEvent extends OpenEvent {
  /** The server still knows what was published before. */
  readonly resumed: boolean;
}

/** The server has told an error that concerns the connection, or refused a token. */
export interface SessionErrorEvent extends Event {
  readonly code: string;
  readonly message: string;
  readonly temporary: boolean;
}

export interface SessionEventMap {
  statechange: StateChangeEvent;
  open: SessionOpenEvent;
  close: CloseEvent;
  heartbeat: HeartbeatEvent;
  error: SessionErrorEvent;
}

/**
 * A connection to a server that speaks "tidewire.v1" (docs/protocol.md): channels, publishing with acknowledgement,
 * requests. It reconnects as a `Client` does, and resumes: each event of a subscription comes exactly once and in
 * order, or one 'gap' tells what is missing.
 *
 * Usable at once; the wasm loads behind it. Calls may be made at any time; they wait, within the bounds of the outbox,
 * for the connection. No event is ever dispatched inside a call of the application's own.
 */
export class Session extends EventTarget {
  /**
   * Makes a session in state 'idle'. Nothing happens before `connect()`. A relative or http(s) URL is resolved as the
   * WebSocket constructor does. Throws a TypeError for what is not a URL, or not an option.
   */
  constructor(url: string | URL, options?: SessionOptions);

  /** As resolved. */
  readonly url: string;
  /** 'open' once the server has said welcome. */
  readonly state: State;
  /**
   * The server's clock, in milliseconds since 1970, as estimated from the quickest round trip so far; null before the
   * first welcome.
   */
  readonly serverTime: number | null;

  /** Starts connecting; what comes of it reaches 'open' or 'close'. */
  connect(): ConnectResult;
  /** As `Client`'s. */
  connectFault(): string;
  /**
   * Ends the connection for good: sends what was queued while open, waits for acknowledgements that are due, and
   * closes, all within `SessionOptions.closeTimeout`. Then each call that is not answered ends. Subscriptions stay, and
   * go on with the next `connect()`.
   */
  close(code?: number, reason?: string): CloseResult;
  /** Drops this connection, or the wait for the next, and connects again now. */
  reconnect(): ReconnectResult;
  /** Asks the server for a sign of life now. */
  heartbeat(): Exclude<HeartbeatResult, 'unsupported'>;

  /**
   * Subscribes from now on, also across reconnects, until `unsubscribe()`. Several subscriptions to one channel share
   * what goes over the wire. `since` counts for each of them: where the channel stands behind it already, the session
   * asks the server again, during which none of them is live. `replay` counts for the first; a later one gets events from
   * then on. Where `channel` cannot name one, the subscription ends with code 'unknown-channel'.
   */
  subscribe(channel: string, options?: SubscribeOptions, handlers?: SubscriptionHandlers): Subscription;

  /**
   * Publishes text, or a copy of the bytes. With `ack`, answers a promise of what became of it, which never rejects but
   * for wrong use; without, whether it was queued.
   */
  publish(
    channel: string,
    body: string | ArrayBufferLike | ArrayBufferView | undefined,
    options: PublishOptions & { ack: true },
  ): Promise<Ack>;
  publish(
    channel: string,
    body?: string | ArrayBufferLike | ArrayBufferView,
    options?: PublishOptions & { ack?: false },
  ): CallResult;

  /**
   * Asks the server for something. Rejects with a `SessionError` if it refuses, if there is no reply in time, or if the
   * session closes; and as `RequestOptions.signal` says.
   */
  request(
    method: string,
    body?: string | ArrayBufferLike | ArrayBufferView,
    options?: RequestOptions,
  ): Promise<Reply>;

  /**
   * Gives the server a fresh token, now if there is a connection, and with every hello from here on that a token
   * function does not give one for. If the server refuses it, 'error' tells.
   */
  authenticate(token: string): 'queued';

  /** Messages are those of WebSocket, of which each may hold several of the protocol. */
  stats(): Stats;
  /** As `Client`'s. */
  flightRecord(): string;
  /**
   * Ends the session without a closing handshake and frees it; no event comes after this, neither here nor of
   * subscriptions, and every further call throws a TypeError. Calls that were not answered end: publishes as 'unknown',
   * before the wasm has loaded as 'not-sent'; requests with code 'closed'. A session that is closed and forgotten needs no
   * `dispose()`.
   */
  dispose(): void;

  addEventListener<Type extends keyof SessionEventMap>(
    type: Type,
    listener: Listener<Session, SessionEventMap[Type]> | null,
    options?: boolean | ListenerOptions,
  ): void;
  removeEventListener<Type extends keyof SessionEventMap>(
    type: Type,
    listener: Listener<Session, SessionEventMap[Type]> | null,
    options?: boolean | ListenerOptions,
  ): void;
}

/** WebAssembly.Module, where the project's libraries declare it; those of a Node project may not. */
export type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } }
  ? Module
  : object;

/**
 * Loads the wasm, which the first client or session does by itself: from tidewire.wasm beside this module, or from
 * `source` if that is given before that. Rejects if it cannot be loaded; the next call tries again.
 */
export function ready(
  source?: string | URL | Response | ArrayBuffer | ArrayBufferView | WasmModule,
): Promise<void>;
