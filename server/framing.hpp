#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tidewire::server {

// How messages lie in WebSocket messages: docs/protocol.md, section 2.1.

/// One message that has come, as views into the WebSocket message that carried it.
struct Part {
  std::string_view head;
  std::optional<std::string_view> body = {};  ///< No body and an empty one are different things.
};

/// Takes a WebSocket message apart. `payload` outlives it.
class Unframer {
 public:
  Unframer(bool binary, std::string_view payload) : rest_(payload), binary_(binary), malformed_(payload.empty()) {}

  /// The next message; nothing at the end, and from where the framing is malformed on.
  std::optional<Part> next();
  [[nodiscard]] bool malformed() const { return malformed_; }
  /// What has not been taken yet. By itself it is a WebSocket message of the same kind, unless it is empty.
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view takeText();
  std::string_view takeBinary();

  std::string_view rest_;
  bool binary_;
  bool malformed_;
};

/// One message on its way out.
struct Packet {
  explicit Packet(std::string head) : bytes(std::move(head)) {}
  Packet(std::string head, std::string_view body);

  /// Of a WebSocket message with nothing else in it.
  [[nodiscard]] std::size_t framedBytes() const;

  std::string bytes;
  bool binary = false;  ///< It must not go in text framing.
};

/// Messages that leave as one WebSocket message.
class Batch {
 public:
  /// `maxBytes`: the largest WebSocket message that may be sent.
  explicit Batch(std::size_t maxBytes);

  /// Whether the packet may join those that are in already. The first always may.
  [[nodiscard]] bool takes(const Packet& packet) const;
  void add(const Packet& packet);

  [[nodiscard]] bool empty() const { return payload_.empty(); }
  [[nodiscard]] bool binary() const { return binary_; }
  [[nodiscard]] const std::string& payload() const { return payload_; }

 private:
  std::size_t maxBytes_;
  std::string payload_;
  bool binary_ = false;
};

}  // namespace tidewire::server
