// Whatever an application calls, and whatever a server says, in any order: the session has to do what its model
// (support/session_model.hpp) allows.
//
// Input: a byte whose lowest bit chooses a delay for batches, then steps. A step is a byte that names it, modulo their
// number, and what `Run` reads behind it. Where the input ends, zeros follow.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/bytes.hpp"
#include "core/protocol/message_reader.hpp"
#include "core/protocol/session_core.hpp"
#include "core/utf8.hpp"
#include "support/session_model.hpp"

namespace {

using namespace tidewire;
using namespace tidewire::core::protocol;
using namespace std::chrono_literals;
using core::asBytes;
using core::Duration;
using core::Time;
using Bytes = std::span<const std::byte>;
using Json = nlohmann::ordered_json;
using Phase = SessionModel::Phase;

constexpr std::array<const char*, 4> kChannels = {"c", "ticker/AAPL", "chat/\"ü\"", "chat/lobby"};
constexpr std::size_t kRoom = 1 << 24;

class Input {
 public:
  explicit Input(Bytes bytes) : rest_(bytes) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }

  std::size_t byte() {
    const Bytes first = take(1);
    return first.empty() ? 0 : std::to_integer<std::size_t>(first.front());
  }
  std::size_t below(std::size_t many) { return byte() % many; }
  bool flag() { return (byte() & 1) != 0; }

  Bytes take(std::size_t count) {
    const Bytes taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }

  template <class T, std::size_t kSize>
  T oneOf(const std::array<T, kSize>& values) {
    return values[below(kSize)];
  }

  /// Mostly small; otherwise one that is beyond something.
  std::uint64_t number() {
    constexpr std::array<std::uint64_t, 8> kLarge = {
        1'000,       65'536,         120'000, 1'048'576, 1'700'000'000'000, std::uint64_t{9'300'000'000'000},
        kMaxInteger, kMaxInteger + 1};
    const std::size_t value = byte();
    return value < 248 ? value : kLarge[value - 248];
  }

 private:
  Bytes rest_;
};

/// What a server might say: heads about what it was asked for, of which the input spoils some.
class Speaker {
 public:
  Speaker(Input& input, SessionModel& model) : input_(input), model_(model) {}

  struct Said {
    std::string head;
    std::optional<std::string> body = {};
  };
  Said say() {
    using Sayer = Json (Speaker::*)();
    constexpr std::array<Sayer, 10> kSayers = {
        &Speaker::welcome, &Speaker::subscribed, &Speaker::event,  &Speaker::unsubscribed, &Speaker::ack,
        &Speaker::reply,   &Speaker::pong,       &Speaker::goaway, &Speaker::error,        &Speaker::other};
    Json head = (this->*input_.oneOf(kSayers))();
    Said said;
    if (head["op"] == "event" || head["op"] == "reply") {
      said.body = body(head);
    }
    said.head = spoil(std::move(head));
    return said;
  }

 private:
  std::uint64_t idOf(const std::string& op) {
    const auto ids = model_.idsOf(op);
    const std::size_t choice = input_.byte();
    return ids.empty() || choice >= 240 ? choice : ids[ids.size() - 1 - choice % ids.size()];
  }
  std::string channel() { return input_.oneOf(kChannels); }
  std::string epoch() { return input_.below(8) == 7 ? "f" : "e"; }
  /// Mostly the field is left out.
  void maybe(Json& head, const char* field) {
    if (const std::uint64_t value = input_.number(); value > 0) {
      head[field] = value;
    }
  }

  Json welcome() {
    Json head{{"op", "welcome"}, {"v", 1}, {"resumed", input_.flag()}, {"now", input_.number()}};
    maybe(head, "heartbeat");
    maybe(head, "maxMessage");
    maybe(head, "requests");
    if (const std::uint64_t count = input_.number(); count > 0) {
      head["dedup"] = {{"count", count}, {"ms", input_.number()}};
      head["memory"] = epoch();
    }
    return head;
  }
  Json subscribed() {
    const std::string about = channel();
    Json head{{"op", "subscribed"}, {"id", idOf("subscribe")}, {"epoch", epoch()}};
    head["recovered"] = !input_.flag();
    head["seq"] = model_.seqIn(about) + input_.number();
    maybe(head, "from");
    return head;
  }
  Json event() {
    const std::string about = channel();
    const std::uint64_t skipped = input_.number();
    // Most follow the one before.
    const std::uint64_t seq = model_.seqIn(about) + 1 + skipped + (input_.byte() >= 240 ? 1 : 0);
    Json head{{"op", "event"}, {"channel", about}, {"seq", seq - (input_.byte() >= 240 ? 1 : 0)}};
    if (skipped > 0) {
      head["skipped"] = skipped;
    }
    maybe(head, "ts");
    return head;
  }
  Json unsubscribed() {
    Json head{{"op", "unsubscribed"}, {"channel", channel()}};
    if (input_.flag()) {
      head["id"] = idOf("unsubscribe");
    } else {
      head["code"] = "forbidden";
      head["temporary"] = input_.flag();
    }
    return head;
  }
  Json ack() {
    Json head{{"op", "ack"}, {"id", idOf(input_.flag() ? "auth" : "publish")}};
    maybe(head, "seq");
    return head;
  }
  Json reply() { return {{"op", "reply"}, {"id", idOf("request")}}; }
  Json pong() { return {{"op", "pong"}, {"t", input_.number()}, {"now", input_.number()}}; }
  Json goaway() {
    Json head{{"op", "goaway"}, {"url", "wss://b.example/"}};
    maybe(head, "after");
    maybe(head, "spread");
    return head;
  }
  Json error() {
    constexpr std::array<const char*, 5> kCodes = {"internal", "token-expired", "unauthorized", "rate-limited",
                                                   "already-subscribed"};
    constexpr std::array<const char*, 5> kAbout = {"", "subscribe", "publish", "request", "auth"};
    Json head{{"op", "error"}, {"code", input_.oneOf(kCodes)}};
    if (input_.flag()) {
      head["temporary"] = true;
    }
    if (const std::string about = input_.oneOf(kAbout); !about.empty()) {
      head["id"] = idOf(about);
    }
    return head;
  }
  Json other() { return {{"op", "later"}, {"id", input_.number()}}; }

  std::optional<std::string> body(Json& head) {
    constexpr std::array<const char*, 4> kBodies = {"", "{\"price\":1}", "\x1E\n", "\xFF\xFE"};
    const std::size_t choice = input_.below(16);
    if (choice >= 2 * kBodies.size()) {
      return std::nullopt;
    }
    if (choice >= kBodies.size() || choice == 3) {
      head["type"] = "bytes";
    }
    return kBodies[choice % kBodies.size()];
  }

  std::string spoil(Json head) {
    const std::size_t choice = input_.byte();
    if (choice < 240) {
      return head.dump();
    }
    const auto field = std::next(head.begin(), static_cast<std::ptrdiff_t>(input_.below(head.size())));
    const std::array<Json, 6> others = {nullptr, -1, 1.5, "x", Json::array(), Json::object()};
    switch (choice % 4) {
      case 0:
        head.erase(field);
        break;
      case 1:
        return head.dump().substr(0, input_.byte());
      case 2:
        return head.dump() + "}";
      default:
        *field = others[input_.below(others.size())];
    }
    return head.dump();
  }

  Input& input_;
  SessionModel& model_;
};

class Run {
 public:
  explicit Run(Bytes bytes)
      : input_(bytes),
        batchDelay_(input_.flag() ? Duration(5ms) : Duration::zero()),
        core_({.key = "jXs2FWy5vTzRy3NC1nVYQw", .batchDelay = batchDelay_, .seed = 1}) {}

  void run() {
    using Step = void (Run::*)();
    constexpr std::array<Step, 14> kSteps = {&Run::subscribe,   &Run::unsubscribe,  &Run::publish, &Run::request,
                                             &Run::cancel,      &Run::authenticate, &Run::open,    &Run::end,
                                             &Run::sayAnything, &Run::say,          &Run::sayMore, &Run::pass,
                                             &Run::sendSome,    &Run::sendAll};
    while (!input_.empty()) {
      (this->*input_.oneOf(kSteps))();
    }
    finish(true);
    require(core_.isSettled() && !core_.deadline(), "a session that has ended waits for nothing");
  }

 private:
  // Steps of the application.

  void subscribe() {
    const SubscriberId id = ++lastId_;
    const std::string channel = input_.oneOf(kChannels);
    const bool conflate = input_.flag();
    const std::uint64_t replay = std::min(input_.number(), kMaxInteger);
    std::optional<Position> since;
    if (input_.below(4) == 3) {
      since = Position{"e", std::min(input_.number(), kMaxInteger)};
    }
    subscriptions_.emplace_back(id, channel);
    model_.subscribe(id, channel, conflate, since);
    core_.subscribe(id, channel, conflate, replay, since);
    drain();
  }
  /// Also from what has ended.
  void unsubscribe() {
    const std::size_t choice = input_.byte();
    if (!subscriptions_.empty()) {
      const auto& [id, channel] = subscriptions_[choice % subscriptions_.size()];
      model_.unsubscribe(id);
      core_.unsubscribe(id, channel);
      drain();
    }
  }
  void publish() {
    const std::size_t flags = input_.byte();
    const bool ack = (flags & 1) != 0;
    call({.id = ++lastId_,
          .kind = Call::Kind::Publish,
          .target = input_.oneOf(kChannels),
          .ack = ack,
          .resend = ack && (flags & 2) != 0},
         flags);
  }
  void request() {
    constexpr std::array<Duration, 4> kTimeouts = {Duration::zero(), 1s, 10s, std::chrono::hours(24 * 3652)};
    const std::size_t flags = input_.byte();
    call({.id = ++lastId_,
          .kind = Call::Kind::Request,
          .target = "quote",
          .idempotent = (flags & 1) != 0,
          .timeout = input_.oneOf(kTimeouts)},
         flags);
  }
  void call(Call call, std::size_t flags) {
    call.body = std::to_string(call.id) + " ";
    // Around the sizes where lengths and limits change; the number is in front.
    call.body.append(input_.byte() + (flags >= 240 ? 65'400 : 0), 'x');
    if ((flags & 4) != 0) {
      call.type = BodyType::Bytes;
      call.body.push_back('\xFF');
    }
    model_.call(call);
    core_.call(now_, std::move(call));
    drain();
  }
  /// Also what has ended, and what cannot be cancelled.
  void cancel() {
    core_.cancel(lastId_ - input_.byte());
    drain();
  }
  void authenticate() {
    core_.authenticate(std::string(input_.byte(), 't'));
    drain();
  }

  // Steps of the connection.

  void open() {
    if (model_.phase() == Phase::Down) {
      model_.open();
      core_.opened(now_, input_.flag() ? std::optional<std::string>("token") : std::nullopt);
      drain();
      (void)send(1);  // A fresh connection has room for hello.
    }
  }
  void end() {
    const std::size_t choice = input_.below(8);
    if (choice == 6) {
      core_.calledSlow();
    } else if (choice == 5) {
      (void)core_.calledTooLarge();
      drain();
    }
    finish(choice == 7);
  }
  void finish(bool forGood) {
    core_.ended(forGood);
    drain();
    model_.end();
    model_.checkEnded(forGood);
    held_.clear();
  }
  void sayAnything() {
    const MessageKind kind = input_.flag() ? MessageKind::Binary : MessageKind::Text;
    const std::size_t high = input_.byte();
    const Bytes bytes = input_.take(high << 8 | input_.byte());
    std::string payload(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (kind == MessageKind::Text && !core::isValidUtf8(asBytes(payload))) {
      std::transform(payload.begin(), payload.end(), payload.begin(),
                     [](char c) { return static_cast<char>(c & 0x7F); });
    }
    arrive({kind, std::move(payload)});
  }
  /// Something that joins the next thing that is said.
  void sayMore() { held_.push_back(Speaker(input_, model_).say()); }
  void say() {
    sayMore();
    Framer framer(kRoom);
    for (const Speaker::Said& said : std::exchange(held_, {})) {
      framer.add(said.head, said.body ? std::optional(asBytes(*said.body)) : std::nullopt);
    }
    for (const Framer::Batch& batch : framer.take()) {
      arrive(batch);
    }
  }

  void arrive(const Framer::Batch& message) {
    MessageReader reader(message.kind, asBytes(message.payload));
    while (std::optional<ServerMessage> next = reader.next()) {
      const bool listens = model_.phase() == Phase::Greeting || model_.phase() == Phase::Up;
      const bool malformed = std::holds_alternative<Malformed>(next->head);
      if (listens) {
        model_.receive(now_, next->head);
      }
      core_.arrived(now_, *next);
      const std::size_t told = drain();
      require(listens || told == 0, "nothing is told of what comes to a connection that is over");
      require(!listens || !malformed || model_.phase() == Phase::Failed, "what is malformed is a failure");
    }
  }

  // Steps of the driver.

  void pass() {
    constexpr std::array<Duration, 8> kTimes = {0ms, 1ms, 5ms, 100ms, 1s, 10s, 121s, 1h};
    now_ += input_.oneOf(kTimes);
    core_.tick(now_);
    drain();
    checkDeadline();
  }
  void sendSome() {
    constexpr std::array<std::size_t, 5> kRooms = {0, 1, 100, 65'536, kRoom};
    if (input_.flag()) {
      const std::uint64_t number = input_.number();
      number == 0 ? core_.reassure() : core_.probe(now_, number);
    }
    (void)send(input_.oneOf(kRooms));
  }
  void sendAll() {
    // Those that wait for others go when they have waited.
    for (const Duration delay : {Duration::zero(), batchDelay_}) {
      now_ += delay;
      core_.tick(now_);
      drain();
      while (send(kRoom)) {
      }
    }
    checkDeadline();
    model_.checkSent({.settled = core_.isSettled(),
                      .delays = batchDelay_ > Duration::zero(),
                      .waits = core_.deadline().has_value()});
  }

  bool send(std::size_t room) {
    const std::vector<Framer::Batch> batches = core_.takeBatches(now_, room);
    for (const Framer::Batch& batch : batches) {
      model_.sent(now_, batch);
    }
    drain();
    return !batches.empty();
  }

  std::size_t drain() {
    std::size_t count = 0;
    while (std::optional<SessionAction> action = core_.takeAction()) {
      ++count;
      model_.take(*action);
    }
    model_.checkActions();
    return count;
  }

  /// Otherwise who drives the session would go round and round.
  void checkDeadline() const {
    const std::optional<Time> deadline = core_.deadline();
    require(!deadline || *deadline > now_, "a deadline that has come is gone");
  }

  Input input_;
  const Duration batchDelay_;
  SessionCore core_;
  SessionModel model_;
  Time now_{1h};
  std::uint64_t lastId_ = 0;
  std::vector<std::pair<SubscriberId, std::string>> subscriptions_;
  std::vector<Speaker::Said> held_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    if (size > 0) {
      Run(std::as_bytes(std::span(data, size))).run();
    }
  } catch (const Violation& violation) {
    std::fprintf(stderr, "broken: %s\n", violation.rule);
    std::abort();
  }
  return 0;
}
