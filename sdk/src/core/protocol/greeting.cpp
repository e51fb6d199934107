#include "core/protocol/greeting.hpp"

#include <algorithm>

namespace tidewire::core::protocol {
namespace {

// What a client does no more often, whatever a server says: docs/protocol.md, section 8.1.
constexpr std::chrono::milliseconds kLeastHeartbeat = std::chrono::seconds(1);
constexpr Duration kLeastStay = std::chrono::seconds(5);
// The protocol has integers for times that no clock here has. What is longer than ten years is that long.
constexpr std::chrono::milliseconds kLongestTime = std::chrono::hours(24 * 3652);

}  // namespace

std::string Greeting::hello(std::optional<std::string> token) {
  refusal_.reset();
  return write(Hello{.session = key_,
                     .attempt = ++attempt_,
                     .memory = memory_,
                     .token = std::move(token),
                     .maxMessage = std::clamp(maxMessage_, kMinMaxMessage, kMaxInteger)});
}

void Greeting::welcomed(Time now, Welcome& head) {
  welcomedAt_ = now;
  refusal_.reset();
  if (head.heartbeat > std::chrono::milliseconds::zero()) {
    head.heartbeat = std::clamp(head.heartbeat, kLeastHeartbeat, kLongestTime);
  }
  if (head.dedup && head.dedup->count == 0) {
    head.dedup.reset();
  }
  if (head.dedup) {
    head.dedup->age = std::min(head.dedup->age, kLongestTime);
  }
  head.resumed = head.resumed && memory_ && head.memory == memory_;
  memory_ = std::move(head.memory);
}

void Greeting::authenticate(std::string token, HeadQueue& heads) {
  const std::uint64_t id = heads.nextId();
  authenticating_.push_back(id);
  heads.push(write(Auth{id, std::move(token)}));
}

void Greeting::goAway(Time now, GoAway& head, Random& random) {
  const Time earliest = std::max(now + std::min(head.after, kLongestTime), welcomedAt_ + kLeastStay);
  leaveAt_ = earliest + random.upTo(std::min(head.spread, kLongestTime));
  leaveTo_ = std::move(head.url);
}

}  // namespace tidewire::core::protocol
