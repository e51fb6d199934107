#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "manual_client.hpp"
#include "session_access.hpp"

namespace tidewire::internal::test {

/// A session on a loop of its own; the test plays the server.
class ManualSession {
 public:
  explicit ManualSession(Options options = {}, SessionOptions session = {}, const Abilities& abilities = {})
      : loop_(std::make_shared<ManualLoop>(abilities)) {
    if (options.url.empty()) {
      options.url = "wss://a.test/stream";
    }
    session_.emplace(SessionAccess::make(std::move(options), std::move(session), loop_));
    session_->onClose([this](const CloseInfo& info) { closes.push_back(info); });
    session_->onError([this](const SessionError& error) { errors.push_back(error.code); });
  }
  ~ManualSession() {
    session_.reset();
    loop_->turn();
  }

  [[nodiscard]] Session& session() { return *session_; }
  [[nodiscard]] ManualLoop& loop() { return *loop_; }
  [[nodiscard]] ManualTransport& transport() { return loop_->transport(); }
  /// Everything that was sent on this connection, one behind the other.
  [[nodiscard]] std::string sent() {
    std::string all;
    for (const std::string& each : transport().sent()) {
      all += each + '\n';
    }
    return all;
  }
  [[nodiscard]] bool hasSent(std::string_view text) { return sent().find(text) != std::string::npos; }

  void greet() {
    CHECK(session_->connect() == ConnectResult::Started);
    loop_->turn();
    succeed();
  }
  void succeed() {
    transport().succeed();
    loop_->turn();
  }
  void hear(std::string_view text) {
    transport().receive(text);
    loop_->turn();
  }
  void welcome(std::string_view more = "") {
    hear(R"({"op":"welcome","v":1,"resumed":false,"now":1700000000000)" + std::string(more) + "}");
  }
  void open() {
    greet();
    welcome();
    CHECK(session_->state() == State::Open);
  }
  void endedByPeer(std::uint16_t code) {
    transport().end({.cause = CloseCause::ClosedByPeer, .code = code});
    loop_->turn();
  }
  void retry() { loop_->passAndTurn(closes.back().retryIn); }

  std::vector<CloseInfo> closes;
  std::vector<std::string> errors;

 private:
  std::shared_ptr<ManualLoop> loop_;
  std::optional<Session> session_;
};

}  // namespace tidewire::internal::test
