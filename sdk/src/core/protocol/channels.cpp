#include "core/protocol/channels.hpp"

namespace tidewire::core::protocol {

// The application.

void Channels::subscribe(SubscriberId id, std::string_view name, Wish wish, bool isConnected) {
  Subscription* const found = names_.find(name);
  if (found == nullptr) {
    Subscription& subscription = all_.add(++lastNumber_, name, std::move(wish));
    subscription.retry.id = lastNumber_;
    names_.add(subscription.channel.name(), &subscription);
    subscription.channel.addFirst(id);
    if (isConnected) {
      send(subscription);
    }
    return;
  }
  Channel& channel = found->channel;
  // One that wants every event makes it so for all; the others have the rest left out where they are served.
  const bool widens = !wish.conflate && channel.progress().conflates();
  if (widens) {
    channel.progress().becomeReliable();
  }
  const bool reachesBack = channel.join(id, wish.since, {.isAnswered = found->isAnswered, .isAnew = widens}, actions_);
  if (widens || reachesBack) {
    sendAnew(*found);
  } else if (found->isAnswered) {
    actions_.push_back(SubscriptionAnswered{{id}, channel.positionOf(id)});
  }
}

void Channels::unsubscribe(SubscriberId id, std::string_view name) {
  Subscription* const found = names_.find(name);
  if (found != nullptr && found->channel.leave(id) && found->channel.subscribers().empty()) {
    drop(*found);
    forget(*found);
  }
}

// The connection.

void Channels::opened() {
  all_.each([this](Subscription& subscription) { send(subscription); });
}

void Channels::ended() {
  awaiting_.clear();
  all_.each([this](Subscription& subscription) {
    subscription.wireId = 0;
    retries_.erase(subscription.retry);
    interrupt(subscription);
  });
}

void Channels::tick(Time now) {
  while (Deadline* const retry = retries_.due(now)) {
    retries_.erase(*retry);
    send(*all_.find(retry->id));
  }
}

// The server.

void Channels::subscribed(Time now, const Subscribed& head) {
  Subscription* const found = awaiting_.find(head.id);
  if (found == nullptr) {
    return;
  }
  awaiting_.erase(head.id);
  if (found->channel.answered(head, actions_)) {
    found->isAnswered = true;
    return;
  }
  resubscribe(now, *found);
}

void Channels::arrived(Time now, const EventHead& head, const ServerMessage& message) {
  Subscription* const found = names_.find(head.channel);
  if (found != nullptr && !found->channel.arrived(head, message, actions_)) {
    resubscribe(now, *found);
  }
}

void Channels::unsubscribed(Time now, Unsubscribed& head) {
  Subscription* const found = names_.find(head.channel);
  // With an id it answers an `unsubscribe`. Before `subscribed` it is about the subscription before this one.
  if (!head.id && found != nullptr && found->isAnswered) {
    endOrRetry(now, *found, {head.code.value_or("internal"), std::move(head.message), head.temporary});
  }
}

bool Channels::refused(Time now, std::uint64_t id, SessionError& error) {
  Subscription* const found = awaiting_.find(id);
  if (found == nullptr) {
    return false;
  }
  awaiting_.erase(id);
  endOrRetry(now, *found, std::move(error));
  return true;
}

/// What is temporary is tried again; subscribers only see an interruption.
void Channels::endOrRetry(Time now, Subscription& subscription, SessionError error) {
  const bool subscribedAlready = error.code == "already-subscribed";
  if (!error.temporary && !subscribedAlready) {
    actions_.push_back(SubscriptionEnded{subscription.channel.takeSubscribers(), std::move(error)});
    forget(subscription);
    return;
  }
  if (subscribedAlready) {
    drop(subscription);
  }
  subscription.wireId = 0;
  interrupt(subscription);
  sendAt(subscription.repetition.later(now, random_), now, subscription);
}

// One subscription.

void Channels::send(Subscription& subscription) {
  Channel& channel = subscription.channel;
  subscription.wireId = heads_.nextId();
  subscription.isAnswered = false;
  awaiting_.add(subscription.wireId, subscription);
  const std::optional<Position>& since = channel.progress().position();
  heads_.push(write(Subscribe{.id = subscription.wireId,
                              .channel = channel.name(),
                              .since = since,
                              .last = since ? 0 : channel.replay(),
                              .conflate = channel.progress().conflates()}));
}

/// Unsubscribes, where it is subscribed to on this connection.
void Channels::drop(Subscription& subscription) {
  if (subscription.wireId == 0) {
    return;
  }
  awaiting_.erase(subscription.wireId);
  interrupt(subscription);
  subscription.wireId = 0;
  heads_.push(write(Unsubscribe{.id = heads_.nextId(), .channel = subscription.channel.name()}));
}

/// As soon as the server may cause it again.
void Channels::resubscribe(Time now, Subscription& subscription) {
  drop(subscription);
  sendAt(subscription.repetition.soonest(now, random_), now, subscription);
}

/// The application causes it. One that waits for its time goes on waiting.
void Channels::sendAnew(Subscription& subscription) {
  if (subscription.wireId != 0) {
    drop(subscription);
    send(subscription);
  }
}

/// Requires: it is not subscribed to on this connection.
void Channels::sendAt(Time at, Time now, Subscription& subscription) {
  if (at <= now) {
    send(subscription);
  } else {
    retries_.add(subscription.retry, at);
  }
}

/// No events come until the next answer.
void Channels::interrupt(Subscription& subscription) {
  Channel& channel = subscription.channel;
  channel.progress().interrupted();
  if (std::exchange(subscription.isAnswered, false) && !channel.subscribers().empty()) {
    actions_.push_back(SubscriptionInterrupted{channel.subscribers()});
  }
}

void Channels::forget(Subscription& subscription) {
  retries_.erase(subscription.retry);
  names_.erase(subscription.channel.name());
  all_.erase(subscription.retry.id);
}

}  // namespace tidewire::core::protocol
