#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tidewire/client.hpp"
#include "world.hpp"

namespace contract {

/// What callbacks reported, as plain values in the order of arrival.
struct Log {
  struct Received {
    tidewire::MessageKind kind;
    std::string payload;
  };

  std::vector<std::string> order;  ///< "state Open", "open", "message", "close", "heartbeat", "dropped", "drain".
  std::vector<tidewire::Opened> opens;
  std::vector<Received> messages;
  std::vector<tidewire::CloseInfo> closes;
  std::vector<tidewire::StateChange> changes;
  std::vector<tidewire::HeartbeatInfo> heartbeats;
  std::vector<tidewire::Dropped> drops;
  std::vector<tidewire::Drained> drains;
};

class TestClient;

/// What a test does inside a callback, with the client at hand.
struct Reactions {
  std::function<void(TestClient&)> onOpen = {};
  std::function<void(TestClient&, const Log::Received&)> onMessage = {};
  std::function<void(TestClient&)> onClose = {};
  std::function<void(TestClient&, const tidewire::StateChange&)> onStateChange = {};
  std::function<void(TestClient&)> onHeartbeat = {};
  std::function<void(TestClient&)> onDropped = {};
  std::function<void(TestClient&)> onDrain = {};
};

/// A client that remembers everything it reports. Callbacks may run on another thread; a test reads copies.
class TestClient {
 public:
  explicit TestClient(tidewire::Options options, Reactions reactions = {});
  ~TestClient();

  [[nodiscard]] tidewire::Client& client() { return *client_; }
  /// Ends the client, from wherever this is called.
  void destroy();
  [[nodiscard]] bool destroyed() const;

  [[nodiscard]] Log log() const;
  [[nodiscard]] std::size_t callbacksInsideCalls() const;

  // Each pumps the world until it holds, and fails the test if that takes too long.
  void awaitOpens(std::size_t count);
  void awaitMessages(std::size_t count);
  void awaitCloses(std::size_t count);
  void awaitHeartbeats(std::size_t count);
  void awaitDrops(std::size_t count);
  void awaitDrains(std::size_t count);
  void awaitState(tidewire::State state);
  void awaitDestroyed();
  void awaitThat(std::string_view what, const std::function<bool()>& holds);

  /// Calls `call`, which must not run a callback on this thread.
  template <class Call>
  auto outsideCallbacks(Call call) {
    const InsideCall inside;
    return call();
  }

 private:
  struct Shared;
  struct InsideCall {
    InsideCall();
    ~InsideCall();
  };

  void attach(const std::shared_ptr<Shared>& shared);
  void await(std::string_view what, const std::function<bool(const Log&)>& holds);

  std::shared_ptr<Shared> shared_;
  std::unique_ptr<tidewire::Client> client_;
};

/// Pumps the world until `holds`; fails the test after a while, naming `what`.
void pumpUntil(std::string_view what, const std::function<bool()>& holds);

/// Options for a client of the world's server that retries fast, so that tests are.
[[nodiscard]] tidewire::Options optionsFor(std::string_view path);

}  // namespace contract
