#include <algorithm>
#include <utility>

#include "server/codes.hpp"
#include "server/peer.hpp"

// What each operation of docs/protocol.md, section 4, does.

namespace tidewire::server {

void Peer::handle(const Hello& head, std::string_view /*body*/) {
  if (session_ != nullptr) {
    malformed();
    return;
  }
  if (head.v != 1) {
    error(std::nullopt, "unsupported-version", "this server speaks version 1");
    end(kUnsupportedVersion, "unsupported version");
    return;
  }
  const TokenVerdict verdict = hub_.application().check(head.token);
  if (!verdict.refusal.empty()) {
    refuse(verdict.refusal);
    return;
  }
  switch (hub_.sessions().judge(verdict.user, head)) {
    case Attempt::Late:
      takenOver();
      return;
    case Attempt::Leap:
      malformed();
      return;
    case Attempt::New:
      break;
  }
  tokenExpires_ = verdict.expires;
  clientTakes_ = static_cast<std::size_t>(head.maxMessage);
  knownMemory_ = head.memory;
  session_ = hub_.sessions().join(*this, verdict.user, head);
  welcome();
}

// Not before the former connection is done with (section 4.1): what it published may be on its way to a log, and would
// else be overtaken by what this one publishes.
void Peer::welcome() {
  if (session_->publishes.waiting() > 0) {
    return;
  }
  welcomed_ = true;
  const Sessions::Settings& sessions = hub_.sessions().settings();
  session_->publishes.limit(sessions.dedupCount);
  HeadWriter head("welcome");
  const bool remembers = sessions.dedupCount > 0;
  head.number("v", 1).flag("resumed", remembers && knownMemory_ == session_->memory);
  head.number("heartbeat", static_cast<std::uint64_t>(hub_.limits().heartbeatMs));
  head.number("now", static_cast<std::uint64_t>(hub_.wallTime()));
  head.number("maxMessage", hub_.limits().maxMessageBytes).number("requests", hub_.limits().maxRequests);
  if (remembers) {
    head.text("memory", session_->memory);
    head.raw("dedup",
             "{\"count\":" + std::to_string(sessions.dedupCount) + ",\"ms\":" + std::to_string(sessions.dedupMs) + '}');
  }
  answerUrgently(head);
}

void Peer::handle(const Subscribe& head, std::string_view /*body*/) {
  if (subscriptions_.contains(head.channel)) {
    error(head.id, "already-subscribed");
    return;
  }
  const Limits& limits = hub_.limits();
  Application& application = hub_.application();
  const auto isRoom = [&application](std::string_view channel) { return application.isRoom(channel); };
  if (subscriptions_.count() >= limits.maxSubscriptions ||
      (isRoom(head.channel) && subscriptions_.count(isRoom) >= limits.maxRooms)) {
    error(head.id, "too-many-subscriptions");
    return;
  }
  OpenedChannel opened = application.open(head.channel, *session_);
  if (opened.refusal != nullptr) {
    error(head.id, opened.refusal);
    return;
  }
  subscriptions_.add({.channel = head.channel,
                      .log = std::move(opened.log),
                      .conflate = head.conflate,
                      .since = head.since,
                      .last = head.last},
                     [this, head](const Start* start) { return answerSubscribe(head, start); });
}

std::uint64_t Peer::answerSubscribe(const Subscribe& head, const Start* start) {
  if (start == nullptr) {
    error(head.id, kUnavailable);
  } else {
    HeadWriter subscribed("subscribed");
    subscribed.number("id", head.id).text("epoch", start->epoch).number("seq", start->seq);
    subscribed.flag("recovered", start->recovered);
    if (!head.since && start->position != start->seq) {
      subscribed.number("from", start->position);
    }
    answer(subscribed);
  }
  const std::uint64_t answers = outbox_.added();
  goOn();
  return answers;
}

void Peer::handle(const Unsubscribe& head, std::string_view /*body*/) {
  subscriptions_.remove(head.channel);
  HeadWriter unsubscribed("unsubscribed");
  answer(unsubscribed.number("id", head.id).text("channel", head.channel));
}

void Peer::handle(const Publish& head, std::string_view body) {
  Publishes& publishes = session_->publishes;
  if (head.id) {
    if (const std::optional<std::uint64_t> seq = publishes.find(*head.id)) {
      acknowledge(*head.id, *seq);
      return;
    }
    if (publishes.isWaiting(*head.id)) {
      publishes.expectAnswer(*head.id);
      return;
    }
  }
  std::shared_ptr<ChannelLog> log;
  if (const char* const refusal = refusalOf(head, body, log)) {
    if (head.id) {  // Without one the client does not wait for an answer.
      error(head.id, refusal);
    }
    return;
  }
  hub_.sessions().publish(session_, *log, head.id, head.channel,
                          {.type = head.type, .body = body, .ts = hub_.wallTime()});
}

void Peer::settled(const Publishes::Settled& publish, const AppendResult& result) {
  for (unsigned answers = publish.answersDue; answers > 0; --answers) {
    if (const auto* const seq = std::get_if<std::uint64_t>(&result)) {
      acknowledge(*publish.id, *seq);
    } else {
      error(publish.id, std::get<LogFailure>(result) == LogFailure::Unknown ? "internal" : kUnavailable);
    }
  }
  if (!welcomed_) {
    welcome();
  }
  goOn();
}

const char* Peer::refusalOf(const Publish& head, std::string_view body, std::shared_ptr<ChannelLog>& log) {
  if (body.size() > hub_.limits().maxBodyBytes) {
    return "too-large";
  }
  if (!publishes_.take(hub_.steadyTime())) {
    return "rate-limited";
  }
  const OpenedChannel opened = hub_.application().openToPublish(head.channel, *session_);
  log = opened.log;
  return opened.refusal;
}

void Peer::handle(const Request& head, std::string_view body) {
  const auto open = std::ranges::count_if(requests_, [](const auto& each) { return !each.second.cancelled; });
  if (static_cast<std::size_t>(open) >= hub_.limits().maxRequests) {
    error(head.id, "too-many-requests");
    return;
  }
  const std::uint64_t ticket = ++tickets_;
  requests_.emplace(ticket, OpenRequest{.id = head.id});
  hub_.application().call(head.method, body, [this, alive = std::weak_ptr(alive_), ticket](const Outcome& outcome) {
    if (!alive.expired()) {
      replied(ticket, outcome);
    }
  });
}

void Peer::replied(std::uint64_t ticket, const Outcome& outcome) {
  const OpenRequest request = requests_.extract(ticket).mapped();
  if (!request.cancelled && !ending_) {
    HeadWriter reply("reply");
    Packet packet(reply.number("id", request.id).type(outcome.type).take(), outcome.body);
    if (!outcome.refusal.empty()) {
      error(request.id, outcome.refusal, outcome.message);
    } else if (packet.framedBytes() > clientTakes_) {
      error(request.id, "too-large", "the reply is larger than the client takes");
    } else {
      answer(std::move(packet));
    }
  }
  goOn();
}

void Peer::handle(const Cancel& head, std::string_view /*body*/) {
  for (auto& [ticket, request] : requests_) {
    request.cancelled = request.cancelled || request.id == head.id;
  }
}

void Peer::handle(const Ping& head, std::string_view /*body*/) {
  HeadWriter pong("pong");
  pong.number("t", head.t).number("now", static_cast<std::uint64_t>(hub_.wallTime()));
  answerUrgently(pong);
}

void Peer::handle(const Auth& head, std::string_view /*body*/) {
  const TokenVerdict verdict = hub_.application().check(head.token);
  if (!verdict.refusal.empty() || verdict.user != session_->user) {
    error(head.id, verdict.refusal.empty() ? "unauthorized" : verdict.refusal);
    return;
  }
  tokenExpires_ = verdict.expires;
  HeadWriter ack("ack");
  answer(ack.number("id", head.id));
}

void Peer::handle(const UnknownOp& head, std::string_view /*body*/) {
  error(head.id, "unknown-op");
}

}  // namespace tidewire::server
