#pragma once

#include <memory>
#include <utility>

#include "platform/loop.hpp"
#include "tidewire/loop.hpp"

namespace tidewire::internal {

/// Access of the SDK and the platform to the inside of a `tidewire::Loop`.
struct LoopAccess {
  [[nodiscard]] static const std::shared_ptr<Loop>& loop(const tidewire::Loop& loop) { return loop.loop_; }
  [[nodiscard]] static std::shared_ptr<tidewire::Loop> make(std::shared_ptr<Loop> loop) {
    return std::shared_ptr<tidewire::Loop>(new tidewire::Loop(std::move(loop)));
  }
};

}  // namespace tidewire::internal
