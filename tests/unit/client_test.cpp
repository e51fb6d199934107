#include "tidewire/client.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client_access.hpp"
#include "core/bytes.hpp"
#include "loop.hpp"
#include "message_access.hpp"

// The wiring, on a loop where nothing happens by itself: a test plays the transport's part and gives the turns.
namespace tidewire::internal {
namespace {

class ManualTransport final : public Transport {
 public:
  ManualTransport(std::vector<ManualTransport*>& all, TransportEvents& events) : all_(all), events_(events) {
    all_.push_back(this);
  }
  ~ManualTransport() override {
    CHECK_FALSE(reporting_);
    std::erase(all_, this);
  }

  void open(const Options&) override {}
  [[nodiscard]] std::size_t room() const override { return open_ ? kAheadBytes : 0; }
  void send(core::Outgoing) override { ++sent_; }
  void flush() override {}
  void ping(std::span<const std::byte>) override {}
  void close(std::uint16_t, std::string_view) override { open_ = false; }
  void setReading(bool) override {}
  void abort() override { open_ = false; }

  [[nodiscard]] int sent() const { return sent_; }

  // What a peer does.

  void succeed() {
    open_ = true;
    report([](TransportEvents& events) { events.transportOpened({}); });
  }
  void receive(std::string_view text) {
    report([text](TransportEvents& events) {
      Message message = MessageAccess::view(MessageKind::Text, core::asBytes(text));
      events.arrivalBegan();
      events.messageArrived(message);
      events.arrivalEnded();
    });
  }
  void end(core::Ending ending = {}) {
    report([&ending](TransportEvents& events) { events.transportEnded(std::move(ending)); });
  }

 private:
  template <class Tell>
  void report(Tell tell) {
    reporting_ = true;
    tell(events_);
    reporting_ = false;
  }

  std::vector<ManualTransport*>& all_;
  TransportEvents& events_;
  bool open_ = false;
  bool reporting_ = false;
  int sent_ = 0;
};

class ManualLoop final : public Loop {
 public:
  [[nodiscard]] core::Time now() const override { return core::Time(std::chrono::hours(1)); }
  [[nodiscard]] bool onLoopThread() const override { return true; }
  [[nodiscard]] bool acceptsThisThread() const override { return true; }
  void wake(std::shared_ptr<LoopTask> task) override { woken_.push_back(std::move(task)); }
  void setDeadline(LoopTask&, std::optional<core::Time>) override {}
  [[nodiscard]] std::unique_ptr<Transport> makeTransport(TransportEvents& events) override {
    return std::make_unique<ManualTransport>(transports_, events);
  }
  [[nodiscard]] std::uint64_t randomSeed() override { return 1; }
  [[nodiscard]] bool sendsPings() const override { return true; }
  [[nodiscard]] bool pausesReading() const override { return true; }
  [[nodiscard]] bool choosesTrust() const override { return true; }

  /// Takes every turn that was asked for.
  void turn() {
    while (!woken_.empty()) {
      const auto task = std::move(woken_.front());
      woken_.pop_front();
      task->turn();
    }
  }
  /// The newest transport that is left.
  [[nodiscard]] ManualTransport& transport() {
    REQUIRE_FALSE(transports_.empty());
    return *transports_.back();
  }

 private:
  std::deque<std::shared_ptr<LoopTask>> woken_;
  std::vector<ManualTransport*> transports_;
};

/// A client on a loop of its own.
class ManualClient {
 public:
  explicit ManualClient(Options options = {}) {
    options.url = "ws://manual.test/";
    client_.emplace(ClientAccess::make(std::move(options), loop_));
    client_->onClose([this](const CloseInfo& info) { closes.push_back(info); });
  }
  ~ManualClient() {
    client_.reset();
    loop_->turn();
  }

  [[nodiscard]] Client& client() { return *client_; }
  [[nodiscard]] ManualTransport& transport() { return loop_->transport(); }
  void turn() { loop_->turn(); }
  void open() {
    CHECK(client().connect() == ConnectResult::Started);
    turn();
    transport().succeed();
    turn();
    CHECK(client().state() == State::Open);
  }

  std::vector<CloseInfo> closes;

 private:
  std::shared_ptr<ManualLoop> loop_ = std::make_shared<ManualLoop>();
  std::optional<Client> client_;
};

/// Requires that the client, connecting or open, is as usable as any.
void checkUsable(ManualClient& manual) {
  manual.turn();
  manual.transport().succeed();
  manual.turn();
  CHECK(manual.client().state() == State::Open);
  CHECK(manual.client().send("hello") == SendResult::Queued);
  manual.turn();
  CHECK(manual.transport().sent() == 1);
  CHECK(manual.client().connect() == ConnectResult::AlreadyStarted);
  CHECK(manual.client().close() == CloseResult::Accepted);
}

}  // namespace

TEST_CASE("client: connect() right after close() leaves a client as usable as any") {
  ManualClient manual;
  SUBCASE("while connecting") {
    CHECK(manual.client().connect() == ConnectResult::Started);
    manual.turn();
    CHECK(manual.client().close() == CloseResult::Accepted);
    CHECK(manual.client().connect() == ConnectResult::Started);
  }
  SUBCASE("while waiting") {
    CHECK(manual.client().connect() == ConnectResult::Started);
    manual.turn();
    manual.transport().end();
    CHECK(manual.client().state() == State::Waiting);
    CHECK(manual.client().close() == CloseResult::Accepted);
    CHECK(manual.client().connect() == ConnectResult::Started);
  }
  SUBCASE("while open") {
    manual.open();
    CHECK(manual.client().close() == CloseResult::Accepted);
    CHECK(manual.client().connect() == ConnectResult::Started);
    manual.turn();
    CHECK(manual.client().state() == State::Closing);
    manual.transport().end();
  }
  SUBCASE("before anything of it was carried out") {
    CHECK(manual.client().connect() == ConnectResult::Started);
    CHECK(manual.client().close() == CloseResult::Accepted);
    CHECK(manual.client().connect() == ConnectResult::Started);
  }
  checkUsable(manual);
}

TEST_CASE("client: a reconnect() or heartbeat() that comes too late does not keep it from connecting again") {
  for (const bool reconnect : {true, false}) {
    CAPTURE(reconnect);
    ManualClient manual;
    manual.open();
    if (reconnect) {
      CHECK(manual.client().reconnect() == ReconnectResult::Started);
    } else {
      CHECK(manual.client().heartbeat() == HeartbeatResult::Asked);
    }
    manual.transport().end({.cause = CloseCause::ClosedByPeer, .code = 1008});
    manual.turn();
    CHECK(manual.client().state() == State::Closed);
    CHECK(manual.client().send("nobody would send it") == SendResult::Closed);
    CHECK(manual.client().connect() == ConnectResult::Started);
    checkUsable(manual);
  }
}

TEST_CASE("client: what was sent just before the connection ended for good is dropped and counted") {
  ManualClient manual;
  manual.open();
  CHECK(manual.client().send("one") == SendResult::Queued);
  CHECK(manual.client().send("two") == SendResult::Queued);
  manual.transport().end({.cause = CloseCause::ClosedByPeer, .code = 1008});
  manual.turn();
  REQUIRE(manual.closes.size() == 1);
  CHECK(manual.closes[0].droppedMessages == 2);
  CHECK(manual.client().connect() == ConnectResult::Started);
  checkUsable(manual);
}

TEST_CASE("client: several calls inside one callback leave the transport that runs it alone") {
  ManualClient manual;
  manual.open();
  manual.client().onMessage([&](const Message&) {
    manual.client().reconnect();
    manual.client().reconnect();
    manual.client().close();
  });
  manual.transport().receive("go");
  manual.turn();
  CHECK(manual.client().state() == State::Closed);
  CHECK(manual.closes.size() == 3);
}

TEST_CASE("client: setting one handler neither copies nor moves the others") {
  struct Counted {
    int* copies;
    explicit Counted(int& counter) : copies(&counter) {}
    Counted(const Counted& other) : copies(other.copies) { ++*copies; }
    Counted& operator=(const Counted&) = delete;
    void operator()(const Message&) const {}
  };
  int copies = 0;
  ManualClient manual;
  manual.client().onMessage(Counted(copies));
  const int before = copies;
  manual.client().onOpen([](const Opened&) {});
  manual.client().onClose(nullptr);
  CHECK(copies == before);
}

}  // namespace tidewire::internal
