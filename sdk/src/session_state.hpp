#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "core/protocol/outbox_budget.hpp"
#include "core/time.hpp"
#include "platform/sync.hpp"
#include "tidewire/session_events.hpp"
#include "tidewire/session_options.hpp"

namespace tidewire::internal {

/// State of a session that its calls and its layer use. Any thread.
class SessionState {
 public:
  explicit SessionState(const OutboxOptions& limits) : outbox_(limits) {}

  /// Takes room in the outbox for one call, as `OutboxBudget` decides.
  [[nodiscard]] CallResult admit(std::size_t bytes);
  /// A call is over.
  void release(std::size_t bytes);

  void setRefusal(std::optional<SessionError> refusal);
  [[nodiscard]] std::optional<SessionError> refusal() const;
  void setServerOffset(std::optional<core::Duration> offset);
  /// The server's clock at `now`.
  [[nodiscard]] std::optional<std::chrono::milliseconds> serverTime(core::Time now) const;

 private:
  mutable Mutex mutex_;
  core::protocol::OutboxBudget outbox_;
  std::optional<SessionError> refusal_;
  std::optional<core::Duration> serverOffset_;
};

}  // namespace tidewire::internal
