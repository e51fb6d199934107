#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/protocol/framing.hpp"
#include "dice.hpp"

namespace tidewire::simulation {

/// A server that says whatever makes a client do something, at any moment and as soon as it can: each operation and
/// each field with hostile values. What it likes best differs from seed to seed, so that it does not spoil its own
/// storms.
class Liar {
 public:
  /// Something that it says, with a body where there is one; or a Close code instead.
  struct Said {
    std::string head = {};
    std::optional<std::string> body = {};
    std::uint16_t close = 0;
  };
  using Say = std::function<void(Said)>;

  Liar(Dice& dice, Say say);

  /// A new connection.
  void connected();
  void receive(const core::protocol::Framer::Batch& batch);
  /// Nobody has asked.
  void nag();

 private:
  using Json = nlohmann::json;

  void react(const Json& head);
  void greet();
  void answerSubscribe(const Json& head);
  void answerCall(const Json& head, const char* op);
  void say(const Json& head, std::optional<std::string> body = {});
  void sayEvent(const std::string& channel, std::uint64_t seq, std::uint64_t skipped);
  void sayGoAway();
  void sayError(std::uint64_t id);
  [[nodiscard]] bool likes(unsigned trick) noexcept { return (tricks_ & (1u << trick)) != 0 && dice_.chance(95); }
  [[nodiscard]] std::uint64_t hostile();
  [[nodiscard]] std::string epoch();

  Dice& dice_;
  const Say say_;
  const unsigned tricks_;
  std::map<std::string, std::uint64_t> positions_;  // That the client is at, perhaps.
  std::vector<std::uint64_t> ids_;
  std::uint64_t epochs_ = 0;
};

}  // namespace tidewire::simulation
