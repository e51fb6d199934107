#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/protocol/head_queue.hpp"
#include "core/protocol/heads.hpp"
#include "core/random.hpp"
#include "core/time.hpp"
#include "tidewire/session_events.hpp"

namespace tidewire::core::protocol {

/// What a session and its server say of themselves: `hello` and `welcome`, tokens, and `goaway`
/// (docs/protocol.md, section 3).
class Greeting {
 public:
  /// `maxMessage`: the largest WebSocket message that the client takes.
  Greeting(std::string key, std::uint64_t maxMessage) : key_(std::move(key)), maxMessage_(maxMessage) {}

  void setKey(std::string key) { key_ = std::move(key); }

  [[nodiscard]] std::string hello(std::optional<std::string> token);
  /// Brings what the server wants within the client's bounds. `head.resumed` stays only where the server has the memory
  /// that `hello` named.
  void welcomed(Time now, Welcome& head);
  void ended() noexcept { authenticating_.clear(); }

  /// Sends a token on a connection that has seen `hello`.
  void authenticate(std::string token, HeadQueue& heads);
  /// The server has answered `id`. Returns whether that was a token.
  bool answered(std::uint64_t id) noexcept { return std::erase(authenticating_, id) > 0; }

  /// The server refuses this client: why, for the next attempt.
  void refused(SessionError error) { refusal_ = std::move(error); }
  [[nodiscard]] const std::optional<SessionError>& refusal() const noexcept { return refusal_; }

  /// Sets when the server is left, and where to.
  void goAway(Time now, GoAway& head, Random& random);
  /// Requires: after `goAway`.
  [[nodiscard]] Time leaveAt() const noexcept { return leaveAt_; }
  [[nodiscard]] std::optional<std::string> takeLeaveTo() { return std::exchange(leaveTo_, std::nullopt); }

 private:
  std::string key_;
  const std::uint64_t maxMessage_;
  std::uint64_t attempt_ = 0;
  std::optional<std::string> memory_;  // Of the last `welcome`.
  Time welcomedAt_{};
  std::vector<std::uint64_t> authenticating_;  // Tokens without an answer; few.
  std::optional<SessionError> refusal_;
  Time leaveAt_{};
  std::optional<std::string> leaveTo_;
};

}  // namespace tidewire::core::protocol
