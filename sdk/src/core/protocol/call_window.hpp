#pragma once

#include <algorithm>
#include <cstdint>

namespace tidewire::core::protocol {

/// Bounds the calls of one kind that wait for their answers on a connection.
class CallWindow {
 public:
  /// A connection begins: at most `window` calls may wait, and only `pace` for now. With each answer one more may, so
  /// that the number doubles with each round trip.
  void open(std::uint64_t window, std::uint64_t pace) noexcept {
    window_ = window;
    pace_ = pace;
  }
  /// The connection has ended: nothing waits on it any more.
  void close() noexcept { waiting_ = 0; }

  [[nodiscard]] bool hasRoom() const noexcept { return waiting_ < std::min(window_, pace_); }
  [[nodiscard]] std::uint64_t size() const noexcept { return window_; }

  void sent() noexcept { ++waiting_; }
  /// A call that was sent waits no more, whether it was answered or not.
  void ended() noexcept { --waiting_; }
  /// The server answered one. Returns whether the pace has just reached the window.
  [[nodiscard]] bool answered() noexcept { return pace_ < window_ && ++pace_ >= window_; }

 private:
  std::uint64_t waiting_ = 0;
  std::uint64_t window_ = 0;
  std::uint64_t pace_ = 0;
};

}  // namespace tidewire::core::protocol
