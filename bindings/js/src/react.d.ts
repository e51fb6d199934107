import type { ChannelEvent, Session, SessionError, SubscribeOptions, SubscriptionHandlers } from './tidewire.js';

/** How to subscribe, and what to call for each event; the functions of the latest rendering are called. */
export interface UseSubscriptionOptions extends SubscribeOptions, SubscriptionHandlers {}

/** A subscription as a component sees it. It is the same object until something changes. */
export interface SubscriptionState {
  /** The latest event; null before the first. It stays while there is no connection. */
  readonly event: ChannelEvent | null;
  /** Events flow: see `Subscription.isLive`. False means that `event` may be old. */
  readonly isLive: boolean;
  /** Why the server refused or ended the subscription for good; null otherwise. */
  readonly error: SessionError | null;
}

/**
 * Subscribes to a channel while the component is mounted, and renders it with each change. React may skip renderings:
 * what needs each event takes `onEvent`.
 *
 * Components with the same session, channel and options share a subscription: one that comes later has the latest event
 * at once. Another session, channel, `conflate`,
 * `replay` or `since` is another subscription; functions are not. In StrictMode, which mounts twice, one subscription is
 * left. A server renders the state without an event, and subscribes to nothing.
 *
 * Requires: the session is made outside of the component, or in a state or memo of it; a disposed one throws. With null
 * there is no subscription.
 */
export function useSubscription(
  session: Session | null | undefined,
  channel: string,
  options?: UseSubscriptionOptions,
): SubscriptionState;
