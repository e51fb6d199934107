#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>

#include "contract/test_client.hpp"
#include "support/raw_peer.hpp"
#include "tidewire/client.hpp"
#include "tidewire/loop.hpp"

// A loop that has nothing to do waits. A state in which each turn asks for the next one shows as thousands of turns.

using namespace std::chrono_literals;
using support::RawConnection;
using support::RawPeer;
using support::serverFrame;
using tidewire::Loop;

namespace {

/// A client on a loop that the test turns.
class Turned {
 public:
  explicit Turned(tidewire::Options options)
      : client_([&] {
          options.heartbeat = {.interval = 0ms};
          options.reconnect.enabled = false;
          options.loop = loop_;
          return std::move(options);
        }()) {
    client_.onOpen([this](const tidewire::Opened&) { open_ = true; });
    client_.onClose([this](const tidewire::CloseInfo&) { closed_ = true; });
  }

  [[nodiscard]] tidewire::Client& client() { return client_; }
  [[nodiscard]] bool open() const { return open_; }
  [[nodiscard]] bool closed() const { return closed_; }

  void turnUntil(const char* what, const std::function<bool()>& holds) {
    contract::pumpUntil(what, [&] {
      loop_->turn(1ms);
      return holds();
    });
  }

  /// Connects, and has the server accept it with `bytes` behind its answer.
  std::unique_ptr<RawConnection> openTo(RawPeer& peer, const std::string& bytes = {}) {
    client_.connect();
    turnUntil("it has dialled", [&] { return peer.isAsked(); });
    auto connection = peer.accept();
    turnUntil("the request has left", [&] { return connection->hasSomething(); });
    connection->acceptWebSocket({}, bytes);
    turnUntil("it is open", [&] { return open_; });
    return connection;
  }

  /// How many turns a quarter of a second takes, with nothing going on. A loop that waits needs a few.
  [[nodiscard]] int turnsWhileNothingHappens() {
    for (int i = 0; i < 20; ++i) {
      loop_->turn(1ms);  // What is left from before.
    }
    const auto end = std::chrono::steady_clock::now() + 250ms;
    int turns = 0;
    while (std::chrono::steady_clock::now() < end) {
      loop_->turn(250ms);
      ++turns;
    }
    return turns;
  }

 private:
  const std::shared_ptr<Loop> loop_ = Loop::make();
  tidewire::Client client_;
  bool open_ = false;
  bool closed_ = false;
};

constexpr int kFew = 20;

}  // namespace

TEST_CASE("turns: a peer that does not answer the handshake is waited for") {
  RawPeer peer;
  Turned turned({.url = peer.url()});
  turned.client().connect();
  CHECK(turned.client().send("waits") == tidewire::SendResult::Queued);
  CHECK(turned.turnsWhileNothingHappens() < kFew);
}

TEST_CASE("turns: a peer that does not answer TLS is waited for") {
  RawPeer peer;
  Turned turned({.url = "wss://127.0.0.1:" + std::to_string(peer.port()) + "/"});
  turned.client().connect();
  CHECK(turned.turnsWhileNothingHappens() < kFew);
}

TEST_CASE("turns: an idle connection is waited for, also after messages") {
  RawPeer peer;
  Turned turned({.url = peer.url()});
  const auto connection = turned.openTo(peer);
  CHECK(turned.turnsWhileNothingHappens() < kFew);
  CHECK(turned.client().send("x") == tidewire::SendResult::Queued);
  turned.turnUntil("it has left", [&] { return turned.client().bufferedAmount() == 0; });
  CHECK(turned.turnsWhileNothingHappens() < kFew);
}

TEST_CASE("turns: after close() the peer's Close frame is waited for") {
  RawPeer peer;
  Turned turned({.url = peer.url(), .closeTimeout = 60s});
  const auto connection = turned.openTo(peer);
  turned.client().close();
  CHECK(turned.turnsWhileNothingHappens() < kFew);
  CHECK(connection->readFrame().opcode == 8);
  CHECK_FALSE(turned.closed());
  // The same with Pings to answer and Pongs that come too late.
  connection->write(serverFrame(9, "late"));
  CHECK(turned.turnsWhileNothingHappens() < kFew);
}

TEST_CASE("turns: a peer that does not read is waited for, also after close()") {
  RawPeer peer;
  Turned turned({.url = peer.url(), .closeTimeout = 60s});
  const auto connection = turned.openTo(peer);
  for (int i = 0; i < 15; ++i) {
    CHECK(turned.client().sendBinary(std::string(1024 * 1024, 'x')) == tidewire::SendResult::Queued);
  }
  CHECK(turned.turnsWhileNothingHappens() < kFew);
  CHECK(turned.client().bufferedAmount() > 0);
  turned.client().close();
  CHECK(turned.turnsWhileNothingHappens() < kFew);
  CHECK_FALSE(turned.closed());
}

TEST_CASE("turns: unread bytes of a paused client cause no turns") {
  RawPeer peer;
  Turned turned({.url = peer.url()});
  const auto connection = turned.openTo(peer, serverFrame(1, "with the 101"));
  (void)turned.client().pause();
  CHECK(turned.turnsWhileNothingHappens() < kFew);
  connection->write(serverFrame(1, std::string(100'000, 'x')));
  CHECK(turned.turnsWhileNothingHappens() < kFew);
  // Messages of ours are written meanwhile, and the peer's end is no news yet.
  CHECK(turned.client().send("x") == tidewire::SendResult::Queued);
  CHECK(turned.turnsWhileNothingHappens() < kFew);
  CHECK(connection->readFrame().payload == "x");
  connection->reset();
  CHECK(turned.client().send("to nobody") == tidewire::SendResult::Queued);
  CHECK(turned.turnsWhileNothingHappens() < kFew);
}

TEST_CASE("turns: more Pings than are answered are waited for") {
  RawPeer peer;
  Turned turned({.url = peer.url()});
  const auto connection = turned.openTo(peer);
  std::string pings;
  for (int i = 0; i < 20'000; ++i) {
    pings += serverFrame(9, std::string(100, 'p'));
  }
  // The peer does not read the Pongs.
  std::size_t written = 0;
  for (int i = 0; i < 200; ++i) {
    written += connection->writeWhatGoes(std::string_view(pings).substr(written));
    turned.turnUntil("some are read", [] { return true; });
  }
  CHECK(turned.turnsWhileNothingHappens() < kFew);
  CHECK(turned.open());
  CHECK_FALSE(turned.closed());
}

TEST_CASE("turns: a refused attempt leaves nothing to wait for") {
  RawPeer peer;
  Turned turned({.url = peer.url()});
  turned.client().connect();
  turned.turnUntil("it has dialled", [&] { return peer.isAsked(); });
  const auto connection = peer.accept();
  connection->write("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 100\r\n\r\nhalf of a body");
  turned.turnUntil("it is refused", [&] { return turned.closed(); });
  CHECK(turned.turnsWhileNothingHappens() < kFew);
}

TEST_CASE("turns: a connection that lingers is waited for, and ends by itself") {
  RawPeer peer;
  Turned turned({.url = peer.url()});
  const auto connection = turned.openTo(peer);
  connection->write(serverFrame(8, "\x03\xE8"));
  turned.turnUntil("it is closed", [&] { return turned.closed(); });
  // The peer neither ends its side nor stops sending.
  connection->write(serverFrame(1, "too late"));
  CHECK(turned.turnsWhileNothingHappens() < kFew);
  CHECK(connection->readFrame().opcode == 8);
}
