#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "core/ring_queue.hpp"

namespace tidewire::core::protocol {

/// Messages without a body that wait to be sent on this connection, in their order, and the source of the ids that
/// messages carry.
class HeadQueue {
 public:
  /// Ids rise over all connections of a session.
  [[nodiscard]] std::uint64_t nextId() noexcept { return ++lastId_; }

  void push(std::string head) { heads_.push_back(std::move(head)); }
  /// Requires: not empty.
  [[nodiscard]] const std::string& front() const noexcept { return heads_.front(); }
  void pop() { heads_.pop_front(); }
  [[nodiscard]] bool empty() const noexcept { return heads_.empty(); }
  /// The connection has ended.
  void clear() noexcept { heads_.clear(); }

 private:
  RingQueue<std::string> heads_;
  std::uint64_t lastId_ = 0;
};

}  // namespace tidewire::core::protocol
