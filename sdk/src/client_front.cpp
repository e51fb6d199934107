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
      mailbox_(options_.sendQueue, *this),
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
  return mailbox_.connect();
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
  return mailbox_.close(code, reason);
}

ReconnectResult ClientFront::reconnect() {
  if (!loop_->acceptsThisThread()) {
    return ReconnectResult::WrongThread;
  }
  return mailbox_.reconnect();
}

HeartbeatResult ClientFront::heartbeat() {
  if (!loop_->acceptsThisThread()) {
    return HeartbeatResult::WrongThread;
  }
  if (!loop_->sendsPings() && !makeLayer_ && options_.heartbeat.message.empty()) {
    return HeartbeatResult::Unsupported;
  }
  return mailbox_.probe();
}

PauseResult ClientFront::pause(bool paused) {
  if (!loop_->acceptsThisThread()) {
    return PauseResult::WrongThread;
  }
  mailbox_.post({.kind = paused ? Command::Kind::Pause : Command::Kind::Resume});
  return PauseResult::Accepted;
}

void ClientFront::openReturned(std::uint64_t attempt) {
  mailbox_.post({.kind = Command::Kind::OpenReturned, .attempt = attempt});
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
    mailbox_.post({.kind = Command::Kind::EndpointAnswered,
                   .attempt = attempt,
                   .endpoint = std::move(endpoint),
                   .post = std::move(post)});
  }
}

void ClientFront::failEndpoint(std::uint64_t attempt, std::string_view why) {
  mailbox_.post({.kind = Command::Kind::EndpointFailed, .text = std::string(why), .attempt = attempt});
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
  PayloadStore::Batch none;
  (void)mailbox_.setState(State::Closed, false, none);
}

void ClientFront::destroy() {
  stopCallbacks();
  journal_.stop();
  mailbox_.destroy();
}

}  // namespace tidewire::internal
