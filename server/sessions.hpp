#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "server/channel_log.hpp"
#include "server/clock.hpp"
#include "server/journal.hpp"
#include "server/publishes.hpp"

namespace tidewire::server {

struct Hello;

/// What the `attempt` of a `hello` is, next to the highest one that is known of its key.
enum class Attempt : std::uint8_t {
  New,
  Late,  ///< Not above it.
  Leap,  ///< So far above it that no client gets there: it would lock out the owner of the key.
};

/// The connection of a session.
class SessionConnection {
 public:
  /// The same session has connected again.
  virtual void takenOver() = 0;
  /// The log has answered a publish of this session, though perhaps one of an earlier connection.
  virtual void settled(const Publishes::Settled& publish, const AppendResult& result) = 0;

 protected:
  ~SessionConnection() = default;
};

/// One session key of one user.
struct Session {
  std::string user = {};
  std::string key = {};     ///< A secret.
  std::string name = {};    ///< For logs: the same for the same key, which it does not reveal.
  std::string memory = {};  ///< The name of what is remembered here.
  SessionConnection* connection = nullptr;
  std::int64_t lostAt = 0;                    ///< By the steady clock, once the connection is gone.
  std::optional<std::uint64_t> attempt = {};  ///< The highest that a `hello` had.
  Publishes publishes = {};
};

/// The sessions that have a connection, and those that had one not long ago.
class Sessions {
 public:
  struct Settings {
    std::size_t dedupCount = 1024;  ///< Publishes of a session; 0: nothing is remembered.
    std::int64_t dedupMs = 120'000;
    std::size_t maxRemembered = 4096;  ///< Sessions without a connection.
  };

  /// `epoch`: one that no other process had; the names of memories add to it.
  Sessions(const Settings& settings, std::string epoch, const Clock& clock, const Journal& journal)
      : settings_(settings), epoch_(std::move(epoch)), clock_(clock), journal_(journal) {}

  [[nodiscard]] const Settings& settings() const { return settings_; }
  /// Holds for a session from its next `welcome` on.
  void setDedupCount(std::size_t count) { settings_.dedupCount = count; }

  [[nodiscard]] Attempt judge(const std::string& user, const Hello& hello);
  /// The session of that user and key, whose former connection has been ended with 4004.
  ///
  /// Requires: the `hello` was judged to be `New`.
  std::shared_ptr<Session> join(SessionConnection& connection, const std::string& user, const Hello& hello);
  /// The connection is gone. Has no effect if another one has taken over.
  void left(Session& session, const SessionConnection& connection);

  /// Hands a publish to the log. Its answer goes to the connection that the session has then.
  ///
  /// The session is remembered at least until that answer, so that the same publish, sent again, is not made twice.
  void publish(const std::shared_ptr<Session>& session, ChannelLog& log, std::optional<std::uint64_t> id,
               const std::string& channel, const Draft& draft);

 private:
  void forget();
  void settle(Session& session, std::uint64_t ticket, const AppendResult& result);
  [[nodiscard]] std::string newMemory() { return epoch_ + "-m" + std::to_string(++memories_); }

  Settings settings_;
  std::string epoch_;
  const Clock& clock_;
  const Journal& journal_;
  std::uint64_t memories_ = 0;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<Session>> sessions_;  // By user and key.
  std::list<Session*> lost_;                                                          // Oldest first.
};

}  // namespace tidewire::server
