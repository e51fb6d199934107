#pragma once

#include <chrono>
#include <memory>

namespace tidewire {

namespace internal {
class Loop;
struct LoopAccess;
}  // namespace internal

/// Serves clients on a thread of the application's, which turns it, instead of on Tidewire's own; see `Options::loop`.
///
/// With `Callbacks::Automatic` callbacks run inside `turn`. A client whose loop nobody turns does nothing. Clients that
/// are still alive when the loop goes are closed without any further event; their connections end with it.
///
/// When the program ends (`exit`, or `main` has returned), its clients are closed before static objects made earlier
/// than the first client or loop go; from then on `turn` does nothing.
///
/// Platforms: native. A page has one event loop, and that is the browser's.
class Loop {
 public:
  /// Returns: nothing on the web, or if the system has no descriptors for an event loop, or the program has ended.
  [[nodiscard]] static std::shared_ptr<Loop> make();

  /// Requires: no thread is inside `turn`.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Does what is due and returns at once: for a loop that turns often anyway, such as a game's.
  ///
  /// Thread: one at a time, and the same one while any client of this loop is alive. Not from inside a callback.
  void turn();
  /// As above, but first waits until something is due, at most `timeout`.
  void turn(std::chrono::milliseconds timeout);
  /// Makes a `turn` that waits return. Any thread.
  void wake();

 private:
  friend struct internal::LoopAccess;
  explicit Loop(std::shared_ptr<internal::Loop> loop);

  std::shared_ptr<internal::Loop> loop_;
};

}  // namespace tidewire
