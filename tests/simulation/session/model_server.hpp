#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/protocol/framing.hpp"
#include "core/time.hpp"
#include "dice.hpp"

namespace tidewire::simulation {

/// The server side of docs/protocol.md, as small as it can be, with everything in view that a client's word is held
/// against. A connection is a number; what goes to the client is handed to a function.
class ModelServer {
 public:
  struct Plan {
    std::size_t history = 1000;  ///< Events that a channel keeps.
    std::size_t dedupCount = 8;  ///< 0: it remembers none.
    core::Duration dedupTime{};
    bool forgetsNothing = false;  ///< Restarts keep channels and what was published.
    std::size_t requests = 64;    ///< `welcome.requests`.
    unsigned holds = 0;           ///< Percent of the answers to publishes that come behind later ones.
    /// Messages that may wait for a client before the server stops reading it. Then `sent` has to be told.
    std::size_t answers = std::numeric_limits<std::size_t>::max();
  };
  using Send = std::function<void(std::uint64_t connection, core::protocol::Framer::Batch)>;
  /// The server ends a connection with this code.
  using Close = std::function<void(std::uint64_t connection, std::uint16_t code)>;

  ModelServer(const Plan& plan, Dice& dice, Send send, Close close)
      : plan_(plan), dedupCount_(plan.dedupCount), dice_(dice), send_(std::move(send)), close_(std::move(close)) {}

  void setTime(core::Time now) { now_ = now; }
  void receive(std::uint64_t connection, const core::protocol::Framer::Batch& batch);
  void lost(std::uint64_t connection);
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
  /// Calls the client of this connection slow, which has it send again what is not answered.
  void callSlow(std::uint64_t connection);
  /// A message has left for good: it was read, or lost with its connection.
  void sent(std::uint64_t connection);
  void expireToken() { tokenExpired_ = true; }
  /// Remembers fewer publishes from the next `welcome` on.
  void rememberLess() { dedupCount_ = dedupCount_ > 1 ? dedupCount_ / 2 : dedupCount_; }
  /// None of these is due any more.
  void heal();

  // What it knows.

  [[nodiscard]] std::pair<std::string, std::uint64_t> head(const std::string& channel) { return headOf(at(channel)); }
  /// The body of an event, whenever it was.
  [[nodiscard]] const std::string* body(const std::string& channel, const std::string& epoch, std::uint64_t seq) const;
  /// How often a body was published, and in which order bodies first were.
  [[nodiscard]] std::uint64_t published(const std::string& body) const;
  [[nodiscard]] std::uint64_t requested(const std::string& body) const;
  [[nodiscard]] const std::vector<std::string>& order() const { return order_; }
  /// Resumes that it answered with `recovered: false`.
  [[nodiscard]] std::uint64_t unrecovered() const { return unrecovered_; }
  /// Whether it could still send this event.
  [[nodiscard]] bool keeps(const std::string& channel, std::uint64_t seq);
  /// Events that it never had.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  struct Event {
    std::uint64_t seq;
    std::string body;
  };
  struct Channel {
    std::string epoch;
    std::uint64_t seq = 0;
    std::uint64_t evicted = 0;  // All up to this one, but for what it never had, have gone.
    std::deque<Event> kept;
  };
  struct Subscription {
    bool conflate = false;
    std::uint64_t sent = 0;  // The position that the client will be at.
    bool behind = false;
  };
  struct Connection {
    std::string key;
    bool slow = false;
    std::size_t waiting = 0;                 // Messages on their way to the client.
    std::vector<std::string> heldAcks = {};  // Publishes may be answered in any order.
    std::deque<std::string> unread = {};     // Heads and bodies that wait until fewer are.
    std::map<std::string, Subscription> subscriptions = {};
  };
  struct Memory {
    std::string name = {};
    std::map<std::uint64_t, std::uint64_t> answers = {};  // To publishes, by id: their seq, or 0 if they were refused.
    std::deque<std::uint64_t> ids = {};
    std::size_t count = 0;  // So many it remembers, as the last `welcome` said.
    std::optional<core::Time> lostAt = {};
  };
  struct Head;

  [[nodiscard]] Channel& at(const std::string& channel);
  [[nodiscard]] static std::pair<std::string, std::uint64_t> headOf(const Channel& channel) {
    return {channel.epoch, channel.seq};
  }
  void read(std::uint64_t id);
  void handle(std::uint64_t id, const core::protocol::Part& part);
  void hello(std::uint64_t id, const Head& head);
  void subscribe(std::uint64_t id, const Head& head);
  void publish(std::uint64_t id, const Head& head, std::string body);
  void notePublished(const std::string& body);
  static void forgetOldest(Memory& memory);
  static std::map<std::uint64_t, std::uint64_t>::iterator remember(Memory& memory, std::uint64_t number);
  std::uint64_t append(const std::string& name, std::string body);
  void offer(std::uint64_t id, Connection& connection, const std::string& name, Subscription& subscription,
             const Channel& channel);
  void say(std::uint64_t id, std::string head, std::optional<std::string> body = {});
  void acknowledge(std::uint64_t id, std::uint64_t number, std::uint64_t seq);
  void fail(std::uint64_t id, const Head& head, std::string_view code, bool temporary);
  void drop(std::uint64_t id, std::uint16_t code);

  const Plan plan_;
  std::size_t dedupCount_;
  Dice& dice_;
  const Send send_;
  const Close close_;
  core::Time now_{};
  std::map<std::uint64_t, Connection> connections_;
  std::map<std::string, Channel> channels_;
  std::map<std::string, Memory> memories_;
  std::map<std::string, std::uint64_t> attempts_;
  std::map<std::string, std::string> everything_;  // By channel, epoch and seq.
  std::map<std::string, std::uint64_t> published_;
  std::map<std::string, std::uint64_t> requested_;
  std::vector<std::string> order_;
  std::uint64_t epochs_ = 0;
  std::uint64_t memoriesMade_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t unrecovered_ = 0;
  bool refuses_ = false;
  std::uint64_t lost_ = 0;
  bool omits_ = false;
  bool loses_ = false;
  bool healed_ = false;
  bool tokenExpired_ = false;
};

}  // namespace tidewire::simulation
