#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tidewire/client.hpp"
#include "tidewire/session.hpp"

namespace contract {

/// Where a contract test runs: a transport, and a ticker server that can be hurt. One implementation is linked into
/// each program; the tests do not know which.
class World {
 public:
  virtual ~World() = default;

  /// For the table of skips and, unless TIDEWIRE_TEST_ENGINE names a column, the matrix.
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// The name of the transport, where several worlds have the same.
  [[nodiscard]] virtual std::string_view transport() const { return name(); }

  /// Fresh for a test: the server runs and listens.
  virtual void reset() = 0;
  /// `ws://host:port` and then `path`.
  [[nodiscard]] virtual std::string url(std::string_view path) = 0;
  /// The address of a peer that misbehaves: `play` is a path of tests/support/scripted_peer.mjs, with its query.
  [[nodiscard]] virtual std::string peerUrl(std::string_view play) = 0;
  [[nodiscard]] virtual tidewire::Client makeClient(tidewire::Options options) = 0;
  [[nodiscard]] virtual tidewire::Session makeSession(tidewire::Options options, tidewire::SessionOptions session) = 0;
  [[nodiscard]] tidewire::Session makeSession(tidewire::Options options) {
    return makeSession(std::move(options), {});
  }

  /// Ends the server as `kill -9` does.
  virtual void killServer() = 0;
  /// Starts it again at the same address; it listens when this returns.
  virtual void restartServer() = 0;
  /// The server keeps its connections but neither reads nor writes, as `kill -STOP` does.
  virtual void freezeServer() = 0;
  virtual void continueServer() = 0;

  /// Where there is one: takes the environment's WebSocket away, or gives it back.
  virtual void setHasWebSocket(bool /*has*/) {}

  /// A WebSocket message as it comes from a transport. `payload` outlives it.
  [[nodiscard]] virtual tidewire::Message arrived(tidewire::MessageKind kind, std::string_view payload) = 0;

  /// Lets a little happen: callbacks run during this call at the earliest.
  virtual void pump() = 0;
  /// Time as the transport knows it.
  [[nodiscard]] virtual std::chrono::milliseconds now() const = 0;
};

/// The one this program was linked with.
[[nodiscard]] World& world();

}  // namespace contract
