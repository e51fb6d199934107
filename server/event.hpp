#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "server/framing.hpp"
#include "server/heads.hpp"

namespace tidewire::server {

/// One event of a channel. Its message is written once, and shared by all who get it.
class Event {
 public:
  Event(std::string_view channel, std::uint64_t seq, std::int64_t ts, BodyType type, std::string_view body);

  [[nodiscard]] std::uint64_t seq() const { return seq_; }
  [[nodiscard]] std::int64_t ts() const { return ts_; }
  [[nodiscard]] std::string_view body() const;

  /// The message for a client that did not get the `skipped` events before this one.
  [[nodiscard]] std::shared_ptr<const Packet> packet(std::uint64_t skipped) const;
  /// Memory that it takes, in bytes.
  [[nodiscard]] std::size_t cost() const;

 private:
  std::uint64_t seq_;
  std::int64_t ts_;
  std::size_t headBytes_;
  std::shared_ptr<const Packet> packet_;
};

using EventPointer = std::shared_ptr<const Event>;

}  // namespace tidewire::server
