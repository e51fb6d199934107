#include <chrono>
#include <memory>

#include "client_access.hpp"
#include "support/scripted_loop.hpp"
#include "world.hpp"

namespace contract {
namespace {

/// The real core and wiring on virtual time, over a network that a script plays.
class ScriptedWorld final : public World {
 public:
  std::string_view name() const override { return "scripted"; }
  ~ScriptedWorld() override { loop_->finish(); }
  void reset() override {
    loop_->finish();
    loop_ = std::make_shared<support::ScriptedLoop>();
  }
  std::string url(std::string_view path) override { return "ws://scripted.test" + std::string(path); }
  std::string peerUrl(std::string_view play) override { return "ws://peer.test" + std::string(play); }
  tidewire::Client makeClient(tidewire::Options options) override {
    return tidewire::internal::ClientAccess::make(std::move(options), loop_);
  }
  void killServer() override { loop_->killServer(); }
  void restartServer() override { loop_->startServer(); }
  void freezeServer() override { loop_->freezeServer(); }
  void thawServer() override { loop_->thawServer(); }
  void pump() override {
    if (!loop_->step()) {
      idle_ += std::chrono::seconds(1);  // Nothing will ever happen again: let the patience run out.
    }
  }
  std::chrono::milliseconds now() const override {
    return idle_ + std::chrono::duration_cast<std::chrono::milliseconds>(loop_->now().time_since_epoch());
  }

 private:
  std::shared_ptr<support::ScriptedLoop> loop_ = std::make_shared<support::ScriptedLoop>();
  std::chrono::milliseconds idle_{0};
};

}  // namespace

World& world() {
  static ScriptedWorld instance;
  return instance;
}

}  // namespace contract
