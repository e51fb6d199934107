#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
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
  };
  using Send = std::function<void(std::uint64_t connection, core::protocol::Framer::Batch)>;
  /// The server ends a connection with this code.
  using Close = std::function<void(std::uint64_t connection, std::uint16_t code)>;

  ModelServer(const Plan& plan, Dice& dice, Send send, Close close)
      : plan_(plan), dice_(dice), send_(std::move(send)), close_(std::move(close)) {}

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
  void expireToken() { tokenExpired_ = true; }
  /// None of these is due any more.
  void heal() { refuses_ = omits_ = tokenExpired_ = false; }

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

 private:
  struct Event {
    std::uint64_t seq;
    std::string body;
  };
  struct Channel {
    std::string epoch;
    std::uint64_t seq = 0;
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
    std::map<std::string, Subscription> subscriptions = {};
  };
  struct Memory {
    std::string name = {};
    std::map<std::uint64_t, std::uint64_t> answers = {};  // To publishes, by id: their seq, or 0 if they were refused.
    std::deque<std::uint64_t> ids = {};
    std::optional<core::Time> lostAt = {};
  };
  struct Head;

  [[nodiscard]] Channel& at(const std::string& channel);
  [[nodiscard]] static std::pair<std::string, std::uint64_t> headOf(const Channel& channel) {
    return {channel.epoch, channel.seq};
  }
  void handle(std::uint64_t id, const core::protocol::Part& part);
  void hello(std::uint64_t id, const Head& head);
  void subscribe(std::uint64_t id, const Head& head);
  void publish(std::uint64_t id, const Head& head, std::string body);
  void notePublished(const std::string& body);
  std::map<std::uint64_t, std::uint64_t>::iterator remember(Memory& memory, std::uint64_t number);
  std::uint64_t append(const std::string& name, std::string body);
  void offer(std::uint64_t id, Connection& connection, const std::string& name, Subscription& subscription,
             const Channel& channel);
  void say(std::uint64_t id, std::string head, std::optional<std::string> body = {});
  void fail(std::uint64_t id, const Head& head, std::string_view code, bool temporary);
  void drop(std::uint64_t id, std::uint16_t code);

  const Plan plan_;
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
  bool omits_ = false;
  bool tokenExpired_ = false;
};

}  // namespace tidewire::simulation
