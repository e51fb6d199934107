import type {
  Ack,
  CallResult,
  Client,
  HeartbeatResult,
  Listener,
  ListenerOptions,
  PublishOptions,
  ReconnectResult,
  Reply,
  RequestOptions,
  SendOptions,
  SendResult,
  Session,
  SessionEventMap,
  ClientEventMap,
  State,
  Stats,
  SubscribeOptions,
  SubscriptionEventMap,
  SubscriptionHandlers,
} from './tidewire.js';

/**
 * In a SharedWorker: lets every tab that makes a `SharedConnection` use this client or session. The worker connects and
 * closes it; tabs come and go.
 *
 * The worker, and so the connection, lives as long as one tab does, whichever tab made it. What a tab has subscribed to
 * ends with the tab, also with one that crashes: the worker notices that by a Web Lock, which only a secure context has.
 * Elsewhere the subscriptions of a crashed tab stay.
 *
 * Requires: called before the first `await` of the worker's script, so that no tab is missed; once.
 */
export function serve(connection: Client | Session): void;

export interface SharedEventMap extends Omit<SessionEventMap, 'open'>, Omit<ClientEventMap, keyof SessionEventMap> {
  open: SessionEventMap['open'] | ClientEventMap['open'];
}

/** As `Subscription`, with the members that a tab knows of. */
export interface SharedSubscription extends EventTarget {
  readonly channel: string;
  readonly isLive: boolean;
  unsubscribe(): void;
  addEventListener<Type extends keyof SubscriptionEventMap>(
    type: Type,
    listener: Listener<SharedSubscription, SubscriptionEventMap[Type]> | null,
    options?: boolean | ListenerOptions,
  ): void;
}

/**
 * In a page: the connection that a SharedWorker serves. Calls are those of `Session` and `Client`, but each answers a
 * promise, and what is wrong with its arguments rejects it; it rejects as well where the worker's connection has no such
 * call. Events are those of the worker's connection, from now on.
 *
 * A page that goes into the back/forward cache leaves, and joins again with its subscriptions when it is shown.
 */
export class SharedConnection extends EventTarget {
  /** Joins. `worker`: a `SharedWorker`, or the port of one. */
  constructor(worker: object);

  /** 'idle' until the worker has answered. */
  readonly state: State;
  /** Waits for an open connection. Never rejects. */
  connected(): Promise<void>;

  /** Of a client. */
  send(data: string | ArrayBufferLike | ArrayBufferView, options?: SendOptions): Promise<SendResult>;
  /**
   * Of a session. `replay` of a channel that another tab follows already is 1 at most: the latest event that the worker
   * has seen. Bad options end the subscription with code 'invalid'.
   */
  subscribe(channel: string, options?: SubscribeOptions, handlers?: SubscriptionHandlers): SharedSubscription;
  /** Of a session: an `Ack` with `ack`, else whether it was queued. */
  publish(
    channel: string,
    body?: string | ArrayBufferLike | ArrayBufferView,
    options?: PublishOptions,
  ): Promise<Ack | CallResult>;
  /** Of a session. Is cancelled where the tab goes. */
  request(
    method: string,
    body?: string | ArrayBufferLike | ArrayBufferView,
    options?: RequestOptions,
  ): Promise<Reply>;
  /** Of a session. */
  authenticate(token: string): Promise<'queued'>;
  /** For all tabs. */
  reconnect(): Promise<ReconnectResult>;
  heartbeat(): Promise<HeartbeatResult>;
  stats(): Promise<Stats>;
  /** Leaves: ends the subscriptions and calls of this tab, and nothing else. No event comes after this. */
  close(): void;

  addEventListener<Type extends keyof SharedEventMap>(
    type: Type,
    listener: Listener<SharedConnection, SharedEventMap[Type]> | null,
    options?: boolean | ListenerOptions,
  ): void;
  removeEventListener<Type extends keyof SharedEventMap>(
    type: Type,
    listener: Listener<SharedConnection, SharedEventMap[Type]> | null,
    options?: boolean | ListenerOptions,
  ): void;
}
