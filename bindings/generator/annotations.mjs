// What only JavaScript has to know. Everything else stands in the public headers. A member is named `Struct.member`.

/** What is read. The texts of faults are not public, and the same in every language. */
export const HEADERS = ['tidewire/tidewire.hpp', 'core/fault_texts.hpp'];

/** The option that is the constructor's first argument in JavaScript. */
export const URL_OPTION = 'Options.url';

/** Members that do not cross, with the reason. */
export const LEFT_OUT = {
  'Options.headers': 'a page could not obey them',
  'Options.tls': 'a page could not obey it',
  'Options.callbacks': 'events come from the event loop',
  'Options.executor': 'events come from the event loop',
  'Options.loop': 'a page has one loop',
  'ReconnectOptions.maxRetryAfter': 'a page does not see the answer',
  'CloseInfo.httpStatus': 'a page does not see the answer',
  'HandshakeTimes.lookUp': 'a page does not learn it',
  'HandshakeTimes.connect': 'a page does not learn it',
  'HandshakeTimes.tls': 'a page does not learn it',
  'HandshakeTimes.upgrade': 'a page does not learn it',
  'Event.channel': 'the Subscription has it',
  'Gap.channel': 'the Subscription has it',
  'SubscribedInfo.channel': 'the Subscription has it',
  'SubscriptionEnd.channel': 'the Subscription has it',
  'SessionError.count': 'errors wait for poll or an executor only',
};

/** Options that a JavaScript session lacks, besides those that the headers say are refused to sessions. */
export const NOT_FOR_SESSIONS = ['Options.deliveryQueueBytes'];

/** Members that clients do not have. They cross behind the others. */
export const SESSION_ONLY = ['Opened.resumed'];

/** Names that differ. */
export const RENAMED = {
  'Event.body': 'data',
  'Reply.body': 'data',
  'Stats.endingsByCause': 'endings',
  'Stats.reconnectsByCause': 'reconnectsAfter',
};

/** Arrays that become objects, whose properties are the names of an enumeration. */
export const KEYED_BY = { 'Stats.endingsByCause': 'CloseCause', 'Stats.reconnectsByCause': 'CloseCause' };

/** Members of a struct that stand beside it in JavaScript, instead of in it. */
export const FLATTENED = { 'HeartbeatInfo.roundTrips': ['smoothed', 'min'] };

/** Structs whose members without a value are left out, so that one without any is {}. */
export const SPARSE = ['HandshakeTimes'];

/** Classes that cross as what their getters return. */
export const GETTERS = { EndpointRequest: ['attempt', 'lastClose'], TokenRequest: ['attempt', 'lastClose', 'refusal'] };

/** Events that no handler of a class reports: their names, and what they carry. */
export const REPORTED = {
  endpoint: 'EndpointRequest',
  token: 'TokenRequest',
  log: 'LogRecord',
  ack: 'Ack',
  reply: 'Reply',
};

/** Events that cross by a call of their own, for speed. */
export const APART = ['message'];

/** Those of REPORTED that only sessions have. */
export const REPORTED_BY_SESSIONS = ['token', 'ack', 'reply'];

/** Options that JavaScript reads in a way of its own (TYPES in options.js). */
export const READ_AS = { 'SessionOptions.token': 'token', 'ReconnectOptions.finalCodes': 'closeCodes' };

/** Options that C++ does not have. */
export const ADDED = { Options: { signal: 'signal' }, RequestOptions: { signal: 'signal' } };

/** Structs of options that calls take. */
export const CALL_OPTIONS = ['SendOptions', 'SubscribeOptions', 'PublishOptions', 'RequestOptions'];

/** Methods that are not mere calls, or that JavaScript does not have. */
export const NOT_EXPORTED = {
  // Of `send` and `sendBinary` those that take a `SendBuffer` do not exist: payloads lie in JavaScript already.
  Client: ['send', 'sendBinary', 'poll', 'waitOpen', 'waitClosed'],
  Session: ['subscribe', 'publish', 'publishBytes', 'request', 'requestBytes', 'poll', 'waitOpen', 'waitClosed'],
  Subscription: ['unsubscribe', 'channel'],
};

/** Results that JavaScript never gets, besides those whose documentation begins with "Native:". */
export const NEVER = ['WrongThread', 'InvalidUtf8'];

// --- tidewire.d.ts ---

/** Types that do not follow from those of C++, of members, results, enumerations and structs. */
export const TYPED = {
  'Options.endpoint': '(request: EndpointRequest) => Endpoint | PromiseLike<Endpoint>',
  'SessionOptions.token':
    'string | ((request: TokenRequest) => string | TokenAnswer | PromiseLike<string | TokenAnswer>)',
  'LogOptions.sink': '(record: LogRecord) => void',
  'Options.signal': 'AbortSignal',
  'RequestOptions.signal': 'AbortSignal',
  'Session.heartbeat': "Exclude<HeartbeatResult, 'unsupported'>",
  'Session.authenticate': "'queued'",
  'Session.onOpen': 'SessionOpenEvent',
  'Ack::Outcome': 'Outcome',
  'Ack.error': 'SessionError | null',
  StateChange: 'StateChangeEvent',
  Opened: 'OpenEvent',
  Message: 'MessageArrivedEvent',
  CloseInfo: 'CloseInfo',
  'Client.onClose': 'CloseEvent',
  'Session.onClose': 'CloseEvent',
  HeartbeatInfo: 'HeartbeatEvent',
  Dropped: 'DroppedEvent',
  Drained: 'DrainEvent',
  'Session.onError': 'SessionErrorEvent',
  Event: 'ChannelEvent',
  Gap: 'GapEvent',
  SubscribedInfo: 'SubscribedEvent',
  SubscriptionEnd: 'SubscriptionEndEvent',
};

/** What documentation calls by another name in JavaScript. */
export const STRUCT_NAMES = {
  Opened: 'OpenEvent',
  'Event::skipped': 'skipped',
  HeartbeatOptions: 'Options.heartbeat',
  ReconnectOptions: 'Options.reconnect',
  SendQueueOptions: 'Options.sendQueue',
  OutboxOptions: 'SessionOptions.outbox',
};

/** Sentences that only a C++ program needs. */
export const CPP_ONLY = [
  /^(Natively|Native)\b/,
  /`(Client::)?poll`|executor|`Callbacks::|\bposix|\bthread\b|\bwithin the loop\b/i,
  /\bviews? (is|are)\b|valid during the call/i,
  /design\.md|platforms\.md/,
  /`(Options::)?headers`|`WrongThread`/,
  /^UTF-8\.?$/,
];

/** What is said otherwise. */
export const REWORDED = [
  [/`connect\(\)` (answers|returns) `InvalidOption`/g, 'the constructor throws a TypeError'],
  [/\bthe platform\b/g, 'the browser'],
  [/\bZero: /g, '0: '],
];

/** Documentation of what JavaScript does in its own way, or C++ documents elsewhere. */
export const DOCUMENTED = {
  Options: 'Client configuration, fixed at construction. Times are milliseconds, sizes bytes of UTF-8 or binary data.',
  'Options.endpoint':
    'Called before every attempt for the URL and the subprotocols, instead of those given here: a fresh token, ' +
    'another server. The attempt waits for a promise within `connectTimeout`. One that throws, rejects, or ' +
    "returns what cannot be used ends the attempt with cause 'endpoint-failed' and its text as `detail`; a retry " +
    'follows as after any other failure.',
  'Options.deliveryQueueBytes': "How much `pause()` may hold back before the connection ends with 'slow-consumer'.",
  'Options.signal':
    'Its abort calls `close()`. The constructor throws its reason if it is aborted already. A signal does not keep a ' +
    'client that was closed and forgotten.',
  'LogOptions.sink':
    "Never called inside a call of the application's own. What it throws is reported as an uncaught error.",
  SessionOptions: 'Session configuration, fixed at construction. Times are milliseconds, sizes bytes.',
  'SessionOptions.token':
    'Who the user is. A function is called before each attempt, and waited for within `connectTimeout`. One that ' +
    "throws, rejects, or returns what cannot be used ends the attempt with cause 'endpoint-failed' and its text " +
    'as `detail`; a retry follows as after any other failure. If the server says that the token has expired, it ' +
    'is called once more; a second refusal is final.',
  'RequestOptions.signal': "Ends the request: it rejects with the signal's reason, and the server gets a cancel.",
  'Ack.error': 'What is wrong; null if it was published.',
  'Stats.endingsByCause': 'How many attempts ended so.',
  'Stats.reconnectsByCause': 'How many of `reconnects` followed an attempt that ended so.',
};
