#include "counters.hpp"

namespace tidewire::internal {

void Counters::count(const StateChange& event) {
  if (event.to != State::Connecting) {
    return;
  }
  const Lock lock(mutex_);
  ++attempts_;
  if (event.from == State::Waiting) {
    ++reconnects_;
    ++byCause().reconnects[static_cast<std::size_t>(lastCause_)];
  }
}

void Counters::count(const Opened& event) {
  const Lock lock(mutex_);
  ++opens_;
  lastHandshake_ = event.times;
}

void Counters::count(const Dropped& event) {
  const Lock lock(mutex_);
  add(dropped_, event.messages, event.bytes);
}

void Counters::count(const CloseInfo& event) {
  const Lock lock(mutex_);
  lastCause_ = event.cause;
  ++byCause().endings[static_cast<std::size_t>(event.cause)];
  unconfirmed_ += event.unconfirmedMessages;
}

void Counters::count(const HeartbeatInfo& event) {
  const Lock lock(mutex_);
  roundTrips_ = event.roundTrips;
}

void Counters::count(const Transport::Sent& sent, const Transport::Sent& received) {
  if (sent.messages + received.messages > 0) {
    const Lock lock(mutex_);
    add(sent_, sent.messages, sent.bytes);
    add(received_, received.messages, received.bytes);
  }
}

Counters::ByCause& Counters::byCause() {
  if (byCause_ == nullptr) {
    byCause_ = std::make_unique<ByCause>();
  }
  return *byCause_;
}

void Counters::addTo(Stats& stats) const {
  const Lock lock(mutex_);
  stats.attempts = attempts_;
  stats.opens = opens_;
  stats.reconnects = reconnects_;
  stats.messagesSent = sent_.messages;
  stats.bytesSent = sent_.bytes;
  stats.messagesReceived = received_.messages;
  stats.bytesReceived = received_.bytes;
  stats.droppedMessages = dropped_.messages;
  stats.droppedBytes = dropped_.bytes;
  stats.unconfirmedMessages = unconfirmed_;
  stats.roundTrips = roundTrips_;
  stats.lastHandshake = lastHandshake_;
  if (byCause_ != nullptr) {
    stats.endingsByCause = byCause_->endings;
    stats.reconnectsByCause = byCause_->reconnects;
  }
}

}  // namespace tidewire::internal
