#include "client_shared.hpp"

#include <algorithm>
#include <utility>

#include "core/utf8.hpp"
#include "message_access.hpp"

namespace tidewire::internal {
namespace {

// A condition variable adds it to a clock.
constexpr std::chrono::milliseconds kLongestWait = std::chrono::hours(24 * 365);

/// Whether the mailbox would refuse a message of that size now.
bool wouldRefuse(const Mailbox& mailbox, const SendQueueOptions& limits, std::size_t bytes,
                 std::optional<WhenNotOpen> whenNotOpen) {
  using Verdict = core::Admission::Verdict;
  Stats stats;
  mailbox.addTo(stats);
  const core::QueueLoad waiting{stats.queuedMessages, stats.queuedBytes};
  const Verdict verdict = core::Admission(limits).judge(bytes, whenNotOpen, mailbox.state() == State::Open, waiting);
  return verdict != Verdict::Accept && verdict != Verdict::Displace;
}

}  // namespace

ClientShared::ClientShared(Options options, std::shared_ptr<Loop> loop, MakeLayer makeLayer)
    : ClientFront(std::move(options), std::move(loop), delivery_, std::move(makeLayer)),
      delivery_(options_.callbacks, options_.deliveryQueueBytes) {
  if (options_.endpoint) {
    delivery_.set(&Handlers::endpoint, std::function<void(const EndpointRequest&)>(options_.endpoint));
  }
}

core::OptionsFault ClientShared::fault() const {
  if (core::OptionsFault found = core::findFault(options_)) {
    return found;
  }
  if (!loop_->shapesRequest() && (!options_.tls.caFile.empty() || !options_.tls.caPem.empty())) {
    return {ConnectResult::Unsupported, "tls: a page trusts what its browser trusts"};
  }
  if (core::OptionsFault found = faultOf(configuredEndpoint(options_)); found && !options_.endpoint) {
    return found;
  }
  if (!loop_->turns()) {
    return {ConnectResult::Unavailable, "the system gives no thread to serve clients, or their loop has ended"};
  }
  return {};
}

core::OptionsFault ClientShared::faultOf(const Endpoint& answer) const {
  return core::findFault(answer, loop_->shapesRequest());
}

SendResult ClientShared::send(MessageKind kind, std::span<const std::byte> payload, const SendOptions& options) {
  if (payload.size() >= PayloadStore::kSealedBytes && maySeal(payload.size(), options)) {
    return sendSealed(kind, payload, options);
  }
  if (kind == MessageKind::Text && !core::isValidUtf8(payload)) {
    return SendResult::InvalidUtf8;
  }
  const SendResult result = sendStored(payload.size(), options, {}, kind, payload);
  if (result == SendResult::Queued && journal_.recordsPayloads()) {
    journal_.notePayload(loop_->now(), Journal::Direction::Sent, MessageAccess::view(kind, payload));
  }
  return result;
}

SendResult ClientShared::sendSealed(MessageKind kind, std::span<const std::byte> payload, const SendOptions& options) {
  SendBuffer buffer(payload.size());
  const SendResult sealed = PayloadStore::seal(kind, payload, buffer);
  return sealed == SendResult::Queued ? sendStored(payload.size(), options, {}, kind, buffer) : sealed;
}

SendResult ClientShared::send(MessageKind kind, SendBuffer& buffer, const SendOptions& options) {
  // An empty buffer may have been moved from.
  if (buffer.size() == 0 || !maySeal(buffer.size(), options)) {
    const SendResult result = send(kind, std::as_const(buffer).bytes(), options);
    if (result == SendResult::Queued) {
      const SendBuffer sent = std::move(buffer);
    }
    return result;
  }
  if (const SendResult sealed = PayloadStore::seal(kind, buffer.bytes(), buffer); sealed != SendResult::Queued) {
    return sealed;
  }
  const SendResult result = sendStored(buffer.size(), options, {}, kind, buffer);
  if (result != SendResult::Queued) {
    PayloadStore::unseal(buffer);
  }
  return result;
}

/// What is sealed cannot be recorded. To seal a large payload costs as much as to send it, so one that would be refused
/// is not.
bool ClientShared::maySeal(std::size_t sizeBytes, const SendOptions& options) const {
  return !journal_.recordsPayloads() && loop_->acceptsThisThread() &&
         !wouldRefuse(mailbox_, options_.sendQueue, sizeBytes, options.whenNotOpen);
}

WaitResult ClientShared::waitOpen(std::chrono::milliseconds timeout) const {
  const std::optional<WaitResult> fault = waitFault();
  return fault ? *fault : mailbox_.waitOpen(std::min(timeout, kLongestWait));
}

WaitResult ClientShared::waitClosed(std::chrono::milliseconds timeout) const {
  const std::optional<WaitResult> fault = waitFault();
  return fault ? *fault : mailbox_.waitClosed(std::min(timeout, kLongestWait));
}

std::optional<WaitResult> ClientShared::waitFault() const {
  if (!loop_->canBeAwaited()) {
    return WaitResult::Unsupported;
  }
  if (loop_->onLoopThread() || delivery_.runsHere()) {
    return WaitResult::WrongThread;
  }
  return std::nullopt;
}

std::size_t ClientShared::poll(const PollBudget& budget) {
  if (!loop_->acceptsThisThread() || options_.callbacks != Callbacks::Poll) {
    return 0;
  }
  const std::shared_ptr<ClientFront> self = shared_from_this();  // A callback may destroy the client.
  const Delivery::Polled result = delivery_.poll(budget, [this] { return loop_->now(); });
  polled(result);
  return result.ran;
}

void ClientShared::polled(const Delivery::Polled& polled) {
  if (polled.openReturned > 0) {
    openReturned(polled.openReturned);
  } else if (polled.madeRoom) {
    wakeLoop();
  }
}

void ClientShared::scheduleRun() {
  options_.executor([weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      static_cast<ClientShared&>(*self).runTask();
    }
  });
}

void ClientShared::runTask() {
  const Delivery::Polled result = delivery_.runTask();
  polled(result);
  if (result.more) {
    scheduleRun();
  }
}

void ClientShared::roundEnded() {
  if (options_.callbacks == Callbacks::Executor && delivery_.needsRunner()) {
    scheduleRun();
  }
}

}  // namespace tidewire::internal
