#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "stream/channel_log.hpp"

namespace ticker::stream {

/// Where a subscription begins.
struct Start {
  bool recovered = true;
  std::uint64_t position = 0;  ///< Its client has everything up to here; what comes after follows.
};

/// What a `subscribe` brings: docs/protocol.md, sections 4.2 and 5.2.
Start startOf(ChannelLog& log, const Subscribe& head);

/// The subscriptions of one client, and the events that wait for it, each channel's in order, channel by channel in
/// turn.
///
/// Up to `maxBytes` of events are held for the client; beyond that, a reliable subscription reads on in its channel's
/// log when there is room again. Once the log has evicted what it would read next, the client is too slow. A conflated
/// one holds the newest event only while the client does not read.
class Subscriptions {
 public:
  struct Calls {
    std::function<void()> eventsWait;
    std::function<void()> tooSlow;  ///< Called at any time, repeatedly.
  };

  Subscriptions(std::size_t maxBytes, Calls calls);
  ~Subscriptions();
  Subscriptions(const Subscriptions&) = delete;
  Subscriptions& operator=(const Subscriptions&) = delete;

  [[nodiscard]] std::size_t count() const { return subscriptions_.size(); }
  [[nodiscard]] std::size_t countRooms() const;
  [[nodiscard]] bool contains(const std::string& channel) const { return subscriptions_.contains(channel); }

  struct Wanted {
    std::string channel;
    std::shared_ptr<ChannelLog> log;
    bool conflate = false;
    std::uint64_t behind = 0;  ///< No event before so many answers have been sent: the last says where it starts.
  };
  void add(Wanted wanted, const Start& start);
  void remove(const std::string& channel);
  void clear();

  /// Whether the client reads, as far as its socket tells.
  void setReading(bool reading);

  /// The next event, null if none may be sent behind so many answers.
  [[nodiscard]] std::shared_ptr<const Packet> peek(std::uint64_t answersSent);
  /// The channel of the event that `peek` brought last.
  [[nodiscard]] const std::string& nextChannel() const;
  /// Takes that event away.
  void pop();

 private:
  class Subscription;

  void offer(Subscription& subscription, const EventPointer& event);
  void push(Subscription& subscription, const EventPointer& event);
  void dropWaiting(Subscription& subscription);
  void readOn(Subscription& subscription);
  void readOnIfRoom();

  std::size_t maxBytes_;
  Calls calls_;
  bool reading_ = true;
  std::size_t bytes_ = 0;
  std::size_t behind_ = 0;  // How many subscriptions have more to read in their log.
  std::unordered_map<std::string, std::unique_ptr<Subscription>> subscriptions_;
  std::deque<Subscription*> ready_;  // Those with events that wait, in the order of their turns.
};

}  // namespace ticker::stream
