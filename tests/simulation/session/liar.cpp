#include "session/liar.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/bytes.hpp"

namespace tidewire::simulation {
namespace {

constexpr std::uint64_t kMaxInteger = (std::uint64_t{1} << 53) - 1;
constexpr std::uint16_t kCodes[] = {1000, 1001, 1009, 1011, 1012, 4000, 4001, 4002, 4005, 4006, 4050};
constexpr const char* kChannels[] = {"c/1", "c/2", "c/3"};

// What it may like.
enum Trick : unsigned {
  Holes,          // One event is never there.
  Skips,          // Says that it left events out, whoever asked.
  GoesAway,       // At once, on every connection.
  WantsPings,     // All the time.
  RefusesForNow,  // Each subscription.
  EndsForNow,     // Each subscription, once it is answered.
  KnowsAlready,   // Each subscription is a second one.
  Forgets,        // Is never able to resume.
  Renames,        // Another epoch each time.
  Closes,         // Soon after welcome.
  Breaks,         // Says what is malformed.
  Expires,        // Says that the token has run out.
  Tiny,           // Takes, allows and remembers next to nothing.
  Swings,         // Resumes, or not.
  Silent,         // Answers no call.
  SlowCaller,     // Calls the client slow once it publishes.
  kTricks
};

std::string asText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

unsigned drawTricks(Dice& dice) {
  unsigned tricks = 0;
  for (std::uint64_t count = 1 + dice.below(3); count > 0; --count) {
    tricks |= 1u << dice.below(kTricks);
  }
  return tricks;
}

}  // namespace

Liar::Liar(Dice& dice, Say say) : dice_(dice), say_(std::move(say)), tricks_(drawTricks(dice)) {}

std::uint64_t Liar::hostile() {
  return dice_.oneOf<std::uint64_t>({0, 1, 2, 3, 16, 999, 1000, 65'536, kMaxInteger - 1, kMaxInteger});
}

std::string Liar::epoch() {
  if (likes(Renames)) {
    ++epochs_;
  }
  return "e" + std::to_string(epochs_);
}

void Liar::connected() {
  ids_.clear();
}

void Liar::receive(const core::protocol::Framer::Batch& batch) {
  core::protocol::Unframer unframer(batch.kind, core::asBytes(batch.payload));
  while (const auto part = unframer.next()) {
    react(Json::parse(asText(part->head)));
  }
}

void Liar::react(const Json& head) {
  const std::string op = head.value("op", "");
  if (const std::uint64_t id = head.value("id", std::uint64_t{0}); id > 0) {
    ids_.push_back(id);
  }
  if (op == "hello") {
    greet();
  } else if (op == "subscribe") {
    answerSubscribe(head);
  } else if (op == "unsubscribe") {
    say({{"op", "unsubscribed"}, {"id", head["id"]}, {"channel", head["channel"]}});
  } else if (op == "ping") {
    for (std::uint64_t times = dice_.oneOf<std::uint64_t>({0, 1, 1, 20}); times > 0; --times) {
      say({{"op", "pong"}, {"t", head["t"]}, {"now", hostile()}});
    }
  } else if (op == "publish") {
    answerCall(head, "ack");
  } else if (op == "request") {
    answerCall(head, "reply");
  }
}

void Liar::greet() {
  if (likes(Expires)) {
    say({{"op", "error"}, {"code", "token-expired"}});
    say_({.close = dice_.oneOf<std::uint16_t>({4002, 4001, 1001})});
    return;
  }
  Json head{{"op", "welcome"}, {"v", 1}, {"now", hostile()}, {"resumed", !likes(Swings) || dice_.chance(50)}};
  head["memory"] = likes(Swings) ? "m" + std::to_string(dice_.below(3)) : "m";
  head["dedup"] = {{"count", 8}, {"ms", 60'000}};
  if (likes(WantsPings)) {
    head["heartbeat"] = dice_.oneOf<std::uint64_t>({1, 2, 10, 500, 999});
  }
  if (likes(Tiny)) {
    head["maxMessage"] = dice_.oneOf<std::uint64_t>({0, 1, 40, 100});
    head["requests"] = 1 + dice_.below(2);
    head["dedup"] = {{"count", dice_.below(3)}, {"ms", dice_.below(2)}};
  }
  say(head);
  if (likes(GoesAway)) {
    sayGoAway();
  }
  if (likes(Closes)) {
    say_({.close = kCodes[dice_.below(std::size(kCodes))]});
  }
  if (likes(Breaks)) {
    dice_.chance(50) ? say(Json::object()) : say(head);
  }
}

void Liar::answerSubscribe(const Json& head) {
  const std::string channel = head["channel"];
  if (likes(RefusesForNow)) {
    say({{"op", "error"}, {"id", head["id"]}, {"code", "unavailable"}, {"temporary", true}});
    return;
  }
  if (likes(KnowsAlready)) {
    say({{"op", "error"}, {"id", head["id"]}, {"code", "already-subscribed"}});
    return;
  }
  const std::uint64_t since = head.contains("since") ? head["since"]["seq"].get<std::uint64_t>() : 0;
  const std::uint64_t seq = std::min(since + dice_.below(4), kMaxInteger - 9);
  const bool recovered = !likes(Forgets);
  for (int times = dice_.chance(10) ? 3 : 1; times > 0; --times) {
    say({{"op", "subscribed"}, {"id", head["id"]}, {"epoch", epoch()}, {"seq", seq}, {"recovered", recovered}});
  }
  positions_[channel] = recovered && since > 0 ? since : seq;
  if (likes(Holes) || likes(Skips)) {
    sayEvent(channel, positions_[channel] + 2, likes(Skips) ? 1 : 0);
  }
  if (likes(EndsForNow)) {
    say({{"op", "unsubscribed"}, {"channel", channel}, {"code", "unavailable"}, {"temporary", true}});
  }
}

void Liar::answerCall(const Json& head, const char* op) {
  if (likes(SlowCaller)) {
    say_({.close = 4005});
  }
  if (likes(Silent) || !head.contains("id")) {
    return;
  }
  for (std::uint64_t times = dice_.oneOf<std::uint64_t>({1, 1, 5}); times > 0; --times) {
    dice_.chance(80) ? say({{"op", op}, {"id", head["id"]}}) : sayError(head["id"].get<std::uint64_t>());
  }
}

void Liar::nag() {
  const std::string channel = kChannels[dice_.below(std::size(kChannels))];
  std::uint64_t& position = positions_[channel];
  switch (dice_.below(12)) {
    case 0:
      likes(GoesAway) ? sayGoAway() : void();
      break;
    case 1:
      if (likes(EndsForNow)) {
        say({{"op", "unsubscribed"}, {"channel", channel}, {"temporary", true}, {"code", "later"}});
      }
      break;
    case 2:
      sayError(ids_.empty() || dice_.chance(50) ? 0 : ids_[dice_.below(ids_.size())]);
      break;
    case 3:
      say({{"op", "pong"}, {"t", dice_.below(40)}, {"now", hostile()}});
      break;
    case 4:
      if (!ids_.empty()) {
        const char* op = dice_.oneOf<const char*>({"ack", "reply", "unsubscribed"});
        say({{"op", op}, {"id", ids_[dice_.below(ids_.size())]}, {"channel", channel}});
      }
      break;
    case 5:
      likes(Breaks) ? say(Json::array()) : void();
      break;
    case 6:
      if (likes(Closes)) {
        say_({.close = kCodes[dice_.below(std::size(kCodes))]});
      }
      break;
    default:
      position += likes(Holes) ? 2 : 1;
      sayEvent(channel, position, likes(Skips) ? 1 : 0);
  }
}

void Liar::sayEvent(const std::string& channel, std::uint64_t seq, std::uint64_t skipped) {
  say({{"op", "event"}, {"channel", channel}, {"seq", seq}, {"skipped", skipped}}, "b");
}

void Liar::sayGoAway() {
  Json head{{"op", "goaway"}, {"after", dice_.chance(80) ? 0 : hostile()}};
  if (dice_.chance(30)) {
    head["url"] = "wss://a.test/" + std::to_string(dice_.below(2));
  }
  say(head);
}

void Liar::sayError(std::uint64_t id) {
  const bool temporary = dice_.chance(70);
  const char* code = dice_.oneOf<const char*>({"too-slow", "rate-limited", "token-expired", "internal", "unknown"});
  Json head{{"op", "error"}, {"code", code}, {"temporary", temporary}};
  if (id > 0) {
    head["id"] = id;
  }
  for (int times = id == 0 ? 10 : 1; times > 0; --times) {
    say(head);
  }
}

void Liar::say(const Json& head, std::optional<std::string> body) {
  say_({.head = head.dump(), .body = std::move(body)});
}

}  // namespace tidewire::simulation
