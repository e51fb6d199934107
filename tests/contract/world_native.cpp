#include <chrono>
#include <optional>
#include <thread>

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
  tidewire::Client makeClient(tidewire::Options options) override { return tidewire::Client(std::move(options)); }
  void killServer() override { server_->kill(); }
  void restartServer() override { server_->start(); }
  void freezeServer() override { server_->freeze(); }
  void thawServer() override { server_->thaw(); }
  // Callbacks run on Tidewire's thread; giving up the processor lets them.
  void pump() override { std::this_thread::yield(); }
  std::chrono::milliseconds now() const override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
  }

 private:
  std::optional<support::TickerServer> server_;
};

}  // namespace

World& world() {
  static NativeWorld instance;
  return instance;
}

}  // namespace contract
