#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "server/framing.hpp"
#include "server/subscriptions.hpp"

namespace tidewire::server {

/// The answers that wait for one client, and the order in which they and its events leave.
class Outbox {
 public:
  void add(Packet packet);
  /// Goes ahead of all others: the welcome and pongs.
  void addUrgent(Packet packet);
  void clear();

  /// Memory that the answers take, in bytes.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  /// How many answers were added so far, but for urgent ones.
  [[nodiscard]] std::uint64_t added() const { return added_; }

  /// The next WebSocket message, of at most `maxBytes`; empty if there is none.
  ///
  /// `tooLarge` is called with the channel of an event that does not fit, and has to end that subscription.
  Batch take(std::size_t maxBytes, Subscriptions& events, const std::function<void(const std::string&)>& tooLarge);

 private:
  using Packets = std::deque<std::shared_ptr<const Packet>>;

  void queue(Packets& packets, Packet packet);
  [[nodiscard]] bool eventIsNext(Subscriptions& events) const;
  [[nodiscard]] std::shared_ptr<const Packet> nextAnswer() const;
  void popAnswer(Subscriptions& events);
  void popEvent(const Packet& packet, Subscriptions& events);

  Packets urgent_;
  Packets answers_;
  std::size_t bytes_ = 0;  // Of both.
  std::uint64_t added_ = 0;
  std::uint64_t sent_ = 0;
  std::size_t lead_ = 0;  // Bytes of answers that went ahead of events that waited.
};

}  // namespace tidewire::server
