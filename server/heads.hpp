#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace tidewire::server {

// What clients say: docs/protocol.md, section 4. A field that may be left out has its default.

enum class BodyType : std::uint8_t { Text, Bytes };

struct Position {
  std::string epoch;
  std::uint64_t seq = 0;
};

struct Hello {
  std::uint64_t v = 0;
  std::string session;
  std::optional<std::uint64_t> attempt;
  std::uint64_t maxMessage = 16 * 1024 * 1024;
  std::string memory;  ///< Empty if it names none.
  std::string token;
};

struct Subscribe {
  std::uint64_t id = 0;
  std::string channel;
  std::optional<Position> since;
  std::uint64_t last = 0;
  bool conflate = false;
};

struct Unsubscribe {
  std::uint64_t id = 0;
  std::string channel;
};

struct Publish {
  std::optional<std::uint64_t> id;
  std::string channel;
  BodyType type = BodyType::Text;
};

struct Request {
  std::uint64_t id = 0;
  std::string method;
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
  std::string token;
};

struct UnknownOp {
  std::optional<std::uint64_t> id;
};

using Head = std::variant<Hello, Subscribe, Unsubscribe, Publish, Request, Cancel, Ping, Auth, UnknownOp>;

/// Returns: nothing for a head that is malformed.
std::optional<Head> readHead(std::string_view text);

/// Writes a head, field by field.
class HeadWriter {
 public:
  explicit HeadWriter(std::string_view op);

  HeadWriter& text(std::string_view name, std::string_view value);
  HeadWriter& number(std::string_view name, std::uint64_t value);
  HeadWriter& flag(std::string_view name, bool value);
  /// `json` stands there as it is.
  HeadWriter& raw(std::string_view name, std::string_view json);
  HeadWriter& type(BodyType type);

  /// The whole head. The writer is done then.
  std::string take();

 private:
  std::string head_;
};

/// `text` as a JSON string. What is not UTF-8 is replaced.
std::string quoteJson(std::string_view text);

}  // namespace tidewire::server
