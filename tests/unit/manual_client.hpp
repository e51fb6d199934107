#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "client_access.hpp"
#include "core/bytes.hpp"
#include "message_access.hpp"
#include "platform/loop.hpp"

/// The wiring, on a loop where nothing happens by itself: a test plays the transport's part, moves the time and gives
/// the turns.
namespace tidewire::internal::test {

class ManualTransport final : public Transport {
 public:
  ManualTransport(std::vector<ManualTransport*>& all, TransportEvents& events) : all_(all), events_(events) {
    all_.push_back(this);
  }
  ~ManualTransport() override {
    CHECK_FALSE(reporting_);
    std::erase(all_, this);
  }

  void open(const Endpoint& endpoint, const Options&) override { endpoint_ = endpoint; }
  [[nodiscard]] std::size_t room() const override { return open_ && takesMore_ ? kAheadBytes : 0; }
  void send(core::Outgoing message) override {
    const std::span<const std::byte> masked = PayloadStore::frame(message).last(message.sizeBytes);
    const std::byte* const key = masked.data() - 4;
    std::string text;
    for (std::size_t i = 0; i < masked.size(); ++i) {
      text.push_back(static_cast<char>(masked[i] ^ key[i % 4]));
    }
    sent_.push_back(std::move(text));
    bufferedBytes_ += holdsBack_ ? message.sizeBytes : 0;
  }
  [[nodiscard]] std::size_t bufferedBytes() const override { return bufferedBytes_; }
  void awaitBuffered(std::size_t most) override { awaited_ = most; }
  void flush() override {}
  [[nodiscard]] std::string awaited() const override { return {}; }
  void ping(std::span<const std::byte> payload) override { pings_.emplace_back(payload.begin(), payload.end()); }
  void close(std::uint16_t, std::string_view) override { open_ = false; }
  void setReading(bool reading) override { reading_ = reading; }
  void leave(std::uint16_t code, std::string_view) override {
    left_ = code;
    open_ = false;
  }
  void abort() override { open_ = false; }

  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
  /// The texts that were sent, in order.
  [[nodiscard]] const std::vector<std::string>& sent() const { return sent_; }
  [[nodiscard]] std::size_t pings() const { return pings_.size(); }
  [[nodiscard]] bool reading() const { return reading_; }
  /// The code that it was left with, or 0.
  [[nodiscard]] std::uint16_t left() const { return left_; }

  // What a peer and the system do.

  /// From now on there is no room for a message.
  void fill() { takesMore_ = false; }
  void succeed(const HandshakeTimes& times = {}) {
    open_ = true;
    report([&times](TransportEvents& events) { events.transportOpened({}, times); });
  }
  void receive(std::string_view text) {
    report([text](TransportEvents& events) {
      Message message = MessageAccess::view(MessageKind::Text, core::asBytes(text));
      events.arrivalBegan();
      events.messageArrived(message);
      events.arrivalEnded();
    });
  }
  /// Answers the newest Ping.
  void pong() {
    report([this](TransportEvents& events) {
      events.arrivalBegan();
      events.pongArrived(pings_.back());
      events.arrivalEnded();
    });
  }
  void end(core::Ending ending = {}) {
    report([&ending](TransportEvents& events) { events.transportEnded(std::move(ending)); });
  }
  /// From now on what is sent stays buffered until `write`.
  void holdBack() { holdsBack_ = true; }
  /// The system takes so much of it.
  void write(std::size_t bytes) {
    bufferedBytes_ -= bytes;
    if (awaited_ && bufferedBytes_ <= *awaited_) {
      awaited_.reset();
      report([](TransportEvents& events) { events.transportWritable(); });
    }
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
  Endpoint endpoint_;
  bool open_ = false;
  bool takesMore_ = true;
  bool reporting_ = false;
  bool reading_ = true;
  std::uint16_t left_ = 0;
  bool holdsBack_ = false;
  std::size_t bufferedBytes_ = 0;
  std::optional<std::size_t> awaited_;
  std::vector<std::string> sent_;
  std::vector<std::vector<std::byte>> pings_;
};

/// What a platform can do.
struct Abilities {
  bool sendsPings = true;
  bool pausesReading = true;
  bool shapesRequest = true;
  bool canBeAwaited = true;
};

/// As a page has them.
inline constexpr Abilities kPage = {
    .sendsPings = false, .pausesReading = false, .shapesRequest = false, .canBeAwaited = false};

class ManualLoop final : public Loop {
 public:
  explicit ManualLoop(const Abilities& abilities) : abilities_(abilities) {}
  ~ManualLoop() override { CHECK(attached_.empty()); }

  [[nodiscard]] core::Time now() const override { return now_; }
  [[nodiscard]] bool onLoopThread() const override { return std::this_thread::get_id() == thread_; }
  [[nodiscard]] bool acceptsThisThread() const override { return true; }
  void wake(std::shared_ptr<LoopTask> task) override {
    const std::lock_guard lock(mutex_);
    woken_.push_back(std::move(task));
  }
  void attach(LoopTask& task) override { attached_.insert(&task); }
  void detach(LoopTask& task) override { attached_.erase(&task); }
  void setDeadline(LoopTask& task, std::optional<core::Time> deadline) override {
    deadlines_.erase(&task);
    if (deadline) {
      deadlines_.emplace(&task, *deadline);
    }
  }
  [[nodiscard]] std::unique_ptr<Transport> makeTransport(TransportEvents& events) override {
    return std::make_unique<ManualTransport>(transports_, events);
  }
  [[nodiscard]] std::optional<std::uint64_t> randomSeed() override { return 1; }
  [[nodiscard]] bool sendsPings() const override { return abilities_.sendsPings; }
  [[nodiscard]] bool pausesReading() const override { return abilities_.pausesReading; }
  [[nodiscard]] bool shapesRequest() const override { return abilities_.shapesRequest; }
  [[nodiscard]] bool canBeAwaited() const override { return abilities_.canBeAwaited; }

  /// Takes every turn that was asked for. A client that asks for ever is a defect.
  void turn() {
    for (int turns = 0; const auto task = nextWoken(); ++turns) {
      REQUIRE(turns < 1000);
      task->turn();
    }
  }
  /// Moves the time alone, as a slow callback does.
  void pass(core::Duration duration) { now_ += duration; }
  /// Moves the time, and gives the turns that are due then.
  void passAndTurn(core::Duration duration) {
    pass(duration);
    for (auto due = deadlines_.begin(); due != deadlines_.end();) {
      if (due->second > now_) {
        ++due;
        continue;
      }
      LoopTask* const task = due->first;
      deadlines_.erase(due);
      task->turn();
      due = deadlines_.begin();
    }
    turn();
  }
  void hint(core::Hint hint) {
    for (LoopTask* const task : std::set(attached_)) {
      task->hint(hint);
    }
    turn();
  }
  /// The newest transport that is left.
  [[nodiscard]] ManualTransport& transport() {
    REQUIRE_FALSE(transports_.empty());
    return *transports_.back();
  }
  [[nodiscard]] std::size_t transports() const { return transports_.size(); }

 private:
  std::shared_ptr<LoopTask> nextWoken() {
    const std::lock_guard lock(mutex_);
    if (woken_.empty()) {
      return nullptr;
    }
    auto task = std::move(woken_.front());
    woken_.pop_front();
    return task;
  }

  const Abilities abilities_;
  const std::thread::id thread_ = std::this_thread::get_id();
  core::Time now_{std::chrono::hours(1)};
  std::mutex mutex_;
  std::deque<std::shared_ptr<LoopTask>> woken_;
  std::map<LoopTask*, core::Time> deadlines_;
  std::set<LoopTask*> attached_;
  std::vector<ManualTransport*> transports_;
};

/// A client on a loop of its own. `log` notes its events in order, its closes stand in `closes`.
class ManualClient {
 public:
  explicit ManualClient(Options options = {}, const Abilities& abilities = {})
      : loop_(std::make_shared<ManualLoop>(abilities)) {
    if (options.url.empty() && !options.endpoint) {
      options.url = "ws://manual.test/";
    }
    client_.emplace(ClientAccess::make(std::move(options), loop_));
    client_->onClose([this](const CloseInfo& info) {
      closes.push_back(info);
      log.push_back("close");
    });
    client_->onDropped([this](const Dropped& dropped) {
      drops.push_back(dropped);
      log.push_back("dropped");
    });
  }
  ~ManualClient() {
    client_.reset();
    loop_->turn();
  }

  [[nodiscard]] Client& client() { return *client_; }
  [[nodiscard]] ManualLoop& loop() { return *loop_; }
  [[nodiscard]] ManualTransport& transport() { return loop_->transport(); }
  [[nodiscard]] const std::vector<std::string>& sent() { return transport().sent(); }
  void turn() { loop_->turn(); }
  void connect() {
    CHECK(client().connect() == ConnectResult::Started);
    turn();
  }
  void open() {
    connect();
    transport().succeed();
    turn();
    CHECK(client().state() == State::Open);
  }
  void send(std::string_view text) { CHECK(client().send(text) == SendResult::Queued); }
  /// From now on the texts that arrive stand in `received`.
  void noteTexts(std::vector<std::string>& received) {
    client().onMessage([&received](const Message& message) { received.emplace_back(message.text()); });
  }
  /// The connection is lost, and the next one opens.
  void reopen() {
    transport().end();
    turn();
    CHECK(client().reconnect() == ReconnectResult::Started);
    turn();
    transport().succeed();
    turn();
  }
  /// Destroys the client, which may be what is calling.
  void destroy() { client_.reset(); }

  std::vector<CloseInfo> closes;
  std::vector<Dropped> drops;
  std::vector<std::string> log;

 private:
  std::shared_ptr<ManualLoop> loop_;
  std::optional<Client> client_;
};

/// An executor whose tasks a test runs.
class ManualExecutor {
 public:
  [[nodiscard]] Callback<std::function<void()>> executor() {
    return [this](std::function<void()> task) {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    };
  }

  [[nodiscard]] std::size_t waiting() {
    const std::lock_guard lock(mutex_);
    return tasks_.size();
  }
  [[nodiscard]] std::function<void()> take() {
    const std::lock_guard lock(mutex_);
    REQUIRE_FALSE(tasks_.empty());
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
  }
  /// Runs what waits and what that leads to, one after the other; returns how many ran.
  std::size_t runAll() {
    std::size_t ran = 0;
    for (; waiting() > 0; ++ran) {
      take()();
    }
    return ran;
  }

 private:
  std::mutex mutex_;
  std::deque<std::function<void()>> tasks_;
};

}  // namespace tidewire::internal::test
