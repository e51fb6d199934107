#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "world.hpp"

namespace contract {

/// A page, a worker or Node, against the real server.
class PageWorld : public World {
 public:
  [[nodiscard]] std::string_view transport() const final { return "browser"; }
  void reset() override { base_ = "ws://127.0.0.1:" + control("start"); }
  [[nodiscard]] std::string url(std::string_view path) override { return base_ + std::string(path); }
  [[nodiscard]] std::string peerUrl(std::string_view play) override {
    return "ws://127.0.0.1:" + control("peer") + std::string(play);
  }
  [[nodiscard]] tidewire::Client makeClient(tidewire::Options options) override {
    return tidewire::Client(std::move(options));
  }
  void killServer() override { control("kill"); }
  void restartServer() override { control("restart"); }
  void freezeServer() override { control("freeze"); }
  void continueServer() override { control("continue"); }
  void setHasWebSocket(bool has) override;
  void pump() override;
  [[nodiscard]] std::chrono::milliseconds now() const override;

 private:
  /// "start" and "peer" are answered with a port; each command is done when it is answered.
  std::string control(const std::string& command);

  std::string base_;
};

}  // namespace contract
