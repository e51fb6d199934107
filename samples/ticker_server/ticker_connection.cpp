#include "ticker_connection.hpp"

#include <algorithm>

namespace ticker {

namespace {

constexpr std::string_view kPing = "ping";
constexpr std::string_view kPong = "pong";
constexpr double kRounding = 1e-9;  // Ten times 0.1 is a little less than 1.

}  // namespace

TickerConnection::TickerConnection(lws* socket, Market& market, const std::vector<std::size_t>& symbols, double rate)
    : Connection(socket), market_(market), rate_(rate) {
  for (const std::size_t symbol : symbols) {
    subscriptions_.push_back({.symbol = symbol});
  }
  market_.add(*this);
  keepSendBufferShort();
  askWritable();
}

TickerConnection::~TickerConnection() {
  market_.remove(*this);
}

void TickerConnection::received(const Piece& piece) {
  received_ += piece.bytes.substr(0, kPing.size() + 1 - received_.size());
  if (!piece.last) {
    return;
  }
  if (received_ == kPing && !piece.binary) {
    ++owedPongs_;
    askWritable();
  }
  received_.clear();
}

void TickerConnection::marketStepped(double stepsPerSecond) {
  credit_ += rate_ / stepsPerSecond;
  if (credit_ + kRounding < 1) {
    return;
  }
  credit_ = std::clamp(credit_ - 1, 0.0, 1.0);
  for (Subscription& subscription : subscriptions_) {
    subscription.due = true;
  }
  askWritable();
}

TickerConnection::Subscription* TickerConnection::nextDue() {
  for (std::size_t i = 0; i < subscriptions_.size(); ++i) {
    Subscription& subscription = subscriptions_[(turn_ + i) % subscriptions_.size()];
    if (subscription.due && market_.seq(subscription.symbol) > subscription.sentSeq) {
      turn_ = (turn_ + i + 1) % subscriptions_.size();
      return &subscription;
    }
  }
  return nullptr;
}

bool TickerConnection::writeNext() {
  if (owedPongs_ > 0) {
    --owedPongs_;
    sendText(kPong);
    return true;
  }
  Subscription* const subscription = nextDue();
  if (subscription == nullptr) {
    return false;
  }
  subscription->due = false;
  subscription->sentSeq = market_.seq(subscription->symbol);
  sendText(market_.json(subscription->symbol));
  return true;
}

void TickerConnection::sendText(std::string_view text) {
  FrameBuffer frame(text);
  write(frame);
}

}  // namespace ticker
