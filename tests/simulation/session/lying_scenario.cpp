#include "session/lying_scenario.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "core/bytes.hpp"
#include "core/connection.hpp"
#include "core/protocol/message_reader.hpp"
#include "core/protocol/session_core.hpp"
#include "session/liar.hpp"
#include "session/rate.hpp"

namespace tidewire::simulation {
namespace {

using namespace std::chrono_literals;
using namespace core::protocol;
using core::Duration;
using core::Time;
using Batch = Framer::Batch;

constexpr Duration kRun = 12s;
constexpr Duration kStep = 50ms;
constexpr std::size_t kWindowSeconds = 5;
// Inputs that one moment may lead to, before the client is said to go round and round.
constexpr int kMostTurns = 200;
constexpr const char* kChannels[] = {"c/1", "c/2", "c/3"};

class LyingScenario {
 public:
  LyingScenario(std::uint64_t seed, SessionCoverage& coverage, bool traced)
      : dice_(seed ^ 0x11A5),
        coverage_(coverage),
        traced_(traced),
        options_(makeOptions()),
        connection_(options_, true, seed),
        core_({.key = "keykeykeykeykeykeykeyA", .seed = seed}),
        liar_(dice_, [this](Liar::Said said) { hears_.push_back(std::move(said)); }) {}

  std::optional<SessionFailure> run(std::uint64_t seed) {
    for (int count = 0; count < 3; ++count) {
      subscribe();
    }
    connection_.connect(now_);
    settle();
    for (const Time end = now_ + kRun; now_ < end && !failure_;) {
      pass(kStep);
      act();
      if (up_) {
        liar_.nag();
      }
      settle();
    }
    finish();
    if (failure_) {
      failure_->seed = seed;
    }
    return std::move(failure_);
  }

 private:
  static Options makeOptions() {
    Options options;
    options.endpoint = [](const EndpointRequest&) {};  // Asked in the scenario's own way.
    return options;
  }

  // Time.

  void pass(Duration time) {
    const Time end = now_ + time;
    while (!failure_) {
      std::optional<Time> next = core_.deadline();
      for (const std::optional<Time>& other : {connection_.deadline(), opensAt_}) {
        next = next && other ? std::min(*next, *other) : next ? next : other;
      }
      if (!next || *next > end) {
        break;
      }
      now_ = std::max(now_, *next);
      if (opensAt_ && *opensAt_ <= now_) {
        open();
      }
      connection_.tick(now_);
      core_.tick(now_);
      settle();
    }
    now_ = end;
  }

  /// Until nobody has anything to say at this moment.
  void settle() {
    for (int turns = 0; !failure_; ++turns) {
      performActions();
      for (Batch& batch : core_.takeBatches(now_, 1 << 20)) {
        checkSent(batch);
        liar_.receive(batch);
      }
      performActions();
      if (hears_.empty()) {
        break;
      }
      if (turns > kMostTurns) {
        fail("no answer is an occasion for the next probe", "");
      }
      hear(std::exchange(hears_, {}));
    }
    if (core_.deadline() && *core_.deadline() <= now_) {
      fail("a deadline that has come is gone", "");
    }
  }

  // The connection.

  void open() {
    opensAt_.reset();
    up_ = true;
    greeted_ = false;
    sentHere_.clear();
    flying_.clear();
    liar_.connected();
    core_.opened(now_, "token");
  }

  void hear(const std::deque<Liar::Said>& all) {
    for (const Liar::Said& said : all) {
      if (!up_) {
        return;
      }
      if (said.close > 0) {
        close(said.close);
        continue;
      }
      trace("hears " + said.head);
      Framer framer(65'536);
      framer.add(said.head, said.body ? std::optional(core::asBytes(*said.body)) : std::nullopt);
      const Batch batch = framer.take().front();
      MessageReader reader(batch.kind, core::asBytes(batch.payload));
      while (std::optional<ServerMessage> message = reader.next()) {
        connection_.bytesArrived(now_);
        noteAnswer(message->head);
        core_.arrived(now_, *message);
        performActions();
      }
    }
  }

  void close(std::uint16_t code) {
    count("closed " + std::to_string(code));
    core::Ending ending{.cause = CloseCause::ClosedByPeer, .code = code};
    if (code == 4002) {
      ending.fate = core::Fate::CredentialsRefused;
    } else if (code == 4005) {
      core_.calledSlow();
    } else if (code == 1009) {
      ending.fate = core_.calledTooLarge() ? core::Fate::MayPass : core::Fate::Final;
    }
    connection_.transportEnded(now_, std::move(ending));
    performActions();
  }

  void performActions() {
    for (bool any = true; any;) {
      any = false;
      while (std::optional<core::Action> action = connection_.takeAction()) {
        any = true;
        std::visit([this](auto& alternative) { perform(alternative); }, *action);
      }
      while (std::optional<SessionAction> action = core_.takeAction()) {
        any = true;
        std::visit([this](auto& alternative) { perform(alternative); }, *action);
      }
    }
  }

  void perform(const core::RequestEndpoint& action) {
    limit(tokens_, "tokens are asked for", 12);
    connection_.endpointAnswered(now_, action.attempt);
  }
  void perform(const core::Dial& /*action*/) {
    limit(dials_, "connections are made", 12);
    opensAt_ = now_ + dice_.between(0ms, 20ms);
  }
  void perform(const core::Abort& /*action*/) {
    up_ = false;
    opensAt_.reset();
    hears_.clear();
  }
  void perform(const core::SendPing& action) { core_.probe(now_, core::numberOf(action)); }
  void perform(const core::Reassure& /*action*/) { core_.reassure(); }
  void perform(const CloseInfo& info) {
    core_.ended(!info.willRetry);
    up_ = false;
    welcomedAt_.reset();
    if (!info.willRetry) {
      count("ended for good");
    }
  }
  template <class Other>
  void perform(const Other& /*action*/) {}

  // What the session tells.

  void perform(const Welcomed& action) {
    count("welcomed by a liar");
    welcomedAt_ = now_;
    if (action.heartbeat > 0ms && action.heartbeat < 1s) {
      fail("no heartbeat is below a second", "");
    }
    connection_.transportOpened(now_, "tidewire.v1", {}, action.heartbeat);
  }
  void perform(const PongArrived& action) { connection_.probeAnswered(now_, action.t); }
  void perform(const PeerFailed& /*action*/) {
    count("a liar is called one");
    connection_.transportEnded(now_, {.cause = CloseCause::ProtocolError, .code = 4000});
  }
  void perform(const LeaveNow& /*action*/) {
    count("a liar is left");
    if (!welcomedAt_ || now_ - *welcomedAt_ < 5s) {
      fail("no connection is left for a goaway within five seconds", "");
    }
    connection_.reconnect(now_);
  }
  void perform(const EventArrived& action) {
    for (const SubscriberId id : action.to) {
      std::optional<Position>& at = subscribers_.at(id).at;
      if (!at || action.event.seq != at->seq + 1 + action.event.skipped || action.event.skipped > 0) {
        fail("no event comes without the one before it, or a gap", std::to_string(action.event.seq));
      } else {
        at->seq = action.event.seq;
      }
    }
  }
  void perform(const GapFound& action) {
    count(action.loss.range ? "a liar's gap" : "a liar's gap of another epoch");
    for (const SubscriberId id : action.to) {
      Subscriber& subscriber = subscribers_.at(id);
      const auto& range = action.loss.range;
      if (!subscriber.at) {
        continue;  // It came before the channel was answered.
      }
      if (range && (range->from != subscriber.at->seq + 1 || range->to < range->from)) {
        fail("a gap begins behind the last event", std::to_string(range->from));
      } else if (range) {
        subscriber.at->seq = range->to;
      } else {
        subscriber.at.reset();
      }
    }
  }
  void perform(const SubscriptionAnswered& action) {
    for (const SubscriberId id : action.to) {
      Subscriber& subscriber = subscribers_.at(id);
      const bool same =
          subscriber.at && subscriber.at->epoch == action.position.epoch && subscriber.at->seq == action.position.seq;
      if (subscriber.at && !same) {
        fail("a subscription goes on where it was", std::to_string(action.position.seq));
      }
      subscriber.at = action.position;
    }
  }
  void perform(const SubscriptionEnded& action) {
    count("a liar ends a subscription");
    if (action.error.temporary) {
      fail("what is refused for the moment does not end", action.error.code);
    }
    for (const SubscriberId id : action.to) {
      subscribers_.erase(id);
    }
  }
  void perform(const PublishEnded& action) { endCall(action.call); }
  void perform(const RequestEnded& action) { endCall(action.call); }

  void endCall(CallId id) {
    if (open_.erase(id) == 0) {
      fail("a call ends once", std::to_string(id));
    }
  }

  // The application.

  void act() {
    if (subscribers_.size() < 3 && dice_.chance(5)) {
      subscribe();
    }
    if (dice_.chance(10) && open_.size() < 40) {
      call();
    }
    if (connection_.state() == State::Closed && dice_.chance(1)) {
      connection_.connect(now_);
    }
  }

  void subscribe() {
    const SubscriberId id = ++ids_;
    const std::string channel = kChannels[dice_.below(std::size(kChannels))];
    Subscriber& subscriber = subscribers_[id];
    if (dice_.chance(30)) {
      subscriber.at = Position{"e0", dice_.below(5)};
    }
    asked_[channel].note(now_);
    core_.subscribe(id, channel, false, dice_.below(2), subscriber.at);
  }

  void call() {
    const CallId id = ++ids_;
    open_.insert(id);
    const bool request = dice_.chance(50);
    const bool ack = !request && dice_.chance(80);
    core_.call(now_, {.id = id,
                      .kind = request ? Call::Kind::Request : Call::Kind::Publish,
                      .target = "c/1",
                      .body = "b",
                      .ack = ack,
                      .resend = ack && dice_.chance(50),
                      .idempotent = request && dice_.chance(80),
                      .timeout = request ? dice_.oneOf<Duration>({0ms, 3s}) : Duration(0ms)});
  }

  void finish() {
    core_.ended(true);
    performActions();
    if (!open_.empty()) {
      fail("every call ends", std::to_string(*open_.begin()));
    }
  }

  // What is sent.

  void checkSent(const Batch& batch) {
    trace("sends " + batch.payload);
    Unframer unframer(batch.kind, core::asBytes(batch.payload));
    while (const auto part = unframer.next()) {
      checkSent(std::string(reinterpret_cast<const char*>(part->head.data()), part->head.size()));
    }
  }

  void checkSent(const std::string& head) {
    const std::string op = textIn(head, R"("op":")");
    if (op == "subscribe" || op == "unsubscribe") {
      const std::string channel = textIn(head, R"("channel":")");
      Rate& rate = op == "subscribe" ? subscribes_[channel] : unsubscribes_[channel];
      // Each connection subscribes, and each subscription of the application may.
      limit(rate, "a channel is subscribed to and unsubscribed from",
            2 + kWindowSeconds + dials_.count(now_) + 2 * asked_[channel].count(now_));
    } else if (op == "ping") {
      limit(pings_, "the server is asked for a sign of life", 1 + kWindowSeconds + dials_.count(now_));
    } else if (op == "publish" || op == "request") {
      checkCall(head, op);
    } else if (op == "cancel") {
      flying_.erase(std::stoull(head.substr(head.find(R"("id":)") + 5)));
    }
  }

  void checkCall(const std::string& head, const std::string& op) {
    constexpr std::string_view kId = R"("id":)";
    const std::size_t at = head.find(kId);
    if (at == std::string::npos) {
      return;
    }
    const std::uint64_t id = std::stoull(head.substr(at + kId.size()));
    if (!sentHere_.insert(id).second) {
      fail("nothing is sent twice on one connection", head);
    }
    count("a liar gets a " + op);
    if (op == "request") {
      flying_.insert(id);
      if (flying_.size() > requests_) {
        fail("no more requests wait than the server allows", std::to_string(flying_.size()));
      }
    }
  }

  void noteAnswer(const ServerHead& head) {
    if (const auto* welcome = std::get_if<Welcome>(&head); welcome != nullptr && !std::exchange(greeted_, true)) {
      requests_ = welcome->requests;
    } else if (const auto* reply = std::get_if<core::protocol::Reply>(&head)) {
      flying_.erase(reply->id);
    } else if (const auto* error = std::get_if<ErrorHead>(&head); error != nullptr && error->id) {
      flying_.erase(*error->id);
    }
  }

  static std::string textIn(const std::string& head, const std::string& before) {
    const std::size_t at = head.find(before) + before.size();
    return head.substr(at, head.find('"', at) - at);
  }

  void limit(Rate& rate, const char* what, std::size_t most) {
    if (const std::size_t count = rate.note(now_); count > most) {
      fail("whatever a server says, a client keeps to its floors",
           std::string(what) + ": " + std::to_string(count) + " times in five seconds");
    }
  }

  void count(const std::string& what) {
    ++coverage_[what];
    trace(what);
  }
  void trace(const std::string& what) const {
    if (traced_) {
      std::printf("%12.6f s  %s\n", std::chrono::duration<double>(now_.time_since_epoch()).count(), what.c_str());
    }
  }
  void fail(std::string rule, std::string detail) {
    trace("VIOLATED: " + rule + ": " + detail);
    if (!failure_) {
      failure_ = SessionFailure{.rule = std::move(rule), .detail = std::move(detail)};
    }
  }

  struct Subscriber {
    std::optional<Position> at = {};
  };

  Dice dice_;
  SessionCoverage& coverage_;
  const bool traced_;
  const Options options_;
  core::Connection connection_;
  SessionCore core_;
  Liar liar_;
  std::deque<Liar::Said> hears_;
  Time now_{std::chrono::hours(1)};
  std::optional<Time> opensAt_;
  std::optional<Time> welcomedAt_;
  bool up_ = false;
  bool greeted_ = false;
  std::uint64_t ids_ = 0;
  std::map<SubscriberId, Subscriber> subscribers_;
  std::set<CallId> open_;

  Rate tokens_;
  Rate dials_;
  Rate pings_;
  std::map<std::string, Rate> subscribes_;
  std::map<std::string, Rate> unsubscribes_;
  std::map<std::string, Rate> asked_;
  // Of this connection.
  std::set<std::uint64_t> sentHere_;
  std::set<std::uint64_t> flying_;
  std::uint64_t requests_ = 64;
  std::optional<SessionFailure> failure_;
};

}  // namespace

std::optional<SessionFailure> runAgainstLiar(std::uint64_t seed, SessionCoverage& coverage, bool traced) {
  return LyingScenario(seed, coverage, traced).run(seed);
}

}  // namespace tidewire::simulation
