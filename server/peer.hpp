#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/framing.hpp"
#include "server/heads.hpp"
#include "server/hub.hpp"
#include "server/outbox.hpp"
#include "server/rate_limit.hpp"
#include "server/sessions.hpp"
#include "server/subscriptions.hpp"

namespace tidewire::server {

/// One client that speaks "tidewire.v1", without its socket: docs/protocol.md, the server's half.
///
/// What has to wait for a log keeps what the client sends behind it: nothing overtakes, and TCP is the flow control.
class Peer final : private SessionConnection {
 public:
  /// The socket's side.
  class Carrier {
   public:
    /// There is something to `take`, or the connection shall end. Called at any time, repeatedly.
    virtual void outputWaits() = 0;
    /// The deadline is earlier than it was.
    virtual void deadlineNears() = 0;
    /// `holdsBack` may have become false. Called at any time, repeatedly.
    virtual void mayReadAgain() = 0;

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
  /// Whether the client shall not be read: it has to take answers first, or a log has to answer.
  [[nodiscard]] bool holdsBack() const;
  /// Whether the client is read. One that is not, is not silent; it has to take something from time to time.
  void setListening(bool listening);
  /// What a WebSocket message may have now; a larger one is `tooBig`.
  [[nodiscard]] std::size_t maxMessageBytes() const;
  void tooBig();

  /// The next WebSocket message to send, empty if there is none. The client has taken those before.
  Batch take();
  /// Goes on with what waits to be handled, as far as there is room for its answers. Call it after `take`.
  void proceed();
  /// Whether what was taken last is on its way, or stays because the client does not read.
  void setReading(bool reading) { subscriptions_.setReading(reading); }
  /// Once there is an ending, and nothing more to take, the connection ends so.
  [[nodiscard]] const std::optional<Ending>& ending() const { return ending_; }

  /// When `elapsed` is to be called, by the hub's steady clock; it may move at any time.
  [[nodiscard]] std::optional<std::int64_t> deadline() const;
  void elapsed();

  /// Asks the client to connect anew, within `spreadMs`.
  ///
  /// Returns: false if it is not that far yet.
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
  /// A message that waits for a log, ahead of all input.
  struct Held {
    Head head;
    std::string body;
  };
  /// A request that the application has not answered.
  struct OpenRequest {
    std::uint64_t id = 0;
    bool cancelled = false;
  };

  void takenOver() override;
  void settled(const Publishes::Settled& publish, const AppendResult& result) override;

  /// Returns: false if it stopped because too many answers wait, or a message has to wait for a log.
  [[nodiscard]] bool handleAll(Unframer& unframer);
  void handleHeld();
  [[nodiscard]] bool hasToWait(const Head& head) const;
  [[nodiscard]] bool hasToWait(const Publish& head) const;
  void dispatch(const Head& head, std::string_view body);
  void handle(const Hello& head, std::string_view body);
  void handle(const Subscribe& head, std::string_view body);
  void handle(const Unsubscribe& head, std::string_view body);
  void handle(const Publish& head, std::string_view body);
  void handle(const Request& head, std::string_view body);
  void handle(const Cancel& head, std::string_view body);
  void handle(const Ping& head, std::string_view body);
  void handle(const Auth& head, std::string_view body);
  void handle(const UnknownOp& head, std::string_view body);

  /// Returns: the code of what forbids it.
  [[nodiscard]] const char* refusalOf(const Publish& head, std::string_view body, std::shared_ptr<ChannelLog>& log);
  /// Returns: how many answers were added so far.
  std::uint64_t answerSubscribe(const Subscribe& head, const Start* start);
  void replied(std::uint64_t ticket, const Outcome& outcome);
  void welcome();
  void refuse(std::string_view code);
  void malformed();

  void answer(Packet packet);
  void answer(HeadWriter& head) { answer(Packet(head.take())); }
  void answerUrgently(HeadWriter& head);
  void acknowledge(std::uint64_t id, std::uint64_t seq);
  void error(std::optional<std::uint64_t> id, std::string_view code, std::string_view message = {});
  void endSubscription(const std::string& channel, std::string_view code);
  /// A log or the application has answered.
  void goOn();
  /// What waits to be answered still goes out, events do not, and what still comes from the client has no effect.
  void end(std::uint16_t code, std::string_view reason);
  void tooSlow();
  /// The connection ends without anything that waits, but for the error that says why.
  void cut(std::string_view error, std::uint16_t code, std::string_view reason);

  Hub& hub_;
  Carrier& carrier_;
  std::int64_t opened_;
  std::int64_t lastHeard_;
  std::int64_t lastTaken_;  // When the socket took something, or the client was no longer read.
  bool listening_ = true;
  std::shared_ptr<Session> session_;  // Since `hello`, until the ending.
  bool welcomed_ = false;
  std::string knownMemory_;  // That `hello` named.
  std::optional<std::int64_t> tokenExpires_;
  std::size_t clientTakes_;  // In one WebSocket message.
  RateLimit publishes_;
  Subscriptions subscriptions_;
  Outbox outbox_;
  std::optional<Held> held_;
  std::deque<Input> input_;
  bool handling_ = false;
  std::map<std::uint64_t, OpenRequest> requests_;  // By ticket.
  std::uint64_t tickets_ = 0;
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);  // For answers that come when it is gone.
  bool tooSlow_ = false;
  std::optional<Ending> ending_;
};

}  // namespace tidewire::server
