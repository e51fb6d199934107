#include "session_state.hpp"

#include <utility>

namespace tidewire::internal {

CallResult SessionState::admit(std::size_t bytes) {
  const Lock lock(mutex_);
  return outbox_.admit(bytes);
}

void SessionState::release(std::size_t bytes) {
  const Lock lock(mutex_);
  outbox_.release(bytes);
}

void SessionState::setRefusal(std::optional<SessionError> refusal) {
  const Lock lock(mutex_);
  refusal_ = std::move(refusal);
}

std::optional<SessionError> SessionState::refusal() const {
  const Lock lock(mutex_);
  return refusal_;
}

void SessionState::setServerOffset(std::optional<core::Duration> offset) {
  const Lock lock(mutex_);
  serverOffset_ = offset;
}

std::optional<std::chrono::milliseconds> SessionState::serverTime(core::Time now) const {
  const Lock lock(mutex_);
  if (!serverOffset_) {
    return std::nullopt;
  }
  return std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch() + *serverOffset_);
}

}  // namespace tidewire::internal
