#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/ending.hpp"
#include "core/time.hpp"
#include "delivery.hpp"
#include "layer_post.hpp"
#include "platform/transport.hpp"
#include "tidewire/log.hpp"

namespace tidewire::internal {

/// What a layer asks of the client it belongs to. Loop thread, inside a call of the layer.
class LayerHost {
 public:
  virtual void deliver(Event event) = 0;
  /// Whether events may follow now: what brings them waits otherwise, until `ClientLayer::goOn`.
  [[nodiscard]] virtual bool takesMore() const = 0;
  virtual void note(LogLevel level, std::string text) = 0;
  /// Where this attempt was to go, whatever `layerMoves` made of it.
  [[nodiscard]] virtual const std::string& url() const = 0;
  /// The connection may be called open now. `heartbeat`: the peer wants to be asked at least this often, or zero.
  virtual void layerOpened(bool resumed, core::Duration heartbeat) = 0;
  /// The question `number` was answered.
  virtual void layerAnswered(std::uint64_t number) = 0;
  /// The peer broke the layer's protocol: end the connection with this code.
  virtual void layerFailed(std::uint16_t code, std::string why) = 0;
  /// Connect again now, to `url` this once if there is one.
  virtual void layerMoves(std::optional<std::string> url) = 0;

 protected:
  ~LayerHost() = default;
};

class ClientLayer;
using MakeLayer = std::function<std::unique_ptr<ClientLayer>(LayerHost&)>;

/// What stands between a connection and the delivery of its events, where more is spoken than messages: it takes the
/// connection's messages, and sends its own past the client's queue. A client without a layer pays for none.
///
/// Every call comes on the loop thread.
class ClientLayer {
 public:
  ClientLayer() = default;
  ClientLayer(const ClientLayer&) = delete;
  ClientLayer& operator=(const ClientLayer&) = delete;
  virtual ~ClientLayer() = default;

  /// `down`: the client is closed, and nothing that was asked for leads out of that.
  virtual void doPosted(core::Time now, LayerPost& post, bool down) = 0;

  /// The transport is open. The client counts as connecting until `LayerHost::layerOpened`.
  virtual void transportOpened(core::Time now) = 0;
  virtual void messageArrived(core::Time now, Message& message) = 0;
  /// Whether something that has arrived waits, and how much there is besides the message that is being read.
  [[nodiscard]] virtual bool holdsArrived() const = 0;
  [[nodiscard]] virtual std::size_t bytesBehind() const = 0;
  /// Reads on, for as long as events may follow.
  virtual void goOn(core::Time now) = 0;
  /// What the layer knows of an ending, before it is judged.
  virtual void judge(core::Ending& ending) = 0;
  virtual void attemptEnded(core::Time now, bool forGood) = 0;

  /// Ask the peer for a sign of life.
  virtual void ask(core::Time now, std::uint64_t number) = 0;
  /// Send the peer a sign of life; what it answers says nothing.
  virtual void reassure() = 0;
  virtual void tick(core::Time now) = 0;
  [[nodiscard]] virtual std::optional<core::Time> deadline() const = 0;

  [[nodiscard]] virtual bool hasToSend() const = 0;
  /// Gives the transport what it has room for.
  virtual Transport::Sent send(core::Time now, Transport& transport) = 0;
  /// Whether a Close frame may follow now.
  [[nodiscard]] virtual bool mayClose() const = 0;
};

}  // namespace tidewire::internal
