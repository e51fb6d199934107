// Whatever clients say to the server half, while its logs answer late, in any order, or fail: it survives, and a client
// whose log has answered, and who takes what is sent, is read again.
//
// Input: steps. A step is a byte that names it, modulo their number, and what it reads behind that. Where the input
// ends, zeros follow.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "unit/server_room.hpp"

namespace {

using tidewire::server::test::Fate;
using tidewire::server::test::RoomClient;
using tidewire::server::test::ServerRoom;

void require(bool holds, const char* rule) {
  if (!holds) {
    std::fprintf(stderr, "broken: %s\n", rule);
    std::abort();
  }
}

constexpr std::array<const char*, 3> kChannels = {"a", "b", "c"};

class Run {
 public:
  explicit Run(std::span<const std::uint8_t> bytes)
      : rest_(bytes),
        room_({.limits = {.heartbeatMs = 1000,
                          .maxSubscriptions = 2,
                          .maxRequests = 2,
                          .maxPublishes = 3,
                          .maxQueueBytes = oneOf(std::array<std::size_t, 3>{300, 3000, 1'000'000})},
               .sessions = {.dedupCount = oneOf(std::array<std::size_t, 3>{0, 2, 1024}), .dedupMs = 5000}},
              {.maxCount = 5}) {}

  void run() {
    using Step = void (Run::*)();
    constexpr std::array<Step, 11> kSteps = {&Run::connect, &Run::hello,   &Run::subscribe, &Run::publish,
                                             &Run::request, &Run::sayMore, &Run::sayAny,    &Run::hear,
                                             &Run::step,    &Run::append,  &Run::pass};
    while (!rest_.empty()) {
      (this->*oneOf(kSteps))();
    }
    finish();
  }

 private:
  std::size_t byte() {
    const std::size_t value = rest_.empty() ? 0 : rest_.front();
    rest_ = rest_.subspan(rest_.empty() ? 0 : 1);
    return value;
  }
  template <class T, std::size_t kSize>
  T oneOf(const std::array<T, kSize>& values) {
    return values[byte() % kSize];
  }
  std::string id() { return R"(,"id":)" + std::to_string(1 + byte() % 16); }
  std::string channel() { return std::string(R"(,"channel":")") + oneOf(kChannels) + '"'; }

  void say(std::string_view message) {
    if (client_ && !client_->peer->ending()) {
      client_->say(message);
    }
  }

  void connect() {
    const bool stays = byte() % 2 == 1;  // The server takes the former connection for alive.
    if (stays && client_) {
      former_ = std::move(client_);
    }
    client_ = std::make_unique<RoomClient>(room_);
  }
  void hello() {
    client_ && !client_->peer->ending() ? client_->hello(static_cast<int>(byte() % 8 + 1), memory()) : void();
  }
  std::string memory() { return byte() % 2 == 0 ? "" : "e-m" + std::to_string(1 + byte() % 3); }
  void subscribe() {
    const std::size_t flags = byte();
    if ((flags & 8) != 0) {
      say(R"({"op":"unsubscribe")" + id() + channel() + "}");
      return;
    }
    std::string head = R"({"op":"subscribe")" + id() + channel();
    head += (flags & 1) != 0 ? R"(,"last":)" + std::to_string(byte()) : "";
    head += (flags & 2) != 0 ? R"(,"conflate":true)" : "";
    head += (flags & 4) != 0 ? R"(,"since":{"epoch":"e-1","seq":)" + std::to_string(byte() % 16) + "}" : "";
    say(head + "}");
  }
  void publish() {
    say(R"({"op":"publish")" + (byte() % 4 > 0 ? id() : "") + channel() + "}\n" + std::string(byte(), 'x'));
  }
  void request() { say((byte() % 3 == 0 ? R"({"op":"cancel")" : R"({"op":"request","method":"m")") + id() + "}"); }
  void sayMore() {
    say("{\"op\":\"publish\"" + channel() + "}\nx\x1e{\"op\":\"ping\",\"t\":1}\x1e{\"op\":\"publish\"" + id() +
        channel() + "}\ny");
  }
  void sayAny() {
    const std::size_t count = std::min(byte(), rest_.size());
    const std::string text(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(count));
    rest_ = rest_.subspan(count);
    if (client_ && !client_->peer->ending()) {
      client_->peer->received(byte() % 2 == 1, text);
    }
  }
  void hear() {
    if (client_) {
      client_->peer->setReading(byte() % 2 == 0);
      (void)client_->hear();
    }
  }
  void step() {
    constexpr std::array<const char*, 3> kLanes = {"calls ", "answers ", "news "};
    constexpr std::array<Fate, 8> kFates = {Fate::Done, Fate::Done,    Fate::Done,        Fate::Done,
                                            Fate::Done, Fate::NotDone, Fate::DoneUnknown, Fate::NotDoneUnknown};
    room_.nextAppend = oneOf(kFates);
    room_.nextRead = oneOf(kFates);
    const std::string lane = oneOf(kLanes);
    (void)room_.step(lane + oneOf(kChannels));
    answerRequest();
  }
  void answerRequest() {
    if (!room_.requests.empty() && byte() % 2 == 1) {
      const auto done = room_.requests.front();
      room_.requests.erase(room_.requests.begin());
      done({.body = "x"});
    }
  }
  void append() { room_.append(oneOf(kChannels), std::string(byte(), 'x')); }
  void pass() {
    room_.pass(static_cast<std::int64_t>(byte()) * 20);
    for (const auto* each : {client_.get(), former_.get()}) {
      if (each != nullptr) {
        each->peer->elapsed();
      }
    }
  }

  void finish() {
    for (int turn = 0; turn < 100; ++turn) {
      room_.settle();
      while (!room_.requests.empty()) {
        const auto done = room_.requests.front();
        room_.requests.erase(room_.requests.begin());
        done({});
      }
      if (client_) {
        (void)client_->hear();
      }
    }
    require(!client_ || !client_->peer->holdsBack(), "a client that waits for nothing is read");
  }

  std::span<const std::uint8_t> rest_;
  ServerRoom room_;
  std::unique_ptr<RoomClient> former_;
  std::unique_ptr<RoomClient> client_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Run(std::span(data, size)).run();
  return 0;
}
