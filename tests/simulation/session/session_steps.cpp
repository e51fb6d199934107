#include <algorithm>
#include <iterator>

#include "session/scenario.hpp"

// What the user and the world do, as chance has it.

namespace tidewire::simulation {

// The user.

void Scenario::call() {
  const unsigned what = static_cast<unsigned>(dice_.below(100));
  if (what < 12) {
    subscribe();
  } else if (what < 18) {
    unsubscribe();
  } else if (what < 60) {
    publish();
    for (int more = dice_.chance(2) ? 30 : 0; more > 0; --more) {
      publish();
    }
  } else if (what < 75) {
    request();
  } else if (what < 80 && !requests_.empty()) {
    count("cancel");
    core_.cancel(*std::next(requests_.begin(), static_cast<long>(dice_.below(requests_.size()))));
  } else if (what < 85) {
    count("ask");
    ++probe_ % 4 == 0 ? core_.reassure() : core_.probe(now_, probe_);
  } else if (what < 88) {
    count("authenticate");
    core_.authenticate("fresh");
  } else if (what < 91) {
    count("close");
    wantsUp_ = false;
    cut(true);
  } else {
    count("connect");
    wantsUp_ = true;
    openSoon();
  }
  settle();
}

void Scenario::subscribe() {
  count("subscribe");
  const SubscriberId id = ++ids_;
  const std::string channel = kChannels[dice_.below(std::size(kChannels))];
  const bool conflate = dice_.chance(40);
  std::optional<Position> since;
  if (dice_.chance(30)) {
    count("subscribe with since");
    truth_.subscribesWithSince();
    since = somePosition(channel);
  }
  model_.subscribe(id, channel, conflate, since);
  core_.subscribe(id, channel, conflate, dice_.oneOf<std::uint64_t>({0, 1, 5}), since);
}

Position Scenario::somePosition(const std::string& channel) {
  const auto [epoch, seq] = server_.head(channel);
  const std::uint64_t back = dice_.oneOf<std::uint64_t>({0, 1, 2, 10, 100});
  return {dice_.chance(90) ? epoch : "another", dice_.chance(95) ? seq - std::min(back, seq) : seq + back};
}

void Scenario::unsubscribe() {
  const auto& subscribers = model_.subscribers();
  if (!subscribers.empty()) {
    count("unsubscribe");
    const auto at = std::next(subscribers.begin(), static_cast<long>(dice_.below(subscribers.size())));
    const auto [id, subscriber] = *at;
    model_.unsubscribe(id);
    core_.unsubscribe(id, subscriber.channel);
  }
}

void Scenario::publish() {
  const bool ack = dice_.chance(75);
  const bool resend = ack && dice_.chance(15);
  count(resend ? "publish again" : ack ? "publish" : "publish without ack");
  const CallId id = ++ids_;
  truth_.publishes(id, ack, resend);
  make({.id = id,
        .kind = Call::Kind::Publish,
        .target = kChannels[dice_.below(std::size(kChannels))],
        .body = "p" + std::to_string(id),
        .ack = ack,
        .resend = resend});
}

void Scenario::request() {
  count("request");
  const CallId id = ++ids_;
  const bool idempotent = dice_.chance(30);
  requests_.insert(id);
  truth_.requests(id, idempotent);
  make({.id = id,
        .kind = Call::Kind::Request,
        .target = dice_.chance(80) ? "echo" : "none",
        .body = "r" + std::to_string(id),
        .idempotent = idempotent,
        .timeout = dice_.oneOf<Duration>({0ms, 100ms, 10s})});
}

void Scenario::make(Call call) {
  model_.call(call);
  core_.call(now_, std::move(call));
}

// The world.

void Scenario::happen() {
  const unsigned what = static_cast<unsigned>(dice_.below(100));
  if (what < plan_.cuts) {
    if (wire_ != 0) {
      count("cut");
      cut(false);
    }
  } else if (what < 20) {
    server_.setSlow(wire_, dice_.chance(50));
  } else if (what < 22) {
    count("restart");
    server_.restart();
  } else if (what < 24) {
    count("goaway");
    server_.goAway();
  } else if (what < 26) {
    server_.refuseNext();
  } else if (what < 28) {
    count("omit");
    dice_.chance(70) ? server_.omitNext() : server_.loseNext();
  } else if (what < 29) {
    server_.callSlow(wire_);
  } else if (what < 30) {
    server_.failNext();
  } else if (what < 31) {
    dice_.chance(50) ? server_.expireToken() : server_.rememberLess();
  } else {
    for (std::uint64_t events = 1 + dice_.below(4); events > 0; --events) {
      server_.append(kChannels[dice_.below(std::size(kChannels))]);
    }
  }
}

void Scenario::heal() {
  healed_ = true;
  wantsUp_ = true;
  server_.heal();
  server_.setSlow(wire_, false);
  for (int i = 0; i < 3; ++i) {
    openSoon();
    pass(60s);
    server_.setSlow(wire_, false);
  }
  for (const char* channel : kChannels) {
    server_.append(channel);
  }
  pass(300s);  // Two attempts for what it lost, each up to a minute later than the one before.
  if (failure_) {
    return;
  }
  model_.checkSent({.settled = core_.isSettled(),
                    .delays = plan_.batchDelay > Duration::zero(),
                    .waits = core_.deadline().has_value()});
  truth_.checkEnd();
  if (!requests_.empty()) {
    fail("every request ends", std::to_string(*requests_.begin()));
  }
  if (!core_.isSettled()) {
    fail("nothing is left to send", "");
  }
}

}  // namespace tidewire::simulation
