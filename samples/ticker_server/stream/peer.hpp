#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "stream/framing.hpp"
#include "stream/heads.hpp"
#include "stream/hub.hpp"
#include "stream/rate_limit.hpp"
#include "stream/subscriptions.hpp"

namespace ticker::stream {

/// One client that speaks "tidewire.v1", without its socket: docs/protocol.md, the server's half.
class Peer {
 public:
  /// The socket's side.
  class Carrier {
   public:
    /// There is something to `take`, or the connection shall end. Called at any time, repeatedly.
    virtual void outputWaits() = 0;
    /// The deadline is earlier than it was.
    virtual void deadlineNears() = 0;

   protected:
    ~Carrier() = default;
  };

  /// How the connection shall end.
  struct Ending {
    std::uint16_t code;
    std::string_view reason;
  };

  /// `hub` and `carrier` outlive the peer.
  Peer(Hub& hub, Carrier& carrier);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// A sign of life: some bytes have come.
  void heard() { lastHeard_ = hub_.steadyTime(); }
  /// A WebSocket message has come. While more answers wait than `Limits::maxQueueBytes`, what is left of it waits too.
  void received(bool binary, std::string_view payload);
  /// Whether the client shall not be read: it has to take answers first.
  [[nodiscard]] bool holdsBack() const;
  /// Whether the client is read. One that is not, is not silent; it has to take something from time to time.
  void setListening(bool listening);
  /// What a WebSocket message may have now; a larger one is `tooBig`.
  [[nodiscard]] std::size_t maxMessageBytes() const;
  void tooBig();

  /// The next WebSocket message to send, empty if there is none. The client has taken those before.
  Batch take();
  /// Goes on with what waits to be handled, as far as there is room for its answers.
  void proceed();
  /// Whether what was taken last is on its way, or stays because the client does not read.
  void setReading(bool reading) { subscriptions_.setReading(reading); }
  /// Once there is an ending, and nothing more to take, the connection ends so.
  [[nodiscard]] const std::optional<Ending>& ending() const { return ending_; }

  /// When `elapsed` is to be called, by the hub's steady clock; it may move at any time.
  [[nodiscard]] std::optional<std::int64_t> deadline() const;
  void elapsed();

  /// The same session has connected again.
  void takenOver();
  /// Asks the client to connect anew, within `spreadMs`.
  ///
  /// Returns: false if it has not come so far that it can be asked.
  [[nodiscard]] bool goAway(std::uint64_t spreadMs);
  /// The server stops.
  void stop();

 private:
  /// A WebSocket message that waits to be handled.
  struct Input {
    Input(bool binary, std::string_view text) : payload(text), unframer(binary, payload) {}
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;

    std::string payload;
    Unframer unframer;
  };

  /// Returns: false if it stopped because too many answers wait.
  [[nodiscard]] bool handleAll(Unframer& unframer);
  void handle(const Head& head, std::string_view body);
  void handle(const Hello& head, std::string_view body);
  void handle(const Subscribe& head, std::string_view body);
  void handle(const Unsubscribe& head, std::string_view body);
  void handle(const Publish& head, std::string_view body);
  void handle(const Request& head, std::string_view body);
  void handle(const Cancel& /*head*/, std::string_view /*body*/) {}  // Everything is answered at once.
  void handle(const Ping& head, std::string_view body);
  void handle(const Auth& head, std::string_view body);
  void handle(const UnknownOp& head, std::string_view body);

  /// Returns: the code of what forbids it.
  [[nodiscard]] const char* refusalOf(const Publish& head, std::string_view body, std::shared_ptr<ChannelLog>& log);
  /// `known`: the memory that the client names.
  void welcome(std::string_view known);
  void refuse(std::string_view code);
  void malformed();

  void answer(Packet packet);
  void answer(HeadWriter& head) { answer(Packet(head.take())); }
  void error(std::optional<std::uint64_t> id, std::string_view code, std::string_view message = {});
  void queue(std::deque<std::shared_ptr<const Packet>>& packets, Packet packet);
  [[nodiscard]] bool fits(const Packet& packet) const { return packet.framedBytes() <= clientTakes_; }
  /// What waits to be answered still goes out, events do not, and what still comes from the client has no effect.
  void end(std::uint16_t code, std::string_view reason);
  void tooSlow();
  /// The connection ends without anything that waits, but for the error that says why.
  void cut(std::string_view error, std::uint16_t code, std::string_view reason);

  [[nodiscard]] bool eventIsNext();
  [[nodiscard]] std::shared_ptr<const Packet> nextAnswer() const;
  void popAnswer();
  void popEvent(const Packet& packet);
  /// Ends the subscription whose event is next: the client does not take one of this size.
  void dropSubscription();

  Hub& hub_;
  Carrier& carrier_;
  std::int64_t opened_;
  std::int64_t lastHeard_;
  std::int64_t lastTaken_;  // When the socket took something, or the client was no longer read.
  bool listening_ = true;
  Session* session_ = nullptr;  // Since `hello`, until the ending.
  std::optional<std::int64_t> tokenExpires_;
  std::size_t clientTakes_;  // In one WebSocket message.
  RateLimit publishes_;
  Subscriptions subscriptions_;
  std::deque<Input> input_;
  std::deque<std::shared_ptr<const Packet>> urgent_;  // The welcome and pongs.
  std::deque<std::shared_ptr<const Packet>> answers_;
  std::size_t answerBytes_ = 0;  // Of both.
  std::uint64_t answersQueued_ = 0;
  std::uint64_t answersSent_ = 0;
  std::size_t lead_ = 0;  // Bytes of answers that went ahead of events that waited.
  bool tooSlow_ = false;
  std::optional<Ending> ending_;
};

}  // namespace ticker::stream
