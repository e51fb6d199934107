#include "support/scripted_loop.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "core/url.hpp"
#include "message_access.hpp"
#include "platform/payload_store.hpp"

namespace support {
namespace {

using namespace std::chrono_literals;
using tidewire::CloseCause;
using tidewire::MessageKind;

constexpr auto kLatency = 1ms;

std::string queryValue(const std::string& target, const std::string& name) {
  const std::size_t at = target.find(name + "=");
  if (at == std::string::npos) {
    return {};
  }
  const std::size_t begin = at + name.size() + 1;
  std::string value;
  for (std::size_t i = begin; i < target.size() && target[i] != '&'; ++i) {
    const bool space = target.compare(i, 3, "%20") == 0;
    value.push_back(space ? ' ' : target[i]);
    i += space ? 2 : 0;
  }
  return value;
}

/// The payload of a client's frame.
std::string unmasked(std::span<const std::byte> frame, std::size_t payloadBytes) {
  const std::span<const std::byte> masked = frame.last(payloadBytes);
  const std::byte* const key = masked.data() - 4;
  std::string payload;
  for (std::size_t i = 0; i < payloadBytes; ++i) {
    payload.push_back(static_cast<char>(masked[i] ^ key[i % 4]));
  }
  return payload;
}

}  // namespace

/// One connection to the loop's server.
class ScriptedTransport final : public tidewire::internal::Transport {
 public:
  ScriptedTransport(ScriptedLoop& loop, tidewire::internal::TransportEvents& events)
      : loop_(loop), events_(events), id_(++loop.connections_) {
    loop_.live_.emplace(id_, this);
  }
  ~ScriptedTransport() override { abort(); }

  [[nodiscard]] std::uint64_t id() const { return id_; }

  // Open.

  void open(const tidewire::Endpoint& endpoint, const tidewire::Options& options) override {
    maxMessageBytes_ = options.maxMessageBytes;
    const tidewire::core::Url url = tidewire::core::parseUrl(endpoint.url).url;
    target_ = url.target;
    toPeer_ = url.host == "peer.test";
    loop_.schedule(*this, [](ScriptedTransport& self) { self.answerHandshake(); });
  }

  // Receive.

  void setReading(bool reading) override {
    reading_ = reading;
    if (reading) {
      for (auto& arrival : std::exchange(unread_, {})) {
        loop_.schedule(*this, std::move(arrival));
      }
    }
  }

  // Send.

  [[nodiscard]] std::size_t room() const override {
    return open_ && !closeSent_ ? kAheadBytes - std::min(kAheadBytes, bufferedBytes_) : 0;
  }
  [[nodiscard]] std::size_t bufferedBytes() const override { return bufferedBytes_; }
  void awaitBuffered(std::size_t most) override { awaited_ = std::max(awaited_.value_or(0), most); }

  void send(tidewire::core::Outgoing message) override {
    std::string payload = unmasked(tidewire::internal::PayloadStore::frame(message), message.sizeBytes);
    bufferedBytes_ += payload.size();
    loop_.schedule(*this, [kind = message.kind, payload = std::move(payload)](ScriptedTransport& self) {
      self.take(payload.size());
      if (self.target_ == "/stream") {
        self.loop_.stream_->receive(self.id_, kind, payload);
        return;
      }
      if (self.toPeer_ && self.target_ == "/chat") {
        self.chat(payload);
        return;
      }
      self.arrive([kind, payload](ScriptedTransport& reader) { reader.deliver(kind, payload); });
    });
    if (room() == 0) {
      awaitBuffered(kAheadBytes - 1);
    }
  }

  void flush() override {}

  [[nodiscard]] std::string awaited() const override { return open_ ? "" : "the scripted server"; }
  void ping(std::span<const std::byte> payload) override {
    loop_.schedule(*this, [payload = std::vector(payload.begin(), payload.end())](ScriptedTransport& self) {
      self.arrive([payload](ScriptedTransport& reader) {
        reader.events_.arrivalBegan();
        reader.events_.pongArrived(payload);
        reader.events_.arrivalEnded();
      });
    });
  }

  // End.

  void close(std::uint16_t code, std::string_view reason) override {
    closeSent_ = true;
    if (target_ == "/black-hole") {
      return;
    }
    loop_.schedule(*this, [code, reason = std::string(reason)](ScriptedTransport& self) {
      self.end({.cause = CloseCause::ClosedByPeer, .code = code, .reason = reason});
    });
  }

  void leave(std::uint16_t, std::string_view) override { abort(); }
  void abort() override { leaveLoop(); }

  /// The server is gone.
  void lose() { end(open_ ? tidewire::core::Ending{} : tidewire::core::Ending{.cause = CloseCause::ConnectFailed}); }

  void say(MessageKind kind, std::string payload) {
    loop_.schedule(*this, [kind, payload = std::move(payload)](ScriptedTransport& self) {
      self.arrive([kind, payload](ScriptedTransport& reader) { reader.deliver(kind, payload); });
    });
  }
  void hangUp(std::uint16_t code) {
    loop_.schedule(*this, [code](ScriptedTransport& self) { self.end(closedBy(code)); });
  }

 private:
  /// Returns whether it was there.
  bool leaveLoop() {
    const bool wasThere = loop_.live_.erase(id_) == 1;
    if (wasThere && target_ == "/stream") {
      loop_.stream_->lost(id_);
    }
    return wasThere;
  }

  void answerHandshake() {
    if (!loop_.serverUp_) {
      end({.cause = CloseCause::ConnectFailed, .detail = "refused"});
      return;
    }
    if (toPeer_) {
      play();
      return;
    }
    open_ = true;
    if (target_.starts_with("/close")) {
      const auto code = static_cast<std::uint16_t>(std::atoi(queryValue(target_, "code").c_str()));
      loop_.schedule(*this, [code, reason = queryValue(target_, "reason")](ScriptedTransport& self) {
        self.end({.cause = CloseCause::ClosedByPeer, .code = code, .reason = reason});
      });
    }
    if (target_.starts_with("/ticker")) {
      loop_.schedule(*this, [](ScriptedTransport& self) { self.tick(); });
    }
    events_.transportOpened(target_ == "/stream" ? "tidewire.v1" : "", {});
  }

  /// What of tests/support/scripted_peer.mjs can be played without bytes.
  void play() {
    if (target_.starts_with("/status")) {
      end({.cause = CloseCause::HandshakeRefused, .httpStatus = std::atoi(queryValue(target_, "code").c_str())});
    } else if (target_.starts_with("/deployment") && isDeploying()) {
      end({.cause = CloseCause::HandshakeRefused, .httpStatus = 404});
    } else if (!target_.starts_with("/silent")) {
      open_ = true;
      if (target_ == "/close-at-once") {
        loop_.schedule(*this, [](ScriptedTransport& self) { self.end(closedBy(1001)); });
      }
      if (target_.starts_with("/ticker")) {
        loop_.schedule(*this, [](ScriptedTransport& self) { self.tick(); });
      }
      events_.transportOpened({}, {});
    }
  }

  /// Whether this attempt is one of those that meet a deployment: all but the first, and so many.
  bool isDeploying() {
    const int visit = loop_.visits_[target_]++;
    return visit > 0 && visit <= std::atoi(queryValue(target_, "refused").c_str());
  }

  /// A friend says what looks like the answer before that comes.
  void chat(const std::string& payload) {
    if (payload.starts_with("ping ") && payload.find_first_not_of("0123456789", 5) == std::string::npos) {
      for (const std::string& text : {std::string("pong"), std::string("pong 1"), "pong " + payload.substr(5)}) {
        say(MessageKind::Text, text);
      }
    }
  }

  /// The client's first message has asked for it.
  void playOn() {
    if (target_ == "/close") {
      end(closedBy(1005));
    } else if (target_.starts_with("/close?")) {
      end(closedBy(std::atoi(queryValue(target_, "code").c_str()), queryValue(target_, "reason")));
    } else if (target_ != "/black-hole") {
      lose();
    }
  }

  static tidewire::core::Ending closedBy(int code, std::string reason = {}) {
    return {.cause = CloseCause::ClosedByPeer, .code = static_cast<std::uint16_t>(code), .reason = std::move(reason)};
  }

  using Arrival = std::function<void(ScriptedTransport&)>;

  /// What comes from the peer waits while nobody reads.
  void arrive(Arrival arrival) {
    if (reading_) {
      arrival(*this);
    } else {
      unread_.push_back(std::move(arrival));
    }
  }

  /// The prices come by themselves.
  void tick() {
    arrive([](ScriptedTransport& reader) { reader.deliver(MessageKind::Text, "a price"); });
    loop_.schedule(*this, [](ScriptedTransport& self) { self.tick(); });
  }

  /// The network has taken so much.
  void take(std::size_t bytes) {
    bufferedBytes_ -= bytes;
    if (awaited_ && bufferedBytes_ <= *awaited_) {
      awaited_.reset();
      events_.transportWritable();
    }
  }

  void deliver(MessageKind kind, const std::string& payload) {
    if (loop_.live_.count(id_) == 0) {
      return;
    }
    if (toPeer_ && target_ != "/chat") {
      playOn();
      return;
    }
    if (payload.size() > maxMessageBytes_) {
      end({.cause = CloseCause::MessageTooBig, .code = 1009, .reason = "message too big"});
      return;
    }
    auto message = tidewire::internal::MessageAccess::view(kind, std::as_bytes(std::span(payload)));
    events_.arrivalBegan();
    events_.messageArrived(message);
    events_.arrivalEnded();
  }

  void end(tidewire::core::Ending ending) {
    if (leaveLoop()) {
      events_.transportEnded(std::move(ending));
    }
  }

  ScriptedLoop& loop_;
  tidewire::internal::TransportEvents& events_;
  const std::uint64_t id_;
  std::string target_;
  bool toPeer_ = false;
  std::size_t maxMessageBytes_ = 0;
  std::size_t bufferedBytes_ = 0;
  std::optional<std::size_t> awaited_;
  bool reading_ = true;
  std::vector<Arrival> unread_;
  bool open_ = false;
  bool closeSent_ = false;
};

bool ScriptedLoop::step() {
  if (!woken_.empty()) {
    const auto task = std::move(woken_.front());
    woken_.pop_front();
    task->turn();
    return true;
  }
  const auto due = std::ranges::min_element(deadlines_, {}, [](const auto& entry) { return entry.second; });
  const bool timer = due != deadlines_.end();
  if (!network_.empty() && (!timer || network_.begin()->first <= due->second)) {
    now_ = std::max(now_, network_.begin()->first);
    const Event event = std::move(network_.begin()->second);
    network_.erase(network_.begin());
    if (const auto connection = live_.find(event.connection); connection != live_.end()) {
      if (frozen_) {
        heldBack_.push_back(event);
      } else {
        event.run(*connection->second);
      }
    }
    return true;
  }
  if (timer) {
    now_ = std::max(now_, due->second);
    tidewire::internal::LoopTask& task = *due->first;
    deadlines_.erase(due);
    task.turn();
  }
  return timer;
}

void ScriptedLoop::finish() {
  while (!woken_.empty()) {
    step();
  }
}

void ScriptedLoop::say(std::uint64_t connection, MessageKind kind, std::string payload) {
  if (const auto found = live_.find(connection); found != live_.end()) {
    found->second->say(kind, std::move(payload));
  }
}

void ScriptedLoop::hangUp(std::uint64_t connection, std::uint16_t code) {
  if (const auto found = live_.find(connection); found != live_.end()) {
    found->second->hangUp(code);
  }
}

void ScriptedLoop::killServer() {
  if (stream_ != nullptr) {
    stream_->restart();
  }
  serverUp_ = false;
  frozen_ = false;
  heldBack_.clear();
  for (const auto& [id, transport] : live_) {
    schedule(*transport, [](ScriptedTransport& self) { self.lose(); });
  }
}

void ScriptedLoop::continueServer() {
  frozen_ = false;
  for (Event& event : std::exchange(heldBack_, {})) {
    network_.emplace(now_ + kLatency, std::move(event));
  }
}

void ScriptedLoop::hint(tidewire::core::Hint hint) {
  for (tidewire::internal::LoopTask* const task : std::vector(attached_)) {
    task->hint(hint);
  }
}

void ScriptedLoop::setDeadline(tidewire::internal::LoopTask& task, std::optional<tidewire::core::Time> deadline) {
  deadlines_.erase(&task);
  if (deadline) {
    deadlines_.emplace(&task, *deadline);
  }
}

std::unique_ptr<tidewire::internal::Transport> ScriptedLoop::makeTransport(
    tidewire::internal::TransportEvents& events) {
  return std::make_unique<ScriptedTransport>(*this, events);
}

void ScriptedLoop::schedule(ScriptedTransport& transport, std::function<void(ScriptedTransport&)> run) {
  network_.emplace(now_ + kLatency, Event{transport.id(), std::move(run)});
}

}  // namespace support
