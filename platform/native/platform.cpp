// The loop that clients run on, and the one that an application turns.

#include <chrono>
#include <memory>
#include <utility>

#include "loop_access.hpp"
#include "native_loop.hpp"
#include "native_transport.hpp"
#include "platform/loop.hpp"
#include "tidewire/loop.hpp"

namespace tidewire {

using internal::LoopAccess;

std::shared_ptr<Loop> Loop::make() {
  std::shared_ptr<native::NativeLoop> made = native::NativeLoop::make(&native::NativeTransport::make);
  return made == nullptr ? nullptr : LoopAccess::make(std::move(made));
}

Loop::Loop(std::shared_ptr<internal::Loop> loop) : loop_(std::move(loop)) {}

Loop::~Loop() {
  static_cast<native::NativeLoop&>(*loop_).abandon();
}

void Loop::turn() {
  turn(std::chrono::milliseconds::zero());
}

void Loop::turn(std::chrono::milliseconds timeout) {
  static_cast<native::NativeLoop&>(*loop_).turn(timeout);
}

void Loop::wake() {
  static_cast<native::NativeLoop&>(*loop_).interrupt();
}

}  // namespace tidewire

namespace tidewire::internal {

std::shared_ptr<Loop> platformLoop() {
  return native::NativeLoop::shared(&native::NativeTransport::make);
}

}  // namespace tidewire::internal
