#include "server/outbox.hpp"

#include <algorithm>
#include <utility>

namespace tidewire::server {

namespace {
constexpr std::size_t kPacketCost = 128;  // Memory that a message takes besides its bytes.
constexpr std::size_t kMaxLead = 65'536;  // Of answers before events; then they take turns, byte by byte.

std::size_t costOf(const Packet& packet) {
  return packet.bytes.size() + kPacketCost;
}
}  // namespace

void Outbox::add(Packet packet) {
  ++added_;
  queue(answers_, std::move(packet));
}

void Outbox::addUrgent(Packet packet) {
  queue(urgent_, std::move(packet));
}

void Outbox::queue(Packets& packets, Packet packet) {
  bytes_ += costOf(packet);
  packets.push_back(std::make_shared<const Packet>(std::move(packet)));
}

void Outbox::clear() {
  urgent_.clear();
  answers_.clear();
  bytes_ = 0;
}

Batch Outbox::take(std::size_t maxBytes, Subscriptions& events,
                   const std::function<void(const std::string&)>& tooLarge) {
  Batch batch(maxBytes);
  for (;;) {
    const bool isEvent = eventIsNext(events);
    const std::shared_ptr<const Packet> packet = isEvent ? events.peek(sent_) : nextAnswer();
    if (packet && isEvent && packet->framedBytes() > maxBytes) {
      tooLarge(std::string(events.nextChannel()));
      continue;
    }
    if (!packet || !batch.takes(*packet)) {
      return batch;
    }
    batch.add(*packet);
    if (isEvent) {
      popEvent(*packet, events);
    } else {
      popAnswer(events);
    }
  }
}

// Answers go first, but a client that always has some to take gets its events as well: it would be called slow else.
bool Outbox::eventIsNext(Subscriptions& events) const {
  if (urgent_.empty() && !answers_.empty()) {
    return lead_ >= kMaxLead && events.peek(sent_) != nullptr;
  }
  return urgent_.empty();
}

std::shared_ptr<const Packet> Outbox::nextAnswer() const {
  return urgent_.empty() ? answers_.front() : urgent_.front();
}

void Outbox::popAnswer(Subscriptions& events) {
  Packets& packets = urgent_.empty() ? answers_ : urgent_;
  sent_ += urgent_.empty() ? 1 : 0;
  bytes_ -= costOf(*packets.front());
  lead_ = events.peek(sent_) != nullptr ? lead_ + packets.front()->bytes.size() : 0;
  packets.pop_front();
}

void Outbox::popEvent(const Packet& packet, Subscriptions& events) {
  lead_ -= std::min(lead_, packet.bytes.size());
  events.pop();
}

}  // namespace tidewire::server
