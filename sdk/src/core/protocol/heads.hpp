#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace tidewire::core::protocol {

// The heads of "tidewire.v1", as a client reads and writes them: docs/protocol.md, sections 2.2 and 4. The types have
// the names of the operations, and their members those of the fields.

inline constexpr std::size_t kMaxHeadBytes = 16'384;
inline constexpr std::size_t kMaxHeadDepth = 64;  ///< Objects and lists within each other, the head among them.
inline constexpr std::uint64_t kMaxInteger = (std::uint64_t{1} << 53) - 1;

enum class BodyType : std::uint8_t { Text, Bytes };

struct Position {
  std::string epoch = {};
  std::uint64_t seq = 0;
};

// From the server.

struct Welcome {
  struct Dedup {
    std::uint64_t count = 0;
    std::chrono::milliseconds age{0};  ///< `ms`.
  };
  bool resumed = false;
  std::chrono::milliseconds heartbeat{25'000};
  std::uint64_t now = 0;
  std::uint64_t maxMessage = 1'048'576;
  std::uint64_t requests = 64;  ///< At least 1.
  std::optional<std::string> memory = {};
  std::optional<Dedup> dedup = {};
};
struct Subscribed {
  std::uint64_t id = 0;
  std::string epoch = {};
  std::uint64_t seq = 0;
  bool recovered = false;
  std::optional<std::uint64_t> from = {};
};
struct EventHead {
  std::string channel = {};
  std::uint64_t seq = 0;
  std::optional<std::uint64_t> ts = {};
  std::uint64_t skipped = 0;
  BodyType type = BodyType::Text;
};
struct Unsubscribed {
  std::optional<std::uint64_t> id = {};
  std::string channel = {};
  std::optional<std::string> code = {};
  std::string message = {};
  bool temporary = false;
};
struct Ack {
  std::uint64_t id = 0;
  std::optional<std::uint64_t> seq = {};
};
struct Reply {
  std::uint64_t id = 0;
  BodyType type = BodyType::Text;
};
struct Pong {
  std::uint64_t t = 0;
  std::uint64_t now = 0;
};
struct GoAway {
  std::chrono::milliseconds after{0};
  std::chrono::milliseconds spread{0};
  std::optional<std::string> url = {};
};
struct ErrorHead {
  std::optional<std::uint64_t> id = {};
  std::string code = {};
  std::string message = {};
  bool temporary = false;
};
/// An operation that this version does not have.
struct UnknownOp {
  std::string op = {};
};
struct Malformed {
  std::string why = {};  ///< For people.
};

// What is met most stands first.
using ServerHead = std::variant<EventHead, Welcome, Subscribed, Unsubscribed, Ack, Reply, Pong, GoAway, ErrorHead,
                                UnknownOp, Malformed>;

/// Whether a message with this head has a body that is said to be text.
[[nodiscard]] bool carriesText(const ServerHead& head) noexcept;

// What is malformed besides heads.

[[nodiscard]] Malformed brokenFraming();
/// A body that is not the text that it is said to be.
[[nodiscard]] Malformed brokenText();

// From the client. Strings are well-formed UTF-8 here, and channels, names and integers within their limits.

/// The least that `Hello::maxMessage` may be.
inline constexpr std::uint64_t kMinMaxMessage = 1'024;

struct Hello {
  std::string session = {};
  std::uint64_t attempt = 1;
  std::optional<std::string> memory = {};
  std::optional<std::string> token = {};
  std::optional<std::uint64_t> maxMessage = {};  ///< Without it, a server takes 16 MiB for it.
};
struct Subscribe {
  std::uint64_t id = 0;
  std::string channel = {};
  std::optional<Position> since = {};
  std::uint64_t last = 0;
  bool conflate = false;
};
struct Unsubscribe {
  std::uint64_t id = 0;
  std::string channel = {};
};
struct Publish {
  std::optional<std::uint64_t> id = {};
  std::string channel = {};
  BodyType type = BodyType::Text;
};
struct Request {
  std::uint64_t id = 0;
  std::string method = {};
  BodyType type = BodyType::Text;
};
struct Cancel {
  std::uint64_t id = 0;
};
struct Ping {
  std::uint64_t t = 0;
};
struct Auth {
  std::uint64_t id = 0;
  std::string token = {};
};

[[nodiscard]] std::string write(const Hello& head);
[[nodiscard]] std::string write(const Subscribe& head);
[[nodiscard]] std::string write(const Unsubscribe& head);
[[nodiscard]] std::string write(const Publish& head);
[[nodiscard]] std::string write(const Request& head);
[[nodiscard]] std::string write(const Cancel& head);
[[nodiscard]] std::string write(const Ping& head);
[[nodiscard]] std::string write(const Auth& head);

/// Whether `text`, which may be any bytes, can name a channel or a method.
[[nodiscard]] bool isChannel(std::string_view text) noexcept;
/// Whether `text` can be an epoch or an error's code.
[[nodiscard]] bool isName(std::string_view text) noexcept;

}  // namespace tidewire::core::protocol
