#include "session/truth.hpp"

#include <algorithm>

namespace tidewire::simulation {

using namespace core::protocol;

namespace {

void require(bool holds, const char* rule, const std::string& detail) {
  if (!holds) {
    throw Untrue{rule, detail};
  }
}

}  // namespace

void Truth::check(const EventArrived& action) const {
  const std::string got(reinterpret_cast<const char*>(action.body->bytes.data()), action.body->bytes.size());
  for (const SubscriberId id : action.to) {
    const SessionModel::Subscriber& subscriber = model_.subscribers().at(id);
    const std::string* const body = server_.body(subscriber.channel, subscriber.at->epoch, action.event.seq);
    require(body != nullptr && *body == got, "an event is the one that the server has at its place", got);
  }
}

void Truth::check(core::Time now, const GapFound& action) {
  for (const SubscriberId id : action.to) {
    const auto found = model_.subscribers().find(id);
    if (found == model_.subscribers().end()) {
      continue;  // The model says so.
    }
    const SessionModel::Subscriber& subscriber = found->second;
    if (id == action.to.front()) {
      // Those that stand apart get theirs apart, at the same moment.
      const auto here = std::pair(now, subscriber.channel);
      gaps_ += std::exchange(lastGap_, here) == here ? 0 : 1;
    }
    const auto& range = action.loss.range;
    const bool kept = range && subscriber.at && subscriber.at->epoch == server_.head(subscriber.channel).first &&
                      server_.keeps(subscriber.channel, range->from);
    require(!kept, "what the server keeps is no gap", subscriber.channel);
  }
}

void Truth::note(const PublishEnded& action) {
  publishes_.at(action.call).outcome = action.ack.outcome;
}

void Truth::checkEnd() const {
  for (const auto& [id, subscriber] : model_.subscribers()) {
    const auto [epoch, seq] = server_.head(subscriber.channel);
    const bool there = subscriber.at && subscriber.at->epoch == epoch && subscriber.at->seq == seq;
    require(there, "once all is well, each subscriber is where the server stands",
            subscriber.channel + " " + (subscriber.at ? std::to_string(subscriber.at->seq) : "nowhere") + " of " +
                std::to_string(seq));
  }
  for (const CallId id : onceOnly_) {
    require(server_.requested("r" + std::to_string(id)) <= 1, "a request that is not idempotent is sent once",
            std::to_string(id));
  }
  for (const auto& [id, publish] : publishes_) {
    checkPublish(id, publish);
  }
  checkOrder();
  // Whoever comes with a position of its own may lack more than the others.
  require(gaps_ <= server_.unrecovered() + server_.lost() + sinces_, "there is no gap but where the server says so",
          std::to_string(gaps_));
}

void Truth::checkPublish(CallId id, const Publish& publish) const {
  using Outcome = tidewire::Ack::Outcome;
  const std::string body = "p" + std::to_string(id);
  const std::uint64_t times = server_.published(body);
  require(publish.outcome.has_value(), "every publish ends", body);
  if (!publish.ack) {
    require(times <= 1, "what nobody waits for is sent at most once", body);
  } else if (*publish.outcome == Outcome::Published) {
    require(times > 0 && (times == 1 || publish.resend), "what is acknowledged was published once", body);
  } else if (*publish.outcome == Outcome::Unknown) {
    require(times <= 1 || publish.resend, "what is in doubt was published at most once", body);
  } else {
    require(times == 0 || publish.resend, "what was refused, or never sent, was not published", body);
  }
}

void Truth::checkOrder() const {
  std::uint64_t last = 0;
  std::uint64_t late = 0;
  for (const std::string& body : server_.order()) {
    const std::uint64_t id = std::stoull(body.substr(1));
    if (publishes_.at(id).resend) {
      continue;  // It may take effect anew, long after.
    }
    late += id < last ? 1 : 0;
    last = std::max(last, id);
  }
  // One that was refused may be made later, if the client has not heard of it.
  require(late <= server_.refused(), "publishes take effect in the order of the calls", std::to_string(late));
}

}  // namespace tidewire::simulation
