#pragma once

#include <cstddef>
#include <utility>

#include "core/outgoing.hpp"
#include "core/ring_queue.hpp"
#include "core/time.hpp"

namespace tidewire::core {

/// Messages that wait until the transport takes them. Those that `onOpen` of the present connection sent go first;
/// behind them the others. Both are in call order.
class SendQueue {
 public:
  void push(Outgoing message, Time now) {
    bytes_ += message.sizeBytes;
    rest_.push_back({std::move(message), now});
  }

  /// Puts `message` behind those that were put first already, ahead of all others.
  void pushFirst(Outgoing message, Time now) {
    bytes_ += message.sizeBytes;
    first_.push_back({std::move(message), now});
  }

  /// The number of messages that were put first and still wait.
  [[nodiscard]] std::size_t first() const noexcept { return first_.size(); }

  /// Takes the next message out. Requires: not empty.
  [[nodiscard]] Outgoing pop() { return take(0); }

  /// Place of the message to drop first: the oldest, except those that were put first. Requires: not empty.
  [[nodiscard]] std::size_t leastWanted() const noexcept { return rest_.empty() ? 0 : first_.size(); }
  /// Place of the oldest message. Requires: not empty.
  [[nodiscard]] std::size_t oldest() const noexcept {
    return first_.empty() || rest_.empty() || first_.front().since <= rest_.front().since ? 0 : first_.size();
  }
  /// Since when the oldest message has been waiting. Requires: not empty.
  [[nodiscard]] Time oldestSince() const { return queueAt(oldest()).front().since; }

  /// Drops the message in that place, which is one of the two above, and returns its size.
  std::size_t drop(std::size_t at) { return take(at).sizeBytes; }

  [[nodiscard]] bool empty() const noexcept { return first_.empty() && rest_.empty(); }
  [[nodiscard]] std::size_t count() const noexcept { return first_.size() + rest_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct Entry {
    Outgoing message;
    Time since;
  };

  /// The queue whose front stands there.
  [[nodiscard]] RingQueue<Entry>& queueAt(std::size_t at) noexcept { return at < first_.size() ? first_ : rest_; }
  [[nodiscard]] const RingQueue<Entry>& queueAt(std::size_t at) const noexcept {
    return at < first_.size() ? first_ : rest_;
  }

  [[nodiscard]] Outgoing take(std::size_t at) {
    RingQueue<Entry>& queue = queueAt(at);
    Outgoing message = std::move(queue.front().message);
    queue.pop_front();
    bytes_ -= message.sizeBytes;
    return message;
  }

  RingQueue<Entry> first_;
  RingQueue<Entry> rest_;
  std::size_t bytes_ = 0;
};

}  // namespace tidewire::core
