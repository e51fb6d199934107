#include "client_front.hpp"

#include <utility>

#include "core/bytes.hpp"
#include "core/close_code.hpp"
#include "core/utf8.hpp"

namespace tidewire::internal {
namespace {

/// The options that a client keeps. Their loop is known by now, and may be destroyed before its clients.
Options kept(Options options) {
  core::boundTimes(options);
  options.loop.reset();
  return options;
}

}  // namespace

ClientFront::ClientFront(Options options, std::shared_ptr<Loop> loop, Outlet& outlet, MakeLayer makeLayer)
    : options_(kept(std::move(options))),
      loop_(std::move(loop)),
      mailbox_(options_.sendQueue),
      journal_(options_, loop_->now()),
      makeLayer_(std::move(makeLayer)),
      outlet_(outlet) {}

ConnectResult ClientFront::connect() {
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

CloseResult ClientFront::close(std::uint16_t code, std::string_view reason) {
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

ReconnectResult ClientFront::reconnect() {
  if (!loop_->acceptsThisThread()) {
    return ReconnectResult::WrongThread;
  }
  Mailbox::Post post;
  const ReconnectResult result = mailbox_.reconnect(post);
  wakeIf(post.wake);
  return result;
}

HeartbeatResult ClientFront::heartbeat() {
  if (!loop_->acceptsThisThread()) {
    return HeartbeatResult::WrongThread;
  }
  if (!loop_->sendsPings() && !makeLayer_ && options_.heartbeat.message.empty()) {
    return HeartbeatResult::Unsupported;
  }
  Mailbox::Post post;
  const HeartbeatResult result = mailbox_.probe(post);
  wakeIf(post.wake);
  return result;
}

PauseResult ClientFront::pause(bool paused) {
  if (!loop_->acceptsThisThread()) {
    return PauseResult::WrongThread;
  }
  postCommand({.kind = paused ? Command::Kind::Pause : Command::Kind::Resume});
  return PauseResult::Accepted;
}

void ClientFront::openReturned(std::uint64_t attempt) {
  postCommand({.kind = Command::Kind::OpenReturned, .attempt = attempt});
}

Stats ClientFront::stats() const {
  Stats stats;
  counters_.addTo(stats);
  mailbox_.addTo(stats);
  const Outlet::Waiting waiting = outlet_.waiting();
  stats.deliveryEvents = waiting.events;
  stats.deliveryBytes = waiting.bytes;
  return stats;
}

void ClientFront::answerEndpoint(std::uint64_t attempt, Endpoint endpoint, std::unique_ptr<LayerCommand> post) {
  if (const core::OptionsFault found = faultOf(endpoint)) {
    failEndpoint(attempt, "Options::endpoint answered with a wrong " + found.text);
  } else {
    postCommand({.kind = Command::Kind::EndpointAnswered,
                 .attempt = attempt,
                 .endpoint = std::move(endpoint),
                 .post = std::move(post)});
  }
}

void ClientFront::failEndpoint(std::uint64_t attempt, std::string_view why) {
  postCommand({.kind = Command::Kind::EndpointFailed, .text = std::string(why), .attempt = attempt});
}

bool ClientFront::post(std::unique_ptr<LayerCommand> post, bool unlessDown) {
  Command command{.kind = Command::Kind::Layer, .post = std::move(post)};
  if (!unlessDown) {
    postCommand(std::move(command));
    return true;
  }
  Mailbox::Post wake;
  const bool taken = mailbox_.postIfUp(std::move(command), wake);
  wakeIf(wake.wake);
  return taken;
}

void ClientFront::postCommand(Command command) {
  Mailbox::Post post;
  mailbox_.postCommand(std::move(command), post);
  wakeIf(post.wake);
}

void ClientFront::turn() {
  if (gone_) {
    return;
  }
  if (clientLoop_ == nullptr) {
    self_ = shared_from_this();
    clientLoop_ = std::make_unique<ClientLoop>(*this,
                                               ClientParts{.options = options_,
                                                           .loop = *loop_,
                                                           .mailbox = mailbox_,
                                                           .outlet = outlet_,
                                                           .counters = counters_,
                                                           .journal = journal_},
                                               makeLayer_);
  }
  if (!clientLoop_->turn()) {
    gone_ = true;
    clientLoop_.reset();
    self_.reset();
  }
}

void ClientFront::hint(core::Hint hint) {
  if (clientLoop_ != nullptr) {
    clientLoop_->hint(hint);
  }
}

void ClientFront::loopGone() {
  const std::shared_ptr<ClientFront> self = std::exchange(self_, nullptr);
  gone_ = true;
  clientLoop_.reset();
  (void)mailbox_.setState(State::Closed, false);
}

void ClientFront::destroy() {
  stopCallbacks();
  journal_.stop();
  Mailbox::Post post;
  mailbox_.destroy(post);
  wakeIf(post.wake);
}

}  // namespace tidewire::internal
