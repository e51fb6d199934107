#pragma once

namespace tidewire::internal {

/// A command of the application to a layer. Each layer derives its own.
class LayerCommand {
 public:
  LayerCommand() = default;
  LayerCommand(const LayerCommand&) = delete;
  LayerCommand& operator=(const LayerCommand&) = delete;
  virtual ~LayerCommand() = default;
};

}  // namespace tidewire::internal
