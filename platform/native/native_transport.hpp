#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/url.hpp"
#include "dialer.hpp"
#include "lws.hpp"
#include "message_memory.hpp"
#include "native_loop.hpp"
#include "platform/transport.hpp"
#include "rfc6455/body_excerpt.hpp"
#include "rfc6455/codec.hpp"
#include "rfc6455/frame_writer.hpp"
#include "rfc6455/message_encoder.hpp"
#include "rfc6455/response_head.hpp"
#include "wire.hpp"

namespace tidewire::native {

/// The memory of the message that a decoder has put together, as long as the message is not kept.
class ReassembledMemory final : public internal::MessageMemory {
 public:
  explicit ReassembledMemory(std::optional<Decoder>& decoder) noexcept : decoder_(decoder) {}

  [[nodiscard]] internal::MessageMemory* keep() override;
  void release() noexcept override {}

 private:
  std::optional<Decoder>& decoder_;
};

/// A connection through libwebsockets' RAW role, which holds the socket. Reading, TLS, the opening handshake and the
/// frames are ours.
class NativeTransport final : public internal::Transport, private WsiOwner, private Dialer::Client {
 public:
  [[nodiscard]] static std::unique_ptr<internal::Transport> make(NativeLoop& loop, internal::TransportEvents& events) {
    return std::make_unique<NativeTransport>(loop, events);
  }

  NativeTransport(NativeLoop& loop, internal::TransportEvents& events);
  ~NativeTransport() override;

  // Open.
  void open(const Endpoint& endpoint, const Options& options) override;

  // Receive.
  void setReading(bool reading) override;

  // Send.
  [[nodiscard]] std::size_t room() const override;
  void send(core::Outgoing message) override;
  Sent sendFrom(internal::PayloadStore::Batch& batch) override;
  [[nodiscard]] std::size_t bufferedBytes() const override;
  void awaitBuffered(std::size_t most) override;
  [[nodiscard]] std::string awaited() const override;
  [[nodiscard]] std::optional<internal::TransportEnd> takeKnownEnd() override;
  void flush() override;
  void ping(std::span<const std::byte> payload) override;

  // End.
  void close(std::uint16_t code, std::string_view reason) override;
  void leave(std::uint16_t code, std::string_view reason) override;
  void abort() override;

 private:
  // Open.
  void refuse(CloseCause cause, std::string detail);
  void dialed(lws* wsi, std::string address, std::optional<core::Duration> lookUp, core::Duration connect) override;
  void dialFailed(std::string detail) override;
  void begin();
  void sendRequest();
  void readHead(std::span<const std::byte>& bytes);
  void judgeAnswer();
  void tooLong();
  void refuseAnswer(std::string detail);
  void readRefusal(std::span<const std::byte> bytes);
  void endRefused();
  [[nodiscard]] internal::TransportEnd takeRefusal();

  // Receive.
  int onCallback(lws* wsi, lws_callback_reasons reason) override;
  void onReadable();
  [[nodiscard]] bool readOnce();
  void streamEnded();
  [[nodiscard]] std::span<std::byte> place();
  void decrypt(std::span<const std::byte> bytes);
  [[nodiscard]] bool decryptOnce(Tls& tls);
  void plainArrived(std::size_t placed, std::span<const std::byte> bytes);
  void continueReading();
  void endIfRead();
  void decode(std::size_t placed, std::span<const std::byte> bytes);
  void onEvent(const CodecEvent& event);

  // Send.
  [[nodiscard]] std::optional<std::uint32_t> maskKey();
  void answerPing(std::span<const std::byte> payload);
  void onWritable();
  void writeOut();
  [[nodiscard]] bool blocked() const { return wire_.blocked() || writer_.cutShort(); }

  // End.
  void lost();
  void fail(CloseCause cause, std::string detail);
  void end(internal::TransportEnd end);

  // Expires with this transport, for scheduled functions.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>();
  NativeLoop& loop_;
  internal::TransportEvents& events_;
  const Options* options_ = nullptr;
  const Endpoint* endpoint_ = nullptr;
  core::Url url_;
  std::string key_;
  std::optional<Dialer> dialer_;
  std::shared_ptr<SSL_CTX> trust_;
  Wire wire_;
  std::string address_;                     // The peer's, once TCP is established.
  std::optional<ResponseHeadReader> head_;  // Until the response is validated.
  // The server has refused, and its explanation may still arrive.
  struct Refusal {
    internal::TransportEnd end;
    BodyExcerpt words;
  };
  std::optional<Refusal> refusal_;
  ev_timer patience_{};
  HandshakeTimes times_;
  core::Time stepBegan_{};
  bool open_ = false;

  std::optional<Decoder> decoder_;
  ReassembledMemory reassembled_{decoder_};
  bool reading_ = true;
  std::vector<std::byte> held_;  // Received while reading was stopped; not decoded yet.
  bool ended_ = false;           // The stream has.
  bool reset_ = false;           // By the peer's RST.

  FrameWriter writer_;
  MessageEncoder encoder_{writer_};
  // A Ping that came while too many bytes waited to be sent. Only the newest is answered (RFC 6455 section 5.5.3).
  struct PendingPong {
    std::array<std::byte, kMaxControlBytes> payload;
    std::size_t size;
  };
  std::optional<PendingPong> pendingPong_;
  bool usedUp_ = false;                 // `room` was zero or small: report when it grows.
  std::optional<std::size_t> awaited_;  // Report when no more than this is buffered.

  bool closeSent_ = false;
  std::optional<internal::TransportEnd> ending_;
  bool over_ = false;  // Ended or aborted: no further event.
};

}  // namespace tidewire::native
