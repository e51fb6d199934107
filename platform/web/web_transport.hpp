#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "platform/transport.hpp"

namespace tidewire::web {

/// Information about a failure beyond its close event.
enum class Failure : std::uint8_t {
  Usual,        ///< Nothing.
  Forbidden,    ///< The browser refuses to try this address.
  Unavailable,  ///< There is no WebSocket.
};

/// A connection through the browser's WebSocket, made in the calling thread. The socket and every payload stay in
/// JavaScript; C++ has a handle.
class WebTransport final : public internal::Transport {
 public:
  explicit WebTransport(internal::TransportEvents& events) : events_(events) {}
  ~WebTransport() override { abort(); }

  void open(const Endpoint& endpoint, const Options& options) override;
  [[nodiscard]] std::size_t room() const override;
  void send(core::Outgoing message) override;
  void flush() override {}
  [[nodiscard]] std::size_t bufferedBytes() const override;
  void awaitBuffered(std::size_t most) override;
  [[nodiscard]] std::string awaited() const override;
  void ping(std::span<const std::byte>) override {}
  void close(std::uint16_t code, std::string_view reason) override;
  void setReading(bool) override {}
  void leave(std::uint16_t code, std::string_view reason) override;
  void abort() override;

  // Events of the browser.

  void opened(std::string_view subprotocol);
  void received(Message& message);
  void writable();
  void closed(std::uint16_t code, std::string_view reason);
  void failed(std::string_view error, Failure failure);
  void receivedTooMuch();

 private:
  void openLate();
  void end(internal::TransportEnd end);

  internal::TransportEvents& events_;
  std::uint32_t handle_ = 0;  // 0: no socket.
  bool open_ = false;
  mutable bool mayBuffer_ = false;  // The browser may hold bytes of messages.
};

}  // namespace tidewire::web
