#pragma once

#include <cstddef>
#include <deque>
#include <utility>

#include "core/outgoing.hpp"

namespace tidewire::core {

/// Messages that wait until the transport takes them, first in, first out. Its bounds are kept by the mailbox, which
/// refuses a message before it gets here.
class SendQueue {
 public:
  void push(Outgoing message) {
    bytes_ += message.sizeBytes;
    messages_.push_back(std::move(message));
  }

  /// Requires: not empty.
  [[nodiscard]] Outgoing pop() {
    Outgoing message = std::move(messages_.front());
    messages_.pop_front();
    bytes_ -= message.sizeBytes;
    return message;
  }

  /// Drops the oldest `count`.
  void drop(std::size_t count) {
    for (; count > 0; --count) {
      bytes_ -= messages_.front().sizeBytes;
      messages_.pop_front();
    }
  }

  [[nodiscard]] bool empty() const noexcept { return messages_.empty(); }
  [[nodiscard]] std::size_t count() const noexcept { return messages_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::deque<Outgoing> messages_;
  std::size_t bytes_ = 0;
};

}  // namespace tidewire::core
