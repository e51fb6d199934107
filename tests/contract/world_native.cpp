#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "message_access.hpp"
#include "support/child_process.hpp"
#include "support/ticker_server.hpp"
#include "world.hpp"

namespace contract {
namespace {

/// The real transport against the real server.
class NativeWorld final : public World {
 public:
  std::string_view name() const override { return "native"; }
  void reset() override { server_.emplace(); }
  std::string url(std::string_view path) override { return server_->url(path); }
  std::string peerUrl(std::string_view play) override {
    if (!peer_) {
      peer_.emplace(std::vector<std::string>{TIDEWIRE_NODE, TIDEWIRE_SCRIPTED_PEER});
      const std::string line = peer_->readLine();
      peerBase_ = "ws://127.0.0.1:" + line.substr(line.rfind(' ') + 1);
    }
    return peerBase_ + std::string(play);
  }
  tidewire::Client makeClient(tidewire::Options options) override { return tidewire::Client(std::move(options)); }
  tidewire::Session makeSession(tidewire::Options options, tidewire::SessionOptions session) override {
    return tidewire::Session(std::move(options), std::move(session));
  }
  void killServer() override { server_->kill(); }
  void restartServer() override { server_->start(); }
  void freezeServer() override { server_->freeze(); }
  void continueServer() override { server_->continueRunning(); }
  // Callbacks run on Tidewire's thread; giving up the processor lets them.
  tidewire::Message arrived(tidewire::MessageKind kind, std::string_view payload) override {
    return tidewire::internal::MessageAccess::view(kind, std::as_bytes(std::span(payload)));
  }
  void pump() override { std::this_thread::yield(); }
  std::chrono::milliseconds now() const override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
  }

 private:
  std::optional<support::TickerServer> server_;
  std::optional<support::ChildProcess> peer_;  // One for all tests: it keeps nothing of a connection that has ended.
  std::string peerBase_;
};

}  // namespace

World& world() {
  static NativeWorld instance;
  return instance;
}

}  // namespace contract
