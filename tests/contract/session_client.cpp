#include "session_client.hpp"

#include <doctest/doctest.h>

#include <utility>

namespace contract {

using namespace std::chrono_literals;

/// Outlives the session while a callback runs.
struct TestSession::Shared {
  mutable std::mutex mutex;
  SessionLog log;
  std::function<void()> reaction;

  template <class Record>
  void note(std::string order, Record record) {
    std::function<void()> react;
    {
      const std::lock_guard lock(mutex);
      log.order.push_back(std::move(order));
      record(log);
      react = std::exchange(reaction, nullptr);
    }
    if (react) {
      react();
    }
  }
};

TestSession::TestSession(std::string_view path) : shared_(std::make_shared<Shared>()) {
  tidewire::Options usual = optionsFor(path);
  polls_ = usual.callbacks == tidewire::Callbacks::Poll;
  session_ = std::make_unique<tidewire::Session>(world().makeSession({.url = usual.url,
                                                                      .heartbeat = {.interval = 0ms},
                                                                      .reconnect = usual.reconnect,
                                                                      .callbacks = usual.callbacks,
                                                                      .executor = usual.executor}));
  session_->onOpen([shared = shared_](const tidewire::Opened& opened) {
    shared->note("open", [&](SessionLog& log) { log.opens.push_back(opened); });
  });
  session_->onClose([shared = shared_](const tidewire::CloseInfo& info) {
    shared->note("close", [&](SessionLog& log) { log.closes.push_back(info); });
  });
  session_->onStateChange([shared = shared_](const tidewire::StateChange& change) {
    shared->note("state " + std::string(nameOf(change.to)), [](SessionLog&) {});
  });
  session_->onHeartbeat([shared = shared_](const tidewire::HeartbeatInfo& info) {
    shared->note("heartbeat", [&](SessionLog& log) { log.heartbeats.push_back(info); });
  });
}

SessionLog TestSession::log() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->log;
}

tidewire::Subscription TestSession::subscribe(std::string_view channel, tidewire::SubscribeOptions options) {
  return session_->subscribe(
      channel, std::move(options),
      {.onEvent =
           [shared = shared_](const tidewire::Event& event) {
             const SessionLog::Received received{event.seq, std::string(event.body.text()), event.skipped};
             shared->note("event", [&](SessionLog& log) { log.events.push_back(received); });
           },
       .onGap =
           [shared = shared_](const tidewire::Gap& gap) {
             shared->note("gap", [&](SessionLog& log) {
               log.gaps.push_back(gap);
               log.gaps.back().channel = {};
             });
           },
       .onSubscribed =
           [shared = shared_](const tidewire::SubscribedInfo& info) {
             shared->note("subscribed", [&](SessionLog& log) { log.positions.push_back(info.position); });
           },
       .onEnd =
           [shared = shared_](const tidewire::SubscriptionEnd& end) {
             shared->note("end", [&](SessionLog& log) { log.ends.push_back(end.error); });
           }});
}

void TestSession::publish(std::string_view channel, std::string_view text) {
  CHECK(session_->publish(channel, text, {.ack = true}, [shared = shared_](const tidewire::Ack& ack) {
    shared->note("ack", [&](SessionLog& log) { log.acks.push_back(ack); });
  }) == tidewire::CallResult::Queued);
}

void TestSession::request(std::string_view method, std::string_view text) {
  const auto result = session_->request(method, text, {}, [shared = shared_](const tidewire::Reply& reply) {
    const SessionLog::Answer answer{reply.error ? reply.error->code : std::string(), std::string(reply.body.text())};
    shared->note("reply", [&](SessionLog& log) { log.replies.push_back(answer); });
  });
  CHECK(result.result() == tidewire::CallResult::Queued);
}

void TestSession::await(std::string_view what, const std::function<bool(const SessionLog&)>& holds) {
  pumpUntil(what, [&] {
    if (polls_ && session_ != nullptr) {
      session_->poll();
    }
    const std::lock_guard lock(shared_->mutex);
    return holds(shared_->log);
  });
}

void TestSession::inCallback(std::function<void()> reaction) {
  const std::lock_guard lock(shared_->mutex);
  shared_->reaction = std::move(reaction);
}

}  // namespace contract
