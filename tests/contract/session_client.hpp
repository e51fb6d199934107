#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "test_client.hpp"
#include "tidewire/session.hpp"

namespace contract {

/// What a session and its subscriptions reported, as plain values.
struct SessionLog {
  struct Received {
    std::uint64_t seq;
    std::string body;
    std::uint64_t skipped;
  };
  std::vector<std::string> order;
  std::vector<tidewire::Opened> opens;
  std::vector<tidewire::CloseInfo> closes;
  std::vector<tidewire::HeartbeatInfo> heartbeats;
  std::vector<Received> events;
  std::vector<tidewire::Gap> gaps;  ///< Without their channels.
  std::vector<tidewire::ChannelPosition> positions;
  std::vector<tidewire::SessionError> ends;
  std::vector<tidewire::Ack> acks;
  struct Answer {
    std::string error;
    std::string body;
  };
  std::vector<Answer> replies;
};

/// A session that remembers everything it reports. Callbacks may run on another thread; a test reads copies.
class TestSession {
 public:
  explicit TestSession(std::string_view path = "/stream");

  [[nodiscard]] tidewire::Session& session() { return *session_; }
  void destroy() { session_.reset(); }
  [[nodiscard]] SessionLog log() const;

  [[nodiscard]] tidewire::Subscription subscribe(std::string_view channel, tidewire::SubscribeOptions options = {});
  void publish(std::string_view channel, std::string_view text);
  void request(std::string_view method, std::string_view text);

  void await(std::string_view what, const std::function<bool(const SessionLog&)>& holds);
  /// In the next callback, wherever it comes from.
  void inCallback(std::function<void()> reaction);

 private:
  struct Shared;

  std::shared_ptr<Shared> shared_;
  bool polls_ = false;
  std::unique_ptr<tidewire::Session> session_;
};

}  // namespace contract
