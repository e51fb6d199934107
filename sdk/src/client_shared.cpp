#include "client_shared.hpp"

#include <algorithm>
#include <utility>

#include "core/bytes.hpp"
#include "core/close_code.hpp"
#include "core/utf8.hpp"
#include "message_access.hpp"

namespace tidewire::internal {
namespace {

// A condition variable adds it to a clock.
constexpr std::chrono::milliseconds kLongestWait = std::chrono::hours(24 * 365);

/// What a client keeps of its options. The loop that they name is known by now, and may go before its clients.
Options kept(Options options) {
  core::boundTimes(options);
  options.loop.reset();
  return options;
}

}  // namespace

ClientShared::ClientShared(Options options, std::shared_ptr<Loop> loop, MakeLayer makeLayer)
    : options_(kept(std::move(options))),
      configured_{.url = options_.url, .subprotocols = options_.subprotocols, .headers = options_.headers},
      loop_(std::move(loop)),
      makeLayer_(std::move(makeLayer)),
      mailbox_(options_.sendQueue),
      delivery_(options_.callbacks, options_.deliveryQueueBytes),
      journal_(options_, loop_->now()) {
  if (options_.endpoint) {
    delivery_.set(&Handlers::endpoint, std::function<void(const EndpointRequest&)>(options_.endpoint));
  }
}

ConnectResult ClientShared::connect() {
  if (!loop_->acceptsThisThread()) {
    return ConnectResult::WrongThread;
  }
  if (const core::OptionsFault found = fault()) {
    return found.result;
  }
  Mailbox::Post post;
  const ConnectResult result = mailbox_.connect(post);
  wakeIf(post.wake);
  return result;
}

core::OptionsFault ClientShared::fault() const {
  if (core::OptionsFault found = core::findFault(options_)) {
    return found;
  }
  if (!loop_->shapesRequest() && (!options_.tls.caFile.empty() || !options_.tls.caPem.empty())) {
    return {ConnectResult::Unsupported, "tls: a page trusts what its browser trusts"};
  }
  if (core::OptionsFault found = core::findFault(configured_, loop_->shapesRequest()); found && !options_.endpoint) {
    return found;
  }
  if (!loop_->turns()) {
    return {ConnectResult::Unavailable, "the system gives no thread to serve clients, or their loop has ended"};
  }
  return {};
}

SendResult ClientShared::send(MessageKind kind, std::span<const std::byte> payload, const SendOptions& options) {
  if (kind == MessageKind::Text && !core::isValidUtf8(payload)) {
    return SendResult::InvalidUtf8;
  }
  const SendResult result = sendStored(payload.size(), options, kind, payload);
  if (result == SendResult::Queued && journal_.recordsPayloads()) {
    journal_.notePayload(loop_->now(), Journal::Direction::Sent, MessageAccess::view(kind, payload));
  }
  return result;
}

CloseResult ClientShared::close(std::uint16_t code, std::string_view reason) {
  if (!loop_->acceptsThisThread()) {
    return CloseResult::WrongThread;
  }
  if (!core::mayApplicationClose(code)) {
    return CloseResult::InvalidCode;
  }
  if (reason.size() > core::kMaxReasonBytes || !core::isValidUtf8(core::asBytes(reason))) {
    return CloseResult::InvalidReason;
  }
  Mailbox::Post post;
  const CloseResult result = mailbox_.close(code, reason, post);
  wakeIf(post.wake);
  return result;
}

ReconnectResult ClientShared::reconnect() {
  if (!loop_->acceptsThisThread()) {
    return ReconnectResult::WrongThread;
  }
  Mailbox::Post post;
  const ReconnectResult result = mailbox_.reconnect(post);
  wakeIf(post.wake);
  return result;
}

HeartbeatResult ClientShared::heartbeat() {
  if (!loop_->acceptsThisThread()) {
    return HeartbeatResult::WrongThread;
  }
  if (!loop_->sendsPings() && !makeLayer_ && options_.heartbeat.message.empty()) {
    return HeartbeatResult::Unsupported;
  }
  Mailbox::Post post;
  const HeartbeatResult result = mailbox_.ask(post);
  wakeIf(post.wake);
  return result;
}

PauseResult ClientShared::pause(bool paused) {
  if (!loop_->acceptsThisThread()) {
    return PauseResult::WrongThread;
  }
  tell({.kind = paused ? Command::Kind::Pause : Command::Kind::Resume});
  return PauseResult::Accepted;
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
  return runQueued(budget).ran;
}

Delivery::Polled ClientShared::runQueued(const PollBudget& budget) {
  const std::shared_ptr<ClientShared> self = shared_from_this();  // A callback may destroy the client.
  const Delivery::Polled polled = delivery_.poll(budget, [this] { return loop_->now(); });
  if (polled.openReturned > 0) {
    openReturned(polled.openReturned);
  } else {
    wakeIf(polled.madeRoom);
  }
  return polled;
}

void ClientShared::openReturned(std::uint64_t attempt) {
  tell({.kind = Command::Kind::OpenReturned, .attempt = attempt});
}

void ClientShared::scheduleRun() {
  options_.executor([weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->runOne();
    }
  });
}

void ClientShared::runOne() {
  if (runQueued({.count = 1}).more) {
    scheduleRun();
  }
}

Stats ClientShared::stats() const {
  Stats stats = mailbox_.stats();
  const Delivery::Waiting waiting = delivery_.waiting();
  stats.deliveryEvents = waiting.events;
  stats.deliveryBytes = waiting.bytes;
  return stats;
}

void ClientShared::answerEndpoint(std::uint64_t attempt, Endpoint endpoint, std::unique_ptr<LayerPost> post) {
  if (const core::OptionsFault found = core::findFault(endpoint, loop_->shapesRequest())) {
    failEndpoint(attempt, "Options::endpoint answered with a wrong " + found.text);
  } else {
    tell({.kind = Command::Kind::EndpointAnswered,
          .attempt = attempt,
          .endpoint = std::move(endpoint),
          .post = std::move(post)});
  }
}

void ClientShared::failEndpoint(std::uint64_t attempt, std::string_view why) {
  tell({.kind = Command::Kind::EndpointFailed, .text = std::string(why), .attempt = attempt});
}

bool ClientShared::post(std::unique_ptr<LayerPost> post, bool unlessDown) {
  Command command{.kind = Command::Kind::Layer, .post = std::move(post)};
  if (!unlessDown) {
    tell(std::move(command));
    return true;
  }
  Mailbox::Post wake;
  const bool taken = mailbox_.tellIfUp(std::move(command), wake);
  wakeIf(wake.wake);
  return taken;
}

void ClientShared::tell(Command command) {
  Mailbox::Post post;
  mailbox_.tell(std::move(command), post);
  wakeIf(post.wake);
}

void ClientShared::destroy() {
  delivery_.stop();
  journal_.stop();
  Mailbox::Post post;
  mailbox_.destroy(post);
  wakeIf(post.wake);
}

void ClientShared::turn() {
  if (gone_) {
    return;
  }
  if (clientLoop_ == nullptr) {
    self_ = shared_from_this();
    clientLoop_ = std::make_unique<ClientLoop>(*this,
                                               ClientParts{.options = options_,
                                                           .configured = configured_,
                                                           .loop = *loop_,
                                                           .mailbox = mailbox_,
                                                           .delivery = delivery_,
                                                           .journal = journal_},
                                               makeLayer_);
  }
  if (!clientLoop_->turn()) {
    gone_ = true;
    clientLoop_.reset();
    self_.reset();
  }
}

void ClientShared::hint(core::Hint hint) {
  if (clientLoop_ != nullptr) {
    clientLoop_->hint(hint);
  }
}

void ClientShared::loopGone() {
  const std::shared_ptr<ClientShared> self = std::exchange(self_, nullptr);
  gone_ = true;
  clientLoop_.reset();
  (void)mailbox_.setState(State::Closed, false);
}

}  // namespace tidewire::internal
