#pragma once

#include <chrono>
#include <memory>

namespace tidewire {

namespace internal {
class Loop;
struct LoopAccess;
}  // namespace internal

/// An event loop that the application turns on a thread of its own, instead of Tidewire's thread; see `Options::loop`.
///
/// With `Callbacks::Automatic` callbacks run inside `turn`. A client makes no progress while its loop is not turned.
/// Destroying the loop ends the connections of its clients and moves them to `Closed`, without further events.
///
/// At the end of the program (`exit`, or return from `main`) the clients of all loops are closed, before the
/// destructors of static objects that were constructed before the first client or loop. From then on `turn` does
/// nothing.
///
/// Platforms: Native: available. Web: `make` returns null. Why: a page has one event loop, that of the browser.
class Loop {
 public:
  /// Makes a loop that no thread turns yet.
  ///
  /// Thread: any.
  /// Returns: the loop; null if the system has no descriptors left for one, or the program has ended.
  ///
  /// Platforms: Native: null only if the system provides none. Web: always null.
  [[nodiscard]] static std::shared_ptr<Loop> make();

  /// Ends the loop and the connections of its clients, without events.
  ///
  /// Requires: no thread is inside `turn`.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Handles everything that is due and returns at once, for an application loop that turns often, such as a game's.
  ///
  /// Requires: not called from a callback; no other thread is inside `turn`.
  /// Thread: the same one while any client of this loop is alive.
  ///
  /// Platforms: Native: available. Web: there is no loop to call it on.
  void turn();
  /// Waits until something is due, at most `timeout`, then handles everything that is due.
  ///
  /// Returns early after `wake`. Does not wait for a particular event: check the state that you wait for yourself.
  ///
  /// Requires: not called from a callback; no other thread is inside `turn`.
  /// Thread: the same one while any client of this loop is alive.
  ///
  /// Platforms: Native: available. Web: there is no loop to call it on.
  void turn(std::chrono::milliseconds timeout);
  /// Makes a waiting `turn(timeout)` return.
  ///
  /// Thread: any.
  ///
  /// Platforms: Native: available. Web: there is no loop to call it on.
  void wake();

 private:
  friend struct internal::LoopAccess;
  explicit Loop(std::shared_ptr<internal::Loop> loop);

  std::shared_ptr<internal::Loop> loop_;
};

}  // namespace tidewire
