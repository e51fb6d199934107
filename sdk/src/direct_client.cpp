#include "direct_client.hpp"

#include <utility>
#include <variant>

#include "message_access.hpp"

namespace tidewire::internal {

DirectClient::DirectClient(Options options, std::shared_ptr<Loop> loop, MakeLayer makeLayer)
    : ClientFront(std::move(options), std::move(loop), *this, std::move(makeLayer)) {}

void DirectClient::deliver(Message& message) {
  if (held_) {
    enqueue(MessageAccess::keep(message));
  } else if (!stopped_) {
    onMessage(message);
  }
}

/// An endpoint request does not wait behind held messages: without its answer there is no connection.
bool DirectClient::deliver(Event&& event) {
  if (held_ && !queue_.empty() && !std::holds_alternative<EndpointRequest>(event)) {
    enqueue(std::move(event));
    return false;
  }
  run(event);
  return true;
}

std::uint64_t DirectClient::release() {
  held_ = false;
  std::uint64_t openReturned = 0;
  while (!queue_.empty() && !stopped_) {
    const Event event = std::move(queue_.front());
    queue_.pop_front();
    heldBytes_ -= weigh(event);
    run(event);
    if (const auto* opened = std::get_if<Opened>(&event)) {
      openReturned = opened->attempt;
    }
  }
  return openReturned;
}

void DirectClient::stopCallbacks() {
  stopped_ = true;
  queue_ = {};
  heldBytes_ = 0;
}

void DirectClient::enqueue(Event event) {
  if (!stopped_) {
    heldBytes_ += weigh(event);
    queue_.push_back(std::move(event));
  }
}

void DirectClient::run(const Event& event) {
  if (stopped_) {
    return;
  }
  if (const auto* news = std::get_if<SessionEvent>(&event)) {
    news->to->receive(*news);
  } else if (const auto* request = std::get_if<EndpointRequest>(&event)) {
    options_.endpoint(*request);
  } else if (const auto* message = std::get_if<Message>(&event)) {
    onMessage(*message);
  } else {
    const auto* opened = std::get_if<Opened>(&event);
    openRuns_ = opened == nullptr ? 0 : opened->attempt;
    onEvent(event);
    openRuns_ = 0;
  }
}

}  // namespace tidewire::internal
