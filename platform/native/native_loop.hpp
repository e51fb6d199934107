#pragma once

#include <ev.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "due_queue.hpp"
#include "lingering.hpp"
#include "lws.hpp"
#include "os/randomness.hpp"
#include "os/thread.hpp"
#include "platform/loop.hpp"
#include "rfc6455/mask_keys.hpp"
#include "wire.hpp"

namespace tidewire::native {

/// A libwebsockets context on a libev loop of ours.
///
/// The shared loop has a thread, and serves every client without `Options::loop`. It is made with the first client and
/// never destroyed, because clients may outlive `main`. Other loops are turned by the application. At exit each is
/// stopped before the libraries under it are cleaned up; from then on its clients are closed.
///
/// Lacking system resources are requested again: a thread with each call that needs it, descriptors with each attempt.
/// Until then the thread runs without an event loop, so that attempts end and are retried.
class NativeLoop final : public internal::Loop,
                         public std::enable_shared_from_this<NativeLoop>,
                         public SocketLoop,
                         private Lingering::Owner {
 public:
  using MakeTransport = std::unique_ptr<internal::Transport> (*)(NativeLoop& loop, internal::TransportEvents& events);

  /// The shared loop. The first call makes it, with its `makeTransport`.
  [[nodiscard]] static std::shared_ptr<NativeLoop> shared(MakeTransport makeTransport);
  /// Makes a loop for the application to turn; null if the system provides no event loop.
  [[nodiscard]] static std::shared_ptr<NativeLoop> make(MakeTransport makeTransport);
  ~NativeLoop() override;

  /// Waits up to `timeout` until something is due, and handles it. Requires: made by `make`.
  void turn(std::chrono::milliseconds timeout);
  void interrupt();
  /// Stops serving clients. Requires: made by `make`, and not inside `turn`.
  void abandon();

  // The interface `Loop`.
  [[nodiscard]] core::Time now() const override;
  [[nodiscard]] bool onLoopThread() const override { return std::this_thread::get_id() == turner_.load(); }
  [[nodiscard]] bool acceptsThisThread() const override { return true; }
  [[nodiscard]] bool turns() override;
  void attach(internal::LoopTask& task) override;
  void detach(internal::LoopTask& task) override;
  void wake(std::shared_ptr<internal::LoopTask> task) override;
  void setDeadline(internal::LoopTask& task, std::optional<core::Time> deadline) override;
  [[nodiscard]] std::unique_ptr<internal::Transport> makeTransport(internal::TransportEvents& events) override;
  [[nodiscard]] std::optional<std::uint64_t> randomSeed() override;
  [[nodiscard]] bool sendsPings() const override { return true; }
  [[nodiscard]] bool pausesReading() const override { return true; }
  [[nodiscard]] bool shapesRequest() const override { return true; }
  [[nodiscard]] bool canBeAwaited() const override { return hasThread_; }

  [[nodiscard]] core::WallTime wallTime() const;

  /// Schedules `function` on the loop thread. Any thread.
  void post(std::function<void()> function);

  // Loop thread, for the transport.

  /// Makes the missing resources of a connection. If one is lacking, returns it as the ending of an attempt.
  [[nodiscard]] std::optional<core::Ending> prepare();
  /// Number of descriptors in libwebsockets' table.
  [[nodiscard]] std::size_t table() const { return table_; }
  [[nodiscard]] struct ev_loop* events() const override { return events_; }
  [[nodiscard]] MaskKeys& maskKeys() { return maskKeys_; }
  // Buffers for received and for decrypted bytes; shared by all connections, because they are processed before the next
  // read.
  [[nodiscard]] std::span<std::byte> readBuffer();
  [[nodiscard]] std::span<std::byte> plainBuffer();

  [[nodiscard]] lws* adopt(Socket socket, WsiOwner& owner) override;
  void cut(lws* wsi) override;
  /// Ends a connection after the exchange of Close frames; see `Lingering`.
  void lingerOut(Wire&& wire, ByteBuffer rest);

 private:
  NativeLoop(bool hasThread, MakeTransport makeTransport);

  void lingered(const Lingering& connection) override { lingering_.erase(&connection); }

  void closeConnections();
  static bool enlist(const std::shared_ptr<NativeLoop>& loop);
  static void stopAll();
  [[nodiscard]] bool startThread();
  void run();
  void runWithoutEvents();
  void stop();
  void signal(std::unique_lock<std::mutex>& lock);
  void makeEvents();
  void makeContext();
  void unmake();
  void watchClocksSoon();
  void doPosted();
  void doDue();
  void armTimer();
  void watchClocks();

  static int onCallback(lws* wsi, lws_callback_reasons reason, void* user, void* in, std::size_t length);
  [[nodiscard]] lws_vhost* makeVhost();

  const bool hasThread_;
  const MakeTransport makeTransport_;
  struct ev_loop* events_ = nullptr;
  ev_async wake_{};
  ev_timer timer_{};
  ev_timer clocks_{};
  ev_timer patience_{};
  core::WakeWatch wakeWatch_;
  core::Time clocksDue_{};
  std::vector<internal::LoopTask*> attached_;
  lws_context* context_ = nullptr;
  lws_vhost* vhost_ = nullptr;
  std::size_t table_ = 0;
  std::unordered_map<const Lingering*, std::unique_ptr<Lingering>> lingering_;
  MaskKeys maskKeys_{&drawRandom, &drawManyRandom};
  ByteBuffer readBuffer_;
  ByteBuffer plainBuffer_;

  DueQueue due_;
  std::vector<std::shared_ptr<internal::LoopTask>> spareTasks_;  // Empty: memory for the next `tasks_`.

  std::mutex mutex_;
  std::condition_variable posted_;  // For a thread without `events_`.
  std::vector<std::shared_ptr<internal::LoopTask>> tasks_;
  std::deque<std::function<void()>> functions_;
  bool stopping_ = false;

  Thread thread_;
  std::mutex turning_;  // Held by `turn`.
  // The thread that turns the loop: its own, or the one inside `turn`.
  std::atomic<std::thread::id> turner_{};
};

}  // namespace tidewire::native
