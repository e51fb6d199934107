#include "server/event.hpp"

#include <utility>

namespace tidewire::server {

namespace {

std::string eventHead(std::string_view channel, std::uint64_t seq, std::int64_t ts, BodyType type) {
  HeadWriter head("event");
  head.text("channel", channel).number("seq", seq).number("ts", static_cast<std::uint64_t>(ts)).type(type);
  return head.take();
}

}  // namespace

Event::Event(std::string_view channel, std::uint64_t seq, std::int64_t ts, BodyType type, std::string_view body)
    : seq_(seq), ts_(ts) {
  std::string head = eventHead(channel, seq, ts, type);
  headBytes_ = head.size();
  packet_ = std::make_shared<const Packet>(std::move(head), body);
}

std::string_view Event::body() const {
  return std::string_view(packet_->bytes).substr(headBytes_ + 1);
}

std::shared_ptr<const Packet> Event::packet(std::uint64_t skipped) const {
  if (skipped == 0) {
    return packet_;
  }
  const std::string field = ",\"skipped\":" + std::to_string(skipped);
  auto packet = std::make_shared<Packet>(*packet_);
  packet->bytes.insert(headBytes_ - 1, field);  // Before the brace that ends the head.
  return packet;
}

std::size_t Event::cost() const {
  return sizeof(Event) + sizeof(Packet) + packet_->bytes.size();
}

}  // namespace tidewire::server
