#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/protocol/framing.hpp"
#include "core/time.hpp"
#include "dice.hpp"
#include "server/clock.hpp"
#include "server/hub.hpp"
#include "server/journal.hpp"
#include "server/memory_log.hpp"
#include "support/late_log.hpp"

namespace tidewire::simulation {

/// The server half of `server/` in a simulated world: its log answers late, and it has faults on command. Everything is
/// in view that a client's word is held against. A connection is a number.
class Served final : private server::Application, private server::test::LateLogPlan {
 public:
  struct Plan {
    std::size_t history = 1000;  ///< Events that a channel keeps.
    std::size_t dedupCount = 8;  ///< 0: it remembers none.
    core::Duration dedupTime{};
    core::Duration heartbeat{};          ///< 0: it is not asked for.
    bool forgetsNothing = false;         ///< Restarts keep channels and sessions.
    std::size_t requests = 64;           ///< `welcome.requests`.
    core::Duration longestAnswer{};      ///< Of a log and of a method.
    std::size_t queueBytes = 1'048'576;  ///< `Limits::maxQueueBytes`.
    /// WebSocket messages that may be on their way to a client. Beyond that the socket takes nothing until `sent`.
    std::size_t socket = std::numeric_limits<std::size_t>::max();
  };
  /// The world around it.
  struct World {
    std::function<void(std::uint64_t connection, core::protocol::Framer::Batch)> send;
    /// The server ends a connection with this code.
    std::function<void(std::uint64_t connection, std::uint16_t code)> close;
    std::function<void(core::Time at, std::function<void()>)> schedule;
  };

  Served(const Plan& plan, Dice& dice, World world);
  ~Served();

  void setTime(core::Time now);
  void connected(std::uint64_t connection);
  void receive(std::uint64_t connection, const core::protocol::Framer::Batch& batch);
  void lost(std::uint64_t connection);
  /// A WebSocket message has left for good: it was read, or lost with its connection.
  void sent(std::uint64_t connection);

  /// An event of its own.
  void append(const std::string& channel);
  /// Whether this client reads slowly: then latest-only events wait and are left out.
  void setSlow(std::uint64_t connection, bool slow);
  void restart();
  void goAway();
  /// Refuses what comes next once, of subscriptions and publishes.
  void refuseNext() { refuses_ = true; }
  /// Forgets one event on the way to a client, which has to notice.
  void omitNext() { omits_ = true; }
  /// Never has the next event that it counts.
  void loseNext() { loses_ = true; }
  /// The log does the next thing not, or does not know whether it did.
  void failNext() { fails_ = true; }
  /// Calls the client of this connection slow, which has it send again what is not answered.
  void callSlow(std::uint64_t connection);
  void expireToken() { tokenExpired_ = true; }
  /// Remembers fewer publishes from the next `welcome` on.
  void rememberLess();
  /// None of these is due any more.
  void heal();

  // What it knows.

  [[nodiscard]] std::pair<std::string, std::uint64_t> head(const std::string& channel);
  /// The body of an event, whenever it was.
  [[nodiscard]] const std::string* body(const std::string& channel, const std::string& epoch, std::uint64_t seq) const;
  /// How often a body was published, and in which order bodies first were.
  [[nodiscard]] std::uint64_t published(const std::string& body) const;
  [[nodiscard]] std::uint64_t requested(const std::string& body) const;
  [[nodiscard]] const std::vector<std::string>& order() const { return order_; }
  /// Publishes that it has not made. Each may be made later, when the client sends it again.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  /// Resumes that it answered with `recovered: false`.
  [[nodiscard]] std::uint64_t unrecovered() const { return unrecovered_; }
  /// Whether it could still send this event.
  [[nodiscard]] bool keeps(const std::string& channel, std::uint64_t seq);
  /// Events that it never had.
  [[nodiscard]] std::uint64_t lost() const { return hidden_.size(); }

 private:
  class Connection;
  struct Room;

  void defer(const std::string& lane, std::function<void()> step) override;
  server::test::Fate fateOfAppend() override;
  server::test::Fate fateOfRead() override;
  void appended(const std::string& channel, const server::Page& head, std::string_view body) override;
  [[nodiscard]] bool hides(const std::string& channel, const std::string& epoch, std::uint64_t seq) const override;

  server::TokenVerdict check(const std::string& token) override;
  server::OpenedChannel open(const std::string& channel, const server::Session& session) override;
  server::OpenedChannel openToPublish(const std::string& channel, const server::Session& session) override;
  [[nodiscard]] bool isRoom(std::string_view channel) const override;
  void call(std::string_view method, std::string_view body, std::function<void(server::Outcome)> done) override;

  [[nodiscard]] bool omits(const std::string& head);
  void makeRoom();
  [[nodiscard]] std::shared_ptr<server::ChannelLog> log(const std::string& channel);
  void drop(std::uint64_t connection, std::uint16_t code);
  /// Runs what the room has waiting, unless the room has gone by then.
  void later(core::Time at, std::function<void()> step);

  const Plan plan_;
  Dice& dice_;
  const World world_;
  core::Time now_{};
  server::Clock clock_;
  server::Journal journal_;
  std::size_t dedupCount_;
  std::unique_ptr<Room> room_;
  std::uint64_t rooms_ = 0;
  std::map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::map<std::string, core::Time> lanes_;  // When the last step of each runs.

  std::map<std::string, std::string> everything_;  // By channel, epoch and seq.
  std::set<std::string> hidden_;
  std::map<std::string, std::uint64_t> sentTo_;  // The highest event of each channel that was sent.
  std::map<std::string, std::uint64_t> published_;
  std::map<std::string, std::uint64_t> requested_;
  std::vector<std::string> order_;
  std::uint64_t events_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t unrecovered_ = 0;
  bool refuses_ = false;
  bool omits_ = false;
  bool loses_ = false;
  bool fails_ = false;
  bool healed_ = false;
  bool tokenExpired_ = false;
};

}  // namespace tidewire::simulation
