#include "session/served.hpp"

#include <algorithm>
#include <chrono>

#include "core/bytes.hpp"
#include "server/peer.hpp"

namespace tidewire::simulation {

using core::protocol::Framer;
using server::test::Fate;
using server::test::pageOf;

namespace {

constexpr std::size_t kBatchBytes = 65'536;
constexpr std::int64_t kEpoch = 1'700'000'000'000;  // Of the wall clock, when the steady one is at zero.

std::string keyOf(const std::string& channel, const std::string& epoch, std::uint64_t seq) {
  return channel + '\n' + epoch + '\n' + std::to_string(seq);
}

std::string_view textOf(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool isOp(std::string_view head, std::string_view op) {
  return head.starts_with(R"({"op":")" + std::string(op) + '"');
}

}  // namespace

/// What a restart without storage begins anew.
struct Served::Room {
  Room(const server::Hub::Settings& settings, const server::History& history, Served& served)
      : memory(1000, settings.epoch, {history, served.clock_, served.journal_}),
        late(memory, served),
        hub(settings, served.clock_, served, served.journal_) {}

  server::MemoryEngine memory;
  server::test::LateEngine late;
  server::Hub hub;
  std::shared_ptr<const bool> alive = std::make_shared<const bool>(true);
};

/// One client's socket.
class Served::Connection final : private server::Peer::Carrier {
 public:
  Connection(Served& served, std::uint64_t id) : served_(served), id_(id), peer_(served.room_->hub, *this) {
    watchDeadline();
  }

  void receive(const Framer::Batch& batch) {
    input_.push_back(batch);
    read();
  }
  void sent() {
    --onTheirWay_;
    write();
  }
  void setSlow(bool slow) {
    slow_ = slow;
    write();
  }
  [[nodiscard]] server::Peer& peer() { return peer_; }

 private:
  void outputWaits() override { wake(); }
  void mayReadAgain() override { wake(); }
  void deadlineNears() override { watchDeadline(); }

  /// Not at once: whatever is being done goes to its end first.
  void wake() {
    if (!std::exchange(waking_, true)) {
      served_.later(served_.now_, [&served = served_, id = id_] {
        if (const auto found = served.connections_.find(id); found != served.connections_.end()) {
          found->second->waking_ = false;
          found->second->read();
          if (served.connections_.contains(id)) {
            found->second->write();
          }
        }
      });
    }
  }

  void read() {
    while (!input_.empty() && !peer_.holdsBack() && !peer_.ending()) {
      const Framer::Batch batch = std::move(input_.front());
      input_.pop_front();
      peer_.heard();
      peer_.received(batch.kind == MessageKind::Binary, batch.payload);
    }
    watchDeadline();
  }

  void write() {
    while (onTheirWay_ < served_.plan_.socket) {
      peer_.setReading(true);
      const server::Batch batch = peer_.take();
      if (batch.empty()) {
        break;
      }
      send(batch);
      peer_.setReading(!slow_);
      peer_.proceed();
    }
    peer_.setReading(!slow_ && onTheirWay_ < served_.plan_.socket);
    if (peer_.ending() && onTheirWay_ < served_.plan_.socket) {
      served_.drop(id_, peer_.ending()->code);
      return;
    }
    wakeToRead();
  }

  void wakeToRead() {
    if (!input_.empty() && !peer_.holdsBack() && !peer_.ending()) {
      wake();
    }
  }

  /// With the faults that are due.
  void send(const server::Batch& batch) {
    Framer framer(kBatchBytes);
    core::protocol::Unframer unframer(batch.binary() ? MessageKind::Binary : MessageKind::Text,
                                      core::asBytes(batch.payload()));
    while (const auto part = unframer.next()) {
      std::string head(textOf(part->head));
      int times = 1;
      if (isOp(head, "event")) {
        times = served_.omits(head) ? 0 : served_.dice_.chance(2) ? 2 : 1;  // A client drops what it has.
      } else if (isOp(head, "welcome") && head.find("\"dedup\"") == std::string::npos && served_.dice_.chance(50)) {
        head.insert(head.size() - 1, R"(,"memory":"m0","dedup":{"count":0,"ms":1000})");  // Says the same.
      }
      served_.unrecovered_ += head.find(R"("recovered":false)") != std::string::npos ? 1 : 0;
      for (; times > 0; --times) {
        framer.add(head, part->body);
      }
    }
    for (Framer::Batch& each : framer.take()) {
      ++onTheirWay_;
      served_.world_.send(id_, std::move(each));
    }
  }

  void watchDeadline() {
    const std::optional<std::int64_t> deadline = peer_.deadline();
    if (!deadline || (watchedFor_ && *watchedFor_ <= *deadline)) {
      return;
    }
    watchedFor_ = deadline;
    const core::Time at = std::max(served_.now_, core::Time(std::chrono::milliseconds(*deadline)));
    served_.later(at, [&served = served_, id = id_] {
      if (const auto found = served.connections_.find(id); found != served.connections_.end()) {
        found->second->watchedFor_.reset();
        found->second->peer_.elapsed();
        found->second->watchDeadline();
      }
    });
  }

  Served& served_;
  const std::uint64_t id_;
  std::deque<Framer::Batch> input_;
  std::size_t onTheirWay_ = 0;
  bool slow_ = false;
  bool waking_ = false;
  std::optional<std::int64_t> watchedFor_;
  server::Peer peer_;
};

Served::Served(const Plan& plan, Dice& dice, World world)
    : plan_(plan), dice_(dice), world_(std::move(world)), dedupCount_(plan.dedupCount) {
  makeRoom();
}

Served::~Served() = default;

void Served::makeRoom() {
  const auto dedupMs = std::chrono::duration_cast<std::chrono::milliseconds>(plan_.dedupTime).count();
  const auto heartbeatMs = std::chrono::duration_cast<std::chrono::milliseconds>(plan_.heartbeat).count();
  room_ = std::make_unique<Room>(server::Hub::Settings{.limits = {.heartbeatMs = heartbeatMs,
                                                                  .maxRequests = plan_.requests,
                                                                  .maxPublishes = 20,
                                                                  .maxQueueBytes = plan_.queueBytes,
                                                                  .publishesPerSecond = 1e9},
                                                       .sessions = {.dedupCount = dedupCount_, .dedupMs = dedupMs},
                                                       .epoch = "r" + std::to_string(++rooms_)},
                                 server::History{.maxCount = plan_.history, .maxAgeMs = 1'000'000'000}, *this);
}

void Served::setTime(core::Time now) {
  now_ = now;
  const auto steady = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  clock_.set(kEpoch + steady, steady);
}

void Served::later(core::Time at, std::function<void()> step) {
  world_.schedule(at, [alive = std::weak_ptr(room_->alive), step = std::move(step)] {
    if (!alive.expired()) {
      step();
    }
  });
}

// --- Connections ---

void Served::connected(std::uint64_t connection) {
  connections_.emplace(connection, std::make_unique<Connection>(*this, connection));
}

void Served::receive(std::uint64_t connection, const Framer::Batch& batch) {
  if (const auto found = connections_.find(connection); found != connections_.end()) {
    found->second->receive(batch);
  }
}

void Served::lost(std::uint64_t connection) {
  connections_.erase(connection);
}

void Served::sent(std::uint64_t connection) {
  if (const auto found = connections_.find(connection); found != connections_.end()) {
    found->second->sent();
  }
}

void Served::drop(std::uint64_t connection, std::uint16_t code) {
  if (connections_.erase(connection) > 0) {
    world_.close(connection, code);
  }
}

void Served::setSlow(std::uint64_t connection, bool slow) {
  if (const auto found = connections_.find(connection); found != connections_.end()) {
    found->second->setSlow(slow);
  }
}

void Served::callSlow(std::uint64_t connection) {
  drop(connection, 4005);
}

void Served::restart() {
  while (!connections_.empty()) {
    drop(connections_.begin()->first, 1001);
  }
  if (!plan_.forgetsNothing) {
    sentTo_.clear();
    makeRoom();
  }
}

void Served::goAway() {
  for (const auto& [id, connection] : connections_) {
    (void)connection->peer().goAway(100);
  }
}

void Served::rememberLess() {
  dedupCount_ = dedupCount_ > 1 ? dedupCount_ / 2 : dedupCount_;
  room_->hub.sessions().setDedupCount(dedupCount_);
}

void Served::heal() {
  refuses_ = omits_ = loses_ = fails_ = tokenExpired_ = false;
  healed_ = true;
}

// --- The log ---

void Served::defer(const std::string& lane, std::function<void()> step) {
  core::Time& last = lanes_[lane];
  last = std::max(last, now_ + (healed_ ? core::Duration{0} : dice_.between(core::Duration{0}, plan_.longestAnswer)));
  later(last, std::move(step));
}

Fate Served::fateOfAppend() {
  if (!std::exchange(fails_, false)) {
    return Fate::Done;
  }
  ++refused_;
  return Fate::NotDone;
}

Fate Served::fateOfRead() {
  return std::exchange(fails_, false) ? Fate::NotDone : Fate::Done;
}

void Served::appended(const std::string& channel, const server::Page& head, std::string_view body) {
  const std::string key = keyOf(channel, head.epoch, head.seq);
  everything_[key] = body;
  if (body.starts_with('p') && ++published_[std::string(body)] == 1) {
    order_.emplace_back(body);
  }
  if (std::exchange(loses_, false)) {
    hidden_.insert(key);
  }
}

bool Served::hides(const std::string& channel, const std::string& epoch, std::uint64_t seq) const {
  return !hidden_.empty() && hidden_.contains(keyOf(channel, epoch, seq));
}

// Only one that nobody was sent before: a client that lacks the same event three times takes it for lost.
bool Served::omits(const std::string& head) {
  constexpr std::string_view kSeq = R"("seq":)";
  const std::size_t at = head.find(kSeq);
  std::uint64_t& highest = sentTo_[head.substr(0, at)];  // By all that is before it: the channel.
  const std::uint64_t seq = std::stoull(head.substr(at + kSeq.size()));
  return std::exchange(highest, std::max(highest, seq)) < seq && std::exchange(omits_, false);
}

std::shared_ptr<server::ChannelLog> Served::log(const std::string& channel) {
  return room_->memory.open(channel, "");
}

void Served::append(const std::string& channel) {
  room_->late.open(channel, "")->append({.body = "e" + std::to_string(++events_), .ts = clock_.wall()}, {});
}

std::pair<std::string, std::uint64_t> Served::head(const std::string& channel) {
  const server::Page page = pageOf(*log(channel));
  return {page.epoch, page.seq};
}

bool Served::keeps(const std::string& channel, std::uint64_t seq) {
  const server::Page page = pageOf(*log(channel), {.newest = plan_.history, .maxBytes = SIZE_MAX});
  return seq > page.start && seq <= page.seq && !hides(channel, page.epoch, seq);
}

// --- The application ---

server::TokenVerdict Served::check(const std::string& /*token*/) {
  return std::exchange(tokenExpired_, false) ? server::TokenVerdict{.refusal = "token-expired"}
                                             : server::TokenVerdict{.user = "anybody"};
}

server::OpenedChannel Served::open(const std::string& channel, const server::Session& session) {
  if (channel.starts_with("nothing/")) {
    return {.refusal = "unknown-channel"};
  }
  if (std::exchange(refuses_, false)) {
    return {.refusal = dice_.chance(50) ? "unavailable" : "forbidden"};
  }
  return {.log = room_->late.open(channel, session.memory)};
}

server::OpenedChannel Served::openToPublish(const std::string& channel, const server::Session& session) {
  if (std::exchange(refuses_, false)) {
    ++refused_;
    return {.refusal = "rate-limited"};
  }
  return {.log = room_->late.open(channel, session.memory)};
}

bool Served::isRoom(std::string_view /*channel*/) const {
  return false;
}

void Served::call(std::string_view method, std::string_view body, std::function<void(server::Outcome)> done) {
  ++requested_[std::string(body)];
  server::Outcome outcome =
      method == "none" ? server::Outcome{.refusal = "unknown-method"} : server::Outcome{.body = std::string(body)};
  const core::Duration delay = healed_ ? core::Duration{0} : dice_.between(core::Duration{0}, plan_.longestAnswer);
  later(now_ + delay, [done = std::move(done), outcome = std::move(outcome)] { done(outcome); });
}

const std::string* Served::body(const std::string& channel, const std::string& epoch, std::uint64_t seq) const {
  const auto found = everything_.find(keyOf(channel, epoch, seq));
  return found == everything_.end() ? nullptr : &found->second;
}

std::uint64_t Served::published(const std::string& body) const {
  const auto found = published_.find(body);
  return found == published_.end() ? 0 : found->second;
}

std::uint64_t Served::requested(const std::string& body) const {
  const auto found = requested_.find(body);
  return found == requested_.end() ? 0 : found->second;
}

}  // namespace tidewire::simulation
