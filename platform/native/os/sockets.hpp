#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

// TCP sockets of the system, which never block and never raise SIGPIPE.
namespace tidewire::native {

using Socket = int;
inline constexpr Socket kNoSocket = -1;

struct ConnectError {
  bool isRefusal = false;  ///< By the peer.
  std::string text = {};   ///< For people.
};

struct Connecting {
  Socket socket =
      kNoSocket;  ///< The caller's to close. It becomes writable when the connection is established or has failed.
  ConnectError error = {};  ///< Why there is none.
};

/// Starts connecting to a numeric address. Fails if the socket's descriptor lies beyond libwebsockets' `table`.
[[nodiscard]] Connecting startConnecting(const std::string& address, std::uint16_t port, std::size_t table);

/// Why a connecting socket has failed; empty if the connection is established.
[[nodiscard]] std::optional<ConnectError> connectError(Socket socket);

struct SocketSent {
  std::size_t bytes = 0;
  bool full = false;    ///< The system takes no more now.
  bool broken = false;  ///< The peer cannot be reached.
};

/// Sends as many bytes from the front of `bytes` as the system accepts.
[[nodiscard]] SocketSent sendFront(Socket socket, std::span<const std::byte> bytes);

struct SocketReceived {
  std::size_t bytes = 0;
  bool ended = false;  ///< The peer will send no more, or cannot be reached.
};

/// Receives as many bytes as have arrived: into `first`, and what does not fit into `second`.
[[nodiscard]] SocketReceived receive(Socket socket, std::span<std::byte> first, std::span<std::byte> second);

/// Whether the peer has reset the connection. False if the system does not report it.
[[nodiscard]] bool peerHasReset(Socket socket);

/// Ends the direction from us to the peer.
void endSending(Socket socket);
/// Ends both directions; the socket stays open.
void endBoth(Socket socket);
void closeSocket(Socket socket);

}  // namespace tidewire::native
