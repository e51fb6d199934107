#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "server/channel_log.hpp"

namespace tidewire::server {

/// Where a subscription begins: what `subscribed` says (docs/protocol.md, section 4.2).
struct Start {
  std::string epoch = {};
  std::uint64_t seq = 0;       ///< Of the newest event.
  bool recovered = true;       ///< Everything after `since` follows.
  std::uint64_t position = 0;  ///< The events after this one follow.
};

/// The subscriptions of one client, and the events that wait for it, each channel's in order, channel by channel in
/// turn.
///
/// A reliable subscription is a place in its channel's log: it takes the event behind that place from what the log
/// announces, and reads on in the log where it lacks one. Up to `maxBytes` of events are held for the client; beyond
/// that, it reads on when there is room again. Once the log has evicted what it would read next, the client is too
/// slow. A conflated one holds the newest event only while the client does not read.
class Subscriptions {
 public:
  struct Calls {
    std::function<void()> eventsWait;
    std::function<void()> tooSlow;  ///< Called at any time, repeatedly.
    /// The log failed, or began anew, so that this subscription cannot go on.
    std::function<void(const std::string& channel)> broken;
  };

  Subscriptions(std::size_t maxBytes, Calls calls);
  ~Subscriptions();
  Subscriptions(const Subscriptions&) = delete;
  Subscriptions& operator=(const Subscriptions&) = delete;

  [[nodiscard]] std::size_t count() const { return subscriptions_.size(); }
  /// Those in channels for which `applies` is true.
  [[nodiscard]] std::size_t count(const std::function<bool(std::string_view channel)>& applies) const;
  [[nodiscard]] bool contains(const std::string& channel) const { return subscriptions_.contains(channel); }
  /// Whether its log has not answered yet.
  [[nodiscard]] bool isStarting(const std::string& channel) const;

  struct Wanted {
    std::string channel;
    std::shared_ptr<ChannelLog> log;
    bool conflate = false;
    std::optional<Position> since = {};
    std::uint64_t last = 0;  ///< Without `since`.
  };
  /// Is called with where a subscription starts, or with null if its log failed and it is gone.
  ///
  /// Returns: how many answers have to be sent before its first event, which says less than they do.
  using Started = std::function<std::uint64_t(const Start* start)>;
  /// Calls `started` once, in this turn or in a later one, unless the subscription is removed first.
  void add(Wanted wanted, Started started);
  void remove(const std::string& channel);
  void clear();

  /// Whether the client reads, as far as its socket shows.
  void setReading(bool reading);

  /// The next event, null if none may be sent behind so many answers.
  [[nodiscard]] std::shared_ptr<const Packet> peek(std::uint64_t answersSent);
  /// The channel of the event that `peek` brought last.
  [[nodiscard]] const std::string& nextChannel() const;
  /// Takes that event away.
  void pop();

 private:
  class Subscription;

  void begin(Subscription& subscription, const ReadResult& result);
  void offer(Subscription& subscription, const EventPointer& event, std::uint64_t oldest);
  void push(Subscription& subscription, const EventPointer& event);
  void takePage(Subscription& subscription, const Page& page);
  void dropWaiting(Subscription& subscription);
  void detach(Subscription& subscription);
  [[nodiscard]] bool hasRoom() const { return bytes_ + readingBytes_ < maxBytes_; }
  /// The log has more than the subscription has read.
  void fallBehind(Subscription& subscription);
  void readOnWhereThereIsRoom();
  void readOn(Subscription& subscription);
  void readArrived(Subscription& subscription, const ReadResult& result);

  std::size_t maxBytes_;
  Calls calls_;
  bool clientReads_ = true;
  bool choosing_ = false;         // Who reads on next.
  std::size_t bytes_ = 0;         // Of events that wait.
  std::size_t readingBytes_ = 0;  // That pages on their way may bring.
  std::unordered_map<std::string, std::shared_ptr<Subscription>> subscriptions_;
  std::deque<Subscription*> ready_;   // Those with events that wait, in the order of their turns.
  std::deque<Subscription*> unread_;  // Those that are behind and do not read, in the order of their turns.
};

}  // namespace tidewire::server
