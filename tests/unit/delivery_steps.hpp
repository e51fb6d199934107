#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string_view>
#include <utility>

#include "core/bytes.hpp"
#include "delivery.hpp"
#include "message_access.hpp"

/// What the tests of a delivery do with it.
namespace tidewire::internal::test {

inline constexpr std::size_t kRoomy = 1024 * 1024;

inline void deliverText(Delivery& delivery, std::string_view text) {
  Message message = MessageAccess::view(MessageKind::Text, core::asBytes(text));
  delivery.deliver(message);
}

inline Delivery::Polled poll(Delivery& delivery, const PollBudget& budget) {
  return delivery.poll(budget, [] { return core::Time(std::chrono::steady_clock::now().time_since_epoch()); });
}

inline std::size_t pollAll(Delivery& delivery, PollBudget budget = {}) {
  return poll(delivery, budget).ran;
}

inline void onMessage(Delivery& delivery, std::function<void(const Message&)> handler) {
  delivery.set(&Handlers::onMessage, std::move(handler));
}

/// Runs `deliver` where callbacks of this mode run.
template <class Deliver>
void running(Delivery& delivery, Callbacks mode, Deliver deliver) {
  delivery.begin();
  deliver();
  delivery.end();
  if (mode != Callbacks::Automatic) {
    pollAll(delivery);
  }
}

inline constexpr std::array kModes = {Callbacks::Automatic, Callbacks::Poll, Callbacks::Executor};

}  // namespace tidewire::internal::test
