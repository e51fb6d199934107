#pragma once

#include <cstddef>
#include <deque>
#include <utility>

#include "core/outgoing.hpp"
#include "core/time.hpp"

namespace tidewire::core {

/// Messages that wait until the transport takes them. Those that `onOpen` of the present connection sent stand first;
/// behind them the others, in the order in which they came.
class SendQueue {
 public:
  void push(Outgoing message, Time now) {
    bytes_ += message.sizeBytes;
    messages_.push_back({std::move(message), now});
  }

  /// Puts `message` behind those that were put first already, ahead of all others.
  void pushFirst(Outgoing message, Time now) {
    bytes_ += message.sizeBytes;
    messages_.insert(messages_.begin() + static_cast<std::ptrdiff_t>(first_++), {std::move(message), now});
  }

  /// How many of those that were put first still wait.
  [[nodiscard]] std::size_t first() const noexcept { return first_; }

  /// Takes the next message out. Requires: not empty.
  [[nodiscard]] Outgoing pop() { return take(0); }

  /// Place of the message to drop first: the oldest, except those that were put first.
  /// Requires: not empty.
  [[nodiscard]] std::size_t leastWanted() const noexcept { return first_ < messages_.size() ? first_ : 0; }
  /// Where the oldest message stands: both kinds come in order. Requires: not empty.
  [[nodiscard]] std::size_t oldest() const noexcept {
    return messages_[leastWanted()].since < messages_.front().since ? leastWanted() : 0;
  }
  /// Since when the oldest message has been waiting. Requires: not empty.
  [[nodiscard]] Time oldestSince() const { return messages_[oldest()].since; }

  /// Drops the message that stands there, and answers its size.
  std::size_t drop(std::size_t at) { return take(at).sizeBytes; }

  [[nodiscard]] bool empty() const noexcept { return messages_.empty(); }
  [[nodiscard]] std::size_t count() const noexcept { return messages_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct Entry {
    Outgoing message;
    Time since;
  };

  [[nodiscard]] Outgoing take(std::size_t at) {
    const auto place = messages_.begin() + static_cast<std::ptrdiff_t>(at);
    Outgoing message = std::move(place->message);
    messages_.erase(place);
    bytes_ -= message.sizeBytes;
    first_ -= at < first_ ? 1 : 0;
    return message;
  }

  std::deque<Entry> messages_;
  std::size_t first_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace tidewire::core
