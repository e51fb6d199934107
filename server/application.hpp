#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/channel_log.hpp"

namespace tidewire::server {

struct Session;

/// The user whom a token names, or the code of the error that refuses it: `unauthorized` or `token-expired`.
struct TokenVerdict {
  std::string user = {};
  std::string_view refusal = {};             ///< A literal.
  std::optional<std::int64_t> expires = {};  ///< By the steady clock, in milliseconds.
};

/// A channel, or the code of the error why there is none.
struct OpenedChannel {
  std::shared_ptr<ChannelLog> log = {};
  const char* refusal = nullptr;
};

/// What a request brings: the body of the reply, or the code of an error and a text for people.
struct Outcome {
  std::string body = {};
  BodyType type = BodyType::Text;
  std::string refusal = {};
  std::string message = {};
};

/// What an application decides: who its users are, which channels there are, and what its methods do.
class Application {
 public:
  virtual TokenVerdict check(const std::string& token) = 0;

  /// The channel, to listen to. `session` is the one that wants it.
  virtual OpenedChannel open(const std::string& channel, const Session& session) = 0;
  /// The channel, to publish in.
  virtual OpenedChannel openToPublish(const std::string& channel, const Session& session) = 0;
  /// Whether clients make the channel by using it. `Limits::maxRooms` bounds these.
  [[nodiscard]] virtual bool isRoom(std::string_view channel) const = 0;

  /// Answers a request, in this turn or in a later one, once. `body` is valid during the call.
  virtual void call(std::string_view method, std::string_view body, std::function<void(Outcome)> done) = 0;

 protected:
  ~Application() = default;
};

}  // namespace tidewire::server
