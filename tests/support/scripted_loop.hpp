#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/time.hpp"
#include "platform/loop.hpp"

namespace support {

class ScriptedTransport;

/// What answers on "/stream".
class StreamServer {
 public:
  virtual ~StreamServer() = default;
  virtual void receive(std::uint64_t connection, tidewire::MessageKind kind, const std::string& payload) = 0;
  virtual void lost(std::uint64_t connection) = 0;
  /// The server is killed.
  virtual void restart() = 0;
};

/// A loop whose time a test turns by hand, and a server that lives in it: echo, ticker and close endpoints with the
/// same manners as the real one's, over a network where everything takes a millisecond. One thread; nothing happens but
/// in `step`.
class ScriptedLoop final : public tidewire::internal::Loop {
 public:
  /// Does the next thing that is due, first moving the time to it. Returns false if nothing ever will be.
  bool step();

  /// Takes the turns that are due at once, so that clients which were destroyed are gone.
  void finish();

  void serveStream(std::shared_ptr<StreamServer> stream) { stream_ = std::move(stream); }
  /// What the stream's server says and does.
  void say(std::uint64_t connection, tidewire::MessageKind kind, std::string payload);
  void hangUp(std::uint64_t connection, std::uint16_t code);

  void killServer();
  void startServer() { serverUp_ = true; }
  void freezeServer() { frozen_ = true; }
  void continueServer();

  /// Tells every client what a platform would.
  void hint(tidewire::core::Hint hint);

  // As `Loop` says.
  [[nodiscard]] tidewire::core::Time now() const override { return now_; }
  [[nodiscard]] bool onLoopThread() const override { return true; }
  [[nodiscard]] bool acceptsThisThread() const override { return true; }
  void attach(tidewire::internal::LoopTask& task) override { attached_.push_back(&task); }
  void detach(tidewire::internal::LoopTask& task) override { std::erase(attached_, &task); }
  void wake(std::shared_ptr<tidewire::internal::LoopTask> task) override { woken_.push_back(std::move(task)); }
  void setDeadline(tidewire::internal::LoopTask& task, std::optional<tidewire::core::Time> deadline) override;
  [[nodiscard]] std::unique_ptr<tidewire::internal::Transport> makeTransport(
      tidewire::internal::TransportEvents& events) override;
  [[nodiscard]] std::optional<std::uint64_t> randomSeed() override { return ++seeds_; }
  [[nodiscard]] bool sendsPings() const override { return true; }
  [[nodiscard]] bool pausesReading() const override { return true; }
  [[nodiscard]] bool shapesRequest() const override { return true; }
  [[nodiscard]] bool canBeAwaited() const override { return false; }

 private:
  friend class ScriptedTransport;

  struct Event {
    std::uint64_t connection;  // Dropped if that connection is gone.
    std::function<void(ScriptedTransport&)> run;
  };

  void schedule(ScriptedTransport& transport, std::function<void(ScriptedTransport&)> run);

  tidewire::core::Time now_{};
  std::shared_ptr<StreamServer> stream_;
  bool serverUp_ = true;
  bool frozen_ = false;
  std::uint64_t seeds_ = 0;
  std::uint64_t connections_ = 0;
  std::map<std::string, int> visits_;  // Of the plays that count them.
  std::vector<tidewire::internal::LoopTask*> attached_;
  std::deque<std::shared_ptr<tidewire::internal::LoopTask>> woken_;
  std::unordered_map<tidewire::internal::LoopTask*, tidewire::core::Time> deadlines_;
  std::multimap<tidewire::core::Time, Event> network_;
  std::vector<Event> heldBack_;  // What a frozen server has not done yet.
  std::map<std::uint64_t, ScriptedTransport*> live_;
};

}  // namespace support
