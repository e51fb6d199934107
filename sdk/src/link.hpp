#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client_layer.hpp"
#include "client_parts.hpp"
#include "core/connection.hpp"

namespace tidewire::internal {

/// The transport of the present attempt, and sending over it: posted messages, the connection's queue, the layer's
/// messages. Loop thread.
class Link {
 public:
  Link(const ClientParts& parts, core::Connection& connection, const LayerPointer<ClientLayer>& layer)
      : parts_(parts), connection_(connection), layer_(layer) {}
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link();

  // The transport.

  void dial(TransportEvents& events, const Endpoint& endpoint);
  /// Ends the transport, with a Close frame if `parting` is one. It is freed by `freeCut`, since it may be the caller.
  /// Returns false if there is none.
  bool cut(const std::optional<core::SendClose>& parting);
  void freeCut() { cut_.clear(); }
  /// For people: the step that the handshake of the last cut attempt still waited for, or an empty text.
  [[nodiscard]] std::string takeAwaited() { return std::exchange(awaited_, {}); }

  [[nodiscard]] bool exists() const noexcept { return transport_ != nullptr; }
  /// Whether messages may go out: a transport that has ended may still have arrivals that the layer reads.
  [[nodiscard]] bool isLive() const noexcept { return transport_ != nullptr && endBehind_ == nullptr; }
  [[nodiscard]] std::optional<TransportEnd> takeKnownEnd();

  /// The end that is reported when the layer has read everything that arrived before it.
  void endBehindArrivals(TransportEnd end) { endBehind_ = std::make_unique<TransportEnd>(std::move(end)); }
  /// The same, for a transport that has not ended by itself.
  void cutBehindArrivals(TransportEnd end);
  [[nodiscard]] bool endsBehindArrivals() const noexcept { return endBehind_ != nullptr; }
  [[nodiscard]] std::unique_ptr<TransportEnd> takeEndBehind() { return std::move(endBehind_); }

  /// Stops or continues reading, where the loop can do that.
  void pauseReading(bool pause);

  // Sending.

  void ping(const core::SendPing& ping);
  void sendText(std::string_view text);
  void close(const core::SendClose& close);
  // `began`: when the round began, for the flight record.

  /// Gives the transport the posted messages that it takes at once; the others go to the connection's queue.
  void sendPosted(core::Time began, PayloadStore::Batch& batch);
  void sendLayer(core::Time began);
  /// Gives the transport the queued messages that it has room for.
  void sendQueued(core::Time began);
  void flush();
  /// What was sent since the last call.
  [[nodiscard]] Transport::Sent takeSent() noexcept { return std::exchange(sent_, {}); }
  [[nodiscard]] Mailbox::Behind behind() const;
  /// Has a round come once no more than `mark` bytes are buffered.
  void awaitBuffered(std::size_t bufferedBytes, std::size_t mark);

 private:
  void noteSent(core::Time began, const Transport::Sent& sent);

  const ClientParts& parts_;
  core::Connection& connection_;
  const LayerPointer<ClientLayer>& layer_;  // Or null.
  std::unique_ptr<Transport> transport_;
  std::vector<std::unique_ptr<Transport>> cut_;
  std::string awaited_;
  Transport::Sent sent_;
  std::unique_ptr<TransportEnd> endBehind_;
  bool readingPaused_ = false;
};

}  // namespace tidewire::internal
