#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/ending.hpp"
#include "core/time.hpp"
#include "delivery.hpp"
#include "layer_command.hpp"
#include "platform/layers.hpp"
#include "platform/transport.hpp"
#include "tidewire/log.hpp"

namespace tidewire::internal {

/// The client, as its layer sees it. Called on the loop thread, inside a call of the layer.
class LayerHost {
 public:
  virtual void deliver(Event&& event) = 0;
  /// Whether the delivery queue has room. If not, the layer keeps its input until `ClientLayer::goOn`.
  [[nodiscard]] virtual bool takesMore() const = 0;
  virtual void note(LogLevel level, std::string text) = 0;
  /// The configured URL of this attempt, before any `layerMoves`.
  [[nodiscard]] virtual const std::string& url() const = 0;
  /// Reports the connection as open. `heartbeat`: longest interval between two heartbeats that the peer accepts, or
  /// zero.
  virtual void layerOpened(bool resumed, core::Duration heartbeat) = 0;
  /// Heartbeat `number` was answered.
  virtual void layerAnswered(std::uint64_t number) = 0;
  /// The peer violated the layer's protocol: ends the connection with this close code.
  virtual void layerFailed(std::uint16_t code, std::string why) = 0;
  /// Reconnects at once; if `url` is set, to it for one connection.
  virtual void layerMoves(std::optional<std::string> url) = 0;

 protected:
  ~LayerHost() = default;
};

class ClientLayer;
using MakeLayer = std::function<std::unique_ptr<ClientLayer>(LayerHost&)>;

/// Optional protocol above WebSocket messages (the session). It receives the connection's messages before delivery, and
/// sends its own without the client's send queue. A client without a layer has no cost.
///
/// Every call comes on the loop thread.
class ClientLayer {
 public:
  ClientLayer() = default;
  ClientLayer(const ClientLayer&) = delete;
  ClientLayer& operator=(const ClientLayer&) = delete;
  virtual ~ClientLayer() = default;

  /// `down`: the client is closed, and no `connect()` is pending.
  virtual void doPosted(core::Time now, LayerCommand& post, bool down) = 0;

  /// The transport is open. The client counts as connecting until `LayerHost::layerOpened`.
  virtual void transportOpened(core::Time now) = 0;
  virtual void messageArrived(core::Time now, Message& message) = 0;
  /// Whether received data is held back, and how many bytes besides the message being read.
  [[nodiscard]] virtual bool holdsArrived() const = 0;
  [[nodiscard]] virtual std::size_t bytesBehind() const = 0;
  /// Continues reading while the delivery queue has room.
  virtual void goOn(core::Time now) = 0;
  /// Adds the layer's knowledge to an ending, before the retry decision.
  virtual void judge(core::Ending& ending) = 0;
  virtual void attemptEnded(core::Time now, bool forGood) = 0;

  /// Sends a heartbeat.
  virtual void probe(core::Time now, std::uint64_t number) = 0;
  /// Sends a ping only to keep the connection alive at the peer; its answer is ignored.
  virtual void reassure() = 0;
  virtual void tick(core::Time now) = 0;
  [[nodiscard]] virtual std::optional<core::Time> deadline() const = 0;

  [[nodiscard]] virtual bool hasToSend() const = 0;
  /// Sends messages while the transport has room.
  virtual Transport::Sent send(core::Time now, Transport& transport) = 0;
  /// Whether a Close frame may follow now.
  [[nodiscard]] virtual bool mayClose() const = 0;
};

/// A layer, or what belongs to one; or null. In a program without layers the compiler knows that it is null, and leaves
/// out whatever depends on it.
template <class Type>
class LayerPointer {
 public:
  explicit LayerPointer(std::unique_ptr<Type> pointer) noexcept : pointer_(std::move(pointer)) {}

  [[nodiscard]] Type* operator->() const noexcept { return get(); }
  [[nodiscard]] Type& operator*() const noexcept { return *get(); }
  [[nodiscard]] bool operator==(std::nullptr_t) const noexcept { return get() == nullptr; }

 private:
  [[nodiscard]] Type* get() const noexcept { return programHasLayers() ? pointer_.get() : nullptr; }

  const std::unique_ptr<Type> pointer_;
};

}  // namespace tidewire::internal
