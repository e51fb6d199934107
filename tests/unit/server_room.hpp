#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/memory_log.hpp"
#include "server/peer.hpp"
#include "support/late_log.hpp"

namespace tidewire::server::test {

/// A server half whose log a test answers step by step, and an application with channels of any name.
class ServerRoom final : private LateLogPlan, private Application {
 public:
  explicit ServerRoom(Hub::Settings settings = {}, History history = {})
      : memory_(100, "e", {history, clock_, journal_}),
        late_(memory_, *this),
        hub_(withEpoch(settings), clock_, *this, journal_) {
    clock_.set(1'700'000'000'000, 1'000);
  }
  ServerRoom(const ServerRoom&) = delete;
  ServerRoom& operator=(const ServerRoom&) = delete;

  [[nodiscard]] Hub& hub() { return hub_; }
  void pass(std::int64_t milliseconds) { clock_.set(clock_.wall() + milliseconds, clock_.steady() + milliseconds); }

  /// Puts an event into a channel at once. It is announced when "news" runs.
  void append(const std::string& channel, std::string_view body) {
    memory_.open(channel, "")->append({.body = body, .ts = clock_.wall()}, {});
  }
  [[nodiscard]] std::uint64_t seq(const std::string& channel) { return pageOf(*memory_.open(channel, "")).seq; }
  [[nodiscard]] std::vector<std::string> bodies(const std::string& channel) {
    std::vector<std::string> bodies;
    for (const EventPointer& event : pageOf(*memory_.open(channel, ""), {.newest = 100, .maxBytes = 1 << 20}).events) {
      bodies.emplace_back(event->body());
    }
    return bodies;
  }

  /// Runs the next step of a lane. Returns: false if there is none.
  bool step(const std::string& lane) {
    std::deque<std::function<void()>>& steps = lanes_[lane];
    if (steps.empty()) {
      return false;
    }
    const std::function<void()> next = std::move(steps.front());
    steps.pop_front();
    next();
    return true;
  }
  /// Runs all steps of a lane.
  void run(const std::string& lane) {
    while (step(lane)) {
    }
  }
  /// Runs everything, until nothing is left.
  void settle() {
    for (bool any = true; any;) {
      any = false;
      for (const auto& [lane, steps] : std::map(lanes_)) {
        any = step(lane) || any;
      }
    }
  }

  Fate nextAppend = Fate::Done;  ///< Of the next append alone.
  Fate nextRead = Fate::Done;
  /// The requests that wait for an answer.
  std::vector<std::function<void(Outcome)>> requests;

 private:
  static Hub::Settings withEpoch(Hub::Settings settings) {
    settings.epoch = "e";
    return settings;
  }

  void defer(const std::string& lane, std::function<void()> step) override { lanes_[lane].push_back(std::move(step)); }
  Fate fateOfAppend() override { return std::exchange(nextAppend, Fate::Done); }
  Fate fateOfRead() override { return std::exchange(nextRead, Fate::Done); }

  TokenVerdict check(const std::string& /*token*/) override { return {.user = "anybody"}; }
  OpenedChannel open(const std::string& channel, const Session& session) override {
    return {.log = late_.open(channel, session.memory)};
  }
  OpenedChannel openToPublish(const std::string& channel, const Session& session) override {
    return open(channel, session);
  }
  [[nodiscard]] bool isRoom(std::string_view /*channel*/) const override { return false; }
  void call(std::string_view /*method*/, std::string_view /*body*/, std::function<void(Outcome)> done) override {
    requests.push_back(std::move(done));
  }

  Clock clock_;
  Journal journal_;
  MemoryEngine memory_;
  LateEngine late_;
  std::map<std::string, std::deque<std::function<void()>>> lanes_;
  Hub hub_;
};

/// One client of a room.
class RoomClient final : private Peer::Carrier {
 public:
  explicit RoomClient(ServerRoom& room) : peer(new Peer(room.hub(), *this)) {}

  void say(std::string_view message) {
    peer->heard();
    peer->received(false, message);
  }
  /// Says hello as the session of this name. `memory`: that it names.
  void hello(int attempt = 1, const std::string& memory = "") {
    say(R"({"op":"hello","v":1,"session":"keykeykeykeykeykeykeyA","attempt":)" + std::to_string(attempt) +
        (memory.empty() ? "}" : R"(,"memory":")" + memory + R"("})"));
  }
  /// What has been sent since the last call, message by message.
  std::vector<std::string> hear() {
    std::vector<std::string> heard;
    for (Batch batch = peer->take(); !batch.empty(); batch = peer->take()) {
      Unframer unframer(batch.binary(), batch.payload());
      while (const std::optional<Part> part = unframer.next()) {
        heard.push_back(std::string(part->head) + (part->body ? '\n' + std::string(*part->body) : ""));
      }
      peer->proceed();
    }
    return heard;
  }
  /// The same, an operation and the number of its event or message each: "event 3", "ack 2", "error 4 unavailable".
  std::vector<std::string> hearShort() {
    std::vector<std::string> all;
    for (const std::string& message : hear()) {
      const std::string op = field(message, "op");
      const std::string number = field(message, op == "event" ? "seq" : "id");
      const std::string code = field(message, "code");
      all.push_back(op + (number.empty() ? "" : ' ' + number) + (code.empty() ? "" : ' ' + code));
    }
    return all;
  }

  static std::string field(const std::string& message, const std::string& name) {
    const std::string key = '"' + name + "\":";
    const std::size_t at = message.find(key);
    if (at == std::string::npos) {
      return {};
    }
    const std::size_t begin = at + key.size() + (message[at + key.size()] == '"' ? 1 : 0);
    return message.substr(begin, message.find_first_of(",\"}", begin) - begin);
  }

  std::unique_ptr<Peer> peer;
  int mayRead = 0;  ///< How often it was said that the client may be read again.

 private:
  void outputWaits() override {}
  void deadlineNears() override {}
  void mayReadAgain() override { ++mayRead; }
};

}  // namespace tidewire::server::test
