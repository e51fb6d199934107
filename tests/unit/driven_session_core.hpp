#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/bytes.hpp"
#include "core/protocol/message_reader.hpp"
#include "core/protocol/session_core.hpp"

namespace tidewire::core::protocol::test {

using namespace std::chrono_literals;

inline constexpr Time kStart{1h};
inline constexpr std::size_t kRoom = 1 << 24;
inline constexpr std::string_view kWelcome = R"({"op":"welcome","v":1,"resumed":false,"now":0})";

/// A session's core, driven by hand.
class Driven {
 public:
  explicit Driven(Duration batchDelay = {}, std::uint64_t seed = 0)
      : core({.key = "jXs2FWy5vTzRy3NC1nVYQw", .batchDelay = batchDelay, .seed = seed}) {}

  Driven& open(std::string_view welcome = kWelcome) {
    core.opened(kStart, std::nullopt);
    (void)send();
    hear(welcome);
    return *this;
  }

  void hear(std::string_view payload) { hear(payload, kStart); }
  void hear(std::string_view payload, Time now) {
    MessageReader reader(MessageKind::Text, asBytes(payload));
    while (std::optional<ServerMessage> message = reader.next()) {
      core.arrived(now, *message);
      drain();
    }
  }

  /// Everything that is sent now, one message behind the other.
  std::string sent(Time now = kStart) {
    std::string all;
    for (const Framer::Batch& batch : send(now)) {
      all += batch.payload + '\x1E';
    }
    return all;
  }
  std::vector<Framer::Batch> send(Time now = kStart) {
    std::vector<Framer::Batch> batches = core.takeBatches(now, kRoom);
    drain();
    return batches;
  }

  void tick(Time now) {
    core.tick(now);
    drain();
  }

  void drain() {
    while (std::optional<SessionAction> action = core.takeAction()) {
      told.push_back(std::move(*action));
    }
  }

  /// All that was told of this kind.
  template <class Action>
  [[nodiscard]] std::vector<Action> all() const {
    std::vector<Action> found;
    for (const SessionAction& each : told) {
      if (const Action* action = std::get_if<Action>(&each)) {
        found.push_back(*action);
      }
    }
    return found;
  }
  /// The last that was told of this kind.
  template <class Action>
  [[nodiscard]] const Action* last() const {
    for (auto at = told.rbegin(); at != told.rend(); ++at) {
      if (const Action* action = std::get_if<Action>(&*at)) {
        return action;
      }
    }
    return nullptr;
  }

  SessionCore core;
  std::vector<SessionAction> told;
};

}  // namespace tidewire::core::protocol::test
