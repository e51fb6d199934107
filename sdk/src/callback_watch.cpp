#include "callback_watch.hpp"

#include <chrono>
#include <utility>

#include "core/decimal.hpp"

namespace tidewire::internal {
namespace {

// Callbacks that hold the thread longer delay every other client.
constexpr core::Duration kSlowCallbacks = std::chrono::milliseconds(100);
// Events that wait longer than this belong to a client whose owner has forgotten to call `poll`.
constexpr core::Duration kUnpolled = std::chrono::seconds(5);

std::optional<std::string> findSlow(core::Duration held) {
  if (held <= kSlowCallbacks) {
    return std::nullopt;
  }
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(held);
  return "callbacks held the thread that serves all clients for " + core::decimal(time.count()) + " ms";
}

}  // namespace

std::optional<std::string> CallbackWatch::roundEnded(core::Time began, core::Time now, const Outlet& outlet) {
  switch (mode_) {
    case Callbacks::Automatic:
      return findSlow(now - began);
    case Callbacks::Poll:
      return findUnpolled(now, outlet.waiting());
    case Callbacks::Executor:
      break;
  }
  return std::nullopt;
}

std::optional<core::Time> CallbackWatch::deadline() const {
  return unpolledSince_ && !warned_ ? std::optional(*unpolledSince_ + kUnpolled) : std::nullopt;
}

/// Warns once for each row of events that waits.
std::optional<std::string> CallbackWatch::findUnpolled(core::Time now, const Outlet::Waiting& waiting) {
  if (waiting.events == 0 || waiting.polls != std::exchange(polls_, waiting.polls)) {
    unpolledSince_.reset();
    warned_ = false;
  }
  if (waiting.events > 0 && !unpolledSince_) {
    unpolledSince_ = now;
  }
  if (const auto due = deadline(); !due || now < *due) {
    return std::nullopt;
  }
  warned_ = true;
  return "poll() was not called for 5 s, and callbacks wait";
}

}  // namespace tidewire::internal
