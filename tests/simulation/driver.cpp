#include "driver.hpp"

#include <cstring>
#include <string>
#include <utility>
#include <variant>

namespace tidewire::simulation {

Driver::Driver(const Plan& plan, Network& network, Invariants& invariants, Trace& trace, User user)
    : plan_(plan),
      network_(network),
      invariants_(invariants),
      trace_(trace),
      user_(std::move(user)),
      connection_(plan.options, !plan.isPage, plan.connectionSeed) {}

// Rounds.

template <class Give>
void Driver::round(Give give) {
  inRound_ = true;
  give();
  doPosted();
  handOver();
  connection_.trimQueue();
  performActions();
  limitReading();
  inRound_ = false;
  invariants_.settled(now_, connection_);
  deadline_ = connection_.deadline();
}

template <class Give>
void Driver::input(Input input, Give give, const core::Ending* ending) {
  invariants_.given(now_, input, connection_, ending);
  trace_.input(now_, connection_.state(), nameOf(input));
  give();
  performActions();
  invariants_.checkEffect();
}

void Driver::post(Call call) {
  posted_.push_back(call);
  if (!inRound_) {
    round([] {});
  }
}

void Driver::doPosted() {
  while (!posted_.empty() || !first_.empty()) {
    for (const std::size_t sizeBytes : std::exchange(first_, {})) {
      enqueue(sizeBytes, true);
    }
    for (const Call& call : std::exchange(posted_, {})) {
      doCall(call);
    }
  }
}

void Driver::doCall(const Call& call) {
  const std::uint64_t argument = call.argument;
  switch (call.kind) {
    case Call::Kind::Connect:
      input(Input::Connect, [&] { connection_.connect(now_); });
      break;
    case Call::Kind::Close:
      input(Input::Close, [&] { connection_.close(now_, static_cast<std::uint16_t>(argument), {}); });
      break;
    case Call::Kind::Reconnect:
      input(Input::Reconnect, [&] { connection_.reconnect(now_); });
      break;
    case Call::Kind::Probe:
      input(Input::ProbeNow, [&] { connection_.probeNow(now_); });
      break;
    case Call::Kind::Pause:
    case Call::Kind::Resume:
      paused_ = call.kind == Call::Kind::Pause;
      break;
    case Call::Kind::Send:
      enqueue(argument, false);
      break;
    case Call::Kind::OpenReturned:
      input(Input::OpenReturned, [&] {
        invariants_.openReturned(argument);
        connection_.openReturned(argument);
      });
      break;
    case Call::Kind::EndpointAnswered:
      if (connection_.awaitsEndpoint(argument)) {
        input(Input::EndpointAnswered, [&] {
          invariants_.endpointAnswered(argument);
          connection_.endpointAnswered(now_, argument);
        });
      }
      break;
    case Call::Kind::EndpointFailed:
      input(Input::EndpointFailed, [&] { connection_.endpointFailed(now_, argument, "no endpoint"); });
      break;
  }
}

bool Driver::takes(std::size_t sizeBytes) const {
  const SendQueueOptions& limits = plan_.options.sendQueue;
  const core::SendQueue& queue = connection_.queue();
  std::size_t bytes = queue.bytes() + sizeBytes;
  for (const std::size_t first : first_) {
    bytes += first;
  }
  const bool fits = queue.count() + first_.size() < limits.maxMessages && bytes <= limits.maxBytes;
  return invariants_.takesMessages() && sizeBytes <= limits.maxBytes &&
         (fits || limits.whenFull == WhenFull::DropOldest);
}

void Driver::enqueue(std::size_t sizeBytes, bool first) {
  // What an onOpen sends after its connection does not reach the core.
  const bool onOpenTooLate = first && connection_.state() != State::Open && connection_.state() != State::Closing;
  if (!takes(sizeBytes) || onOpenTooLate) {
    return;
  }
  const std::uint64_t number = invariants_.queued(now_, sizeBytes, first);
  core::Outgoing message = outgoing(number, sizeBytes);
  if (!first && network_.wire() != nullptr && network_.wire()->room() > 0 && connection_.passesThrough()) {
    trace_.input(now_, connection_.state(), "message " + std::to_string(number) + " passes through");
    invariants_.handedOver(now_, number);
    connection_.handedOver(1);
    network_.accept(now_, Wire::Cargo::Message);
    return;
  }
  input(first ? Input::EnqueueFirst : Input::Enqueue, [&] {
    first ? connection_.enqueueFirst(now_, std::move(message)) : connection_.enqueue(now_, std::move(message));
  });
  trace_.note("message " + std::to_string(number));
}

core::Outgoing Driver::outgoing(std::uint64_t number, std::size_t sizeBytes) {
  const auto release = [](void* invariants, std::uintptr_t freed) noexcept {
    static_cast<Invariants*>(invariants)->freed(freed);
  };
  return {.sizeBytes = sizeBytes, .payload = core::Payload(&invariants_, number, release)};
}

void Driver::handOver() {
  while (network_.wire() != nullptr && network_.wire()->room() > 0) {
    const std::optional<core::Outgoing> message = connection_.takeOutgoing(now_);
    if (!message) {
      break;
    }
    trace_.note("message " + std::to_string(message->payload.handle()) + " leaves");
    invariants_.handedOver(now_, message->payload.handle());
    network_.accept(now_, Wire::Cargo::Message);
  }
}

void Driver::limitReading() {
  if (plan_.isPage || network_.wire() == nullptr || paused_ == readingPaused_) {
    return;
  }
  readingPaused_ = paused_;
  network_.setReading(now_, !paused_);
  input(paused_ ? Input::ReadingPaused : Input::ReadingResumed, [&] { connection_.readingPaused(now_, paused_); });
}

// Actions.

void Driver::performActions() {
  while (std::optional<core::Action> action = connection_.takeAction()) {
    trace_.action(*action);
    invariants_.check(now_, *action, network_.wire());
    perform(*action);
  }
  invariants_.performed(now_, connection_, network_.wire());
}

void Driver::perform(const core::Action& action) {
  if (const auto* probe = std::get_if<core::RequestEndpoint>(&action)) {
    user_.endpoint(probe->attempt);
  } else if (std::holds_alternative<core::Dial>(action)) {
    readingPaused_ = false;
    network_.dial(now_);
  } else if (std::holds_alternative<core::Abort>(action)) {
    network_.abort();
  } else if (const auto* ping = std::get_if<core::SendPing>(&action)) {
    connection_.probeHandedOver(network_.wire()->ahead.empty());
    network_.ping(now_, ping->payload);
  } else if (const auto* text = std::get_if<core::SendProbeText>(&action)) {
    network_.acceptProbe(now_, text->text);
    connection_.probeHandedOver(true);
  } else if (const auto* close = std::get_if<core::SendClose>(&action)) {
    network_.acceptClose(now_, close->code);
  } else if (const auto* opened = std::get_if<Opened>(&action)) {
    if (plan_.options.callbacks == Callbacks::Automatic) {
      user_.onOpen();
      invariants_.openReturned(opened->attempt);
      connection_.openReturned(opened->attempt);
    } else {
      user_.onOpenQueued(opened->attempt);
    }
  } else if (const auto* info = std::get_if<CloseInfo>(&action)) {
    user_.onClose(*info);
  }
}

// The world.

void Driver::hint(core::Hint hint) {
  // The enumerators stand in the same order.
  const auto kind = static_cast<Input>(static_cast<int>(Input::WokeUp) + static_cast<int>(hint));
  round([&] { input(kind, [&] { connection_.hint(now_, hint); }); });
}

void Driver::tick() {
  round([&] { input(Input::Tick, [&] { connection_.tick(now_); }); });
}

void Driver::wireOpens() {
  network_.wire()->open = true;
  round([&] { input(Input::TransportOpened, [&] { connection_.transportOpened(now_, {}, {}, plan_.awaited); }); });
}

void Driver::wireEnds(core::Ending ending) {
  network_.wire()->ended = true;
  round([&] {
    input(
        Input::TransportEnded, [&] { connection_.transportEnded(now_, ending); }, &ending);
  });
}

void Driver::wireWritable() {
  round([] {});
}

void Driver::arrival() {
  input(Input::BytesArrived, [&] { connection_.bytesArrived(now_); });
}

void Driver::bytesArrive() {
  round([&] {
    arrival();
    // In a hidden tab timers come late; what arrives moves the heartbeat on.
    if (deadline_ && now_ >= *deadline_) {
      input(Input::Tick, [&] { connection_.tick(now_); });
    }
  });
}

void Driver::pongArrives(std::uint64_t payload) {
  round([&] {
    arrival();
    std::array<std::byte, 8> bytes{};
    std::memcpy(bytes.data(), &payload, sizeof payload);
    invariants_.pong(payload);
    input(Input::PongArrived, [&] { connection_.pongArrived(now_, bytes); });
  });
}

void Driver::textAnswerArrives(std::string_view text) {
  round([&] {
    arrival();
    if (connection_.expectsAnswer()) {
      trace_.note(std::string(text));
      invariants_.text(text);
      input(Input::AnswerArrived, [&] { invariants_.taken(connection_.answerArrived(now_, text)); });
    }
  });
}

}  // namespace tidewire::simulation
