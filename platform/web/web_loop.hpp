#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/ring_queue.hpp"
#include "platform/loop.hpp"

namespace tidewire::web {

/// The event loop of one page or worker, seen from C++: turns are microtasks, and one timer carries the earliest
/// deadline of all tasks.
class WebLoop final : public internal::Loop {
 public:
  /// The loop of the calling thread, which serves all its clients.
  [[nodiscard]] static const std::shared_ptr<WebLoop>& ofThisThread();

  [[nodiscard]] core::Time now() const override;
  [[nodiscard]] bool onLoopThread() const override;
  [[nodiscard]] bool acceptsThisThread() const override;
  void attach(internal::LoopTask& task) override;
  void detach(internal::LoopTask& task) override;
  void wake(std::shared_ptr<internal::LoopTask> task) override;
  void setDeadline(internal::LoopTask& task, std::optional<core::Time> deadline) override;
  [[nodiscard]] std::unique_ptr<internal::Transport> makeTransport(internal::TransportEvents& events) override;
  [[nodiscard]] std::optional<std::uint64_t> randomSeed() override;
  [[nodiscard]] bool sendsPings() const override { return false; }
  [[nodiscard]] bool pausesReading() const override { return false; }
  [[nodiscard]] bool shapesRequest() const override { return false; }
  [[nodiscard]] bool canBeAwaited() const override { return false; }

  /// The microtask scheduled by `wake`.
  void runTurns();
  /// The timer.
  void runDeadlines();
  /// A hint of the browser.
  void hintAll(core::Hint hint);

 private:
  struct Entry {
    internal::LoopTask* task;
    core::Time deadline;  // `kNever`: none.
  };

  [[nodiscard]] std::vector<Entry>::iterator entryOf(const internal::LoopTask& task);
  [[nodiscard]] std::vector<Entry>::iterator earliest();
  void setTimer();
  void watchClocks();

  static constexpr core::Time kNever = core::Time::max();

  core::RingQueue<std::shared_ptr<internal::LoopTask>> woken_;
  std::vector<Entry> attached_;
  // Time of the browser's timer. It may be earlier than the remaining deadlines, never later.
  std::optional<core::Time> timer_;
  core::WakeWatch wakeWatch_;
};

}  // namespace tidewire::web
