#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <span>

#include "client_access.hpp"
#include "message_access.hpp"
#include "session/served.hpp"
#include "session_access.hpp"
#include "support/scripted_loop.hpp"
#include "world.hpp"

namespace contract {
namespace {

/// The server that the simulation of sessions has, on this network, where it answers at once.
class ModelStream final : public support::StreamServer {
 public:
  explicit ModelStream(support::ScriptedLoop& loop)
      : loop_(loop),
        server_({.dedupCount = 1000, .dedupTime = std::chrono::minutes(2), .heartbeat = std::chrono::seconds(25)},
                dice_,
                {.send =
                     [this](std::uint64_t connection, tidewire::core::protocol::Framer::Batch batch) {
                       loop_.say(connection, batch.kind, std::move(batch.payload));
                     },
                 .close = [this](std::uint64_t connection, std::uint16_t code) { loop_.hangUp(connection, code); },
                 .schedule =
                     [this](tidewire::core::Time at, std::function<void()> what) {
                       if (at <= loop_.now()) {  // Deadlines come to nobody here.
                         due_.push_back(std::move(what));
                       }
                     }}) {}

  void receive(std::uint64_t connection, tidewire::MessageKind kind, const std::string& payload) override {
    server_.setTime(loop_.now());
    if (known_.insert(connection).second) {
      server_.connected(connection);
    }
    server_.receive(connection, {kind, payload});
    runDue();
  }
  void lost(std::uint64_t connection) override {
    server_.lost(connection);
    runDue();
  }
  void restart() override {
    server_.restart();
    runDue();
  }

 private:
  void runDue() {
    while (!due_.empty()) {
      const std::function<void()> next = std::move(due_.front());
      due_.pop_front();
      next();
    }
  }

  support::ScriptedLoop& loop_;
  tidewire::simulation::Dice dice_{1};
  std::deque<std::function<void()>> due_;
  std::set<std::uint64_t> known_;
  tidewire::simulation::Served server_;
};

/// The real core and wiring on virtual time, over a network that a script plays.
class ScriptedWorld final : public World {
 public:
  std::string_view name() const override { return "scripted"; }
  ~ScriptedWorld() override { loop_->finish(); }
  void reset() override {
    loop_->finish();
    loop_ = std::make_shared<support::ScriptedLoop>();
    loop_->serveStream(std::make_shared<ModelStream>(*loop_));
  }
  std::string url(std::string_view path) override { return "ws://scripted.test" + std::string(path); }
  std::string peerUrl(std::string_view play) override { return "ws://peer.test" + std::string(play); }
  tidewire::Client makeClient(tidewire::Options options) override {
    return tidewire::internal::ClientAccess::make(std::move(options), loop_);
  }
  tidewire::Session makeSession(tidewire::Options options, tidewire::SessionOptions session) override {
    return tidewire::internal::SessionAccess::make(std::move(options), std::move(session), loop_);
  }
  void killServer() override { loop_->killServer(); }
  void restartServer() override { loop_->startServer(); }
  void freezeServer() override { loop_->freezeServer(); }
  void continueServer() override { loop_->continueServer(); }
  tidewire::Message arrived(tidewire::MessageKind kind, std::string_view payload) override {
    return tidewire::internal::MessageAccess::view(kind, std::as_bytes(std::span(payload)));
  }
  void pump() override {
    if (!loop_->step()) {
      idle_ += std::chrono::milliseconds(100);  // Nothing happens by itself any more: let the patience run out.
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
