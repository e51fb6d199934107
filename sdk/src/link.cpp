#include "link.hpp"

#include "core/bytes.hpp"

namespace tidewire::internal {

Link::~Link() {
  if (transport_ != nullptr) {
    transport_->abort();
  }
}

void Link::dial(TransportEvents& events, const Endpoint& endpoint) {
  readingPaused_ = false;
  transport_ = parts_.loop.makeTransport(events);
  transport_->open(endpoint, parts_.options);
}

bool Link::cut(const std::optional<core::SendClose>& parting) {
  endBehind_.reset();
  if (transport_ == nullptr) {
    return false;
  }
  awaited_ = transport_->awaited();
  if (awaited_.empty() && layer_ != nullptr) {
    awaited_ = "the server's welcome";
  }
  if (parting) {
    transport_->leave(parting->code, parting->reason);
  } else {
    transport_->abort();
  }
  cut_.push_back(std::move(transport_));
  return true;
}

std::optional<TransportEnd> Link::takeKnownEnd() {
  return isLive() ? transport_->takeKnownEnd() : std::nullopt;
}

void Link::cutBehindArrivals(TransportEnd end) {
  transport_->abort();
  endBehindArrivals(std::move(end));
}

/// The connection has to know: while reading is paused, a sign of life may lie among the unread bytes.
void Link::pauseReading(bool pause) {
  if (pause == readingPaused_) {
    return;
  }
  readingPaused_ = pause;
  if (isLive() && parts_.loop.pausesReading()) {
    transport_->setReading(!pause);
  }
  connection_.readingPaused(parts_.loop.now(), pause);
}

/// A Ping may overtake messages that still wait in the transport; then its Pong does not confirm them.
void Link::ping(const core::SendPing& ping) {
  connection_.probeHandedOver(transport_->bufferedBytes() == 0);
  transport_->ping(ping.payload);
}

void Link::sendText(std::string_view text) {
  PayloadStore store;
  if (store.put(MessageKind::Text, core::asBytes(text))) {
    transport_->send(*store.take().next());
  }
  connection_.probeHandedOver(true);
}

void Link::close(const core::SendClose& close) {
  if (isLive()) {
    transport_->close(close.code, close.reason);
  }
}

/// What the transport has no room for goes back unseparated: queueing each message costs more than sending it. Only
/// where messages expire does each need the time of its arrival.
void Link::sendPosted(core::Time began, PayloadStore::Batch& batch) {
  const bool passesThrough = isLive() && connection_.passesThrough();
  if (passesThrough) {
    const Transport::Sent sent = transport_->sendFrom(batch);
    connection_.handedOver(sent.messages);
    noteSent(began, sent);
  }
  if (batch.count() == 0) {
    return;
  }
  if (passesThrough && !connection_.expiresMessages()) {
    parts_.mailbox.giveBack(std::move(batch));
    return;
  }
  const core::Time now = parts_.loop.now();
  while (std::optional<core::Outgoing> message = batch.next()) {
    connection_.enqueue(now, std::move(*message));
  }
}

void Link::sendLayer(core::Time began) {
  if (isLive() && layer_->hasToSend() && transport_->room() > 0) {
    noteSent(began, layer_->send(parts_.loop.now(), *transport_));
  }
}

void Link::sendQueued(core::Time began) {
  if (!connection_.hasOutgoing()) {
    return;  // Called after each arrival: reading the clock and the page's socket costs time.
  }
  Transport::Sent sent;
  const core::Time now = parts_.loop.now();
  while (isLive() && transport_->room() > 0) {
    std::optional<core::Outgoing> message = connection_.takeOutgoing(now);
    if (!message) {
      break;
    }
    ++sent.messages;
    sent.bytes += message->sizeBytes;
    transport_->send(std::move(*message));
  }
  noteSent(began, sent);
}

void Link::flush() {
  if (isLive()) {
    transport_->flush();
  }
}

Mailbox::Behind Link::behind() const {
  return {.messages = connection_.queue().count(),
          .bytes = connection_.queue().bytes(),
          .transportBytes = transport_ == nullptr ? 0 : transport_->bufferedBytes()};
}

void Link::awaitBuffered(std::size_t bufferedBytes, std::size_t mark) {
  transport_->awaitBuffered(bufferedBytes > mark ? mark : 0);
}

void Link::noteSent(core::Time began, const Transport::Sent& sent) {
  sent_.messages += sent.messages;
  sent_.bytes += sent.bytes;
  parts_.journal.noteMessages(began, Journal::Direction::Sent, sent.messages, sent.bytes);
}

}  // namespace tidewire::internal
