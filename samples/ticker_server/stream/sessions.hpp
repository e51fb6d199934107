#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ticker::stream {

class Peer;
struct Hello;

/// What the `attempt` of a `hello` is, next to the highest one that is known of its key.
enum class Attempt : std::uint8_t {
  New,
  Late,  ///< Not above it.
  Leap,  ///< So far above it that no client gets there: it would lock out whoever has the key.
};

/// The publishes of a session that are answered already: docs/protocol.md, section 6.
class Answered {
 public:
  /// The place in its channel that the publish got.
  [[nodiscard]] std::optional<std::uint64_t> find(std::uint64_t id) const;
  /// Forgets the oldest beyond `maxCount`, which is not 0.
  void add(std::uint64_t id, std::uint64_t seq, std::size_t maxCount);

 private:
  std::vector<std::pair<std::uint64_t, std::uint64_t>> answers_;  // A ring once it is full.
  std::size_t oldest_ = 0;
  std::uint64_t highestId_ = 0;
};

/// What is known of one session key of one user.
struct Session {
  std::string user;
  std::string key;          ///< A secret.
  std::string name = {};    ///< For logs: the same for the same key, which it does not tell.
  std::string memory = {};  ///< The name of what is remembered here.
  Peer* peer = nullptr;     ///< Its connection, while it has one.
  std::int64_t lostAt = 0;
  std::optional<std::uint64_t> attempt = {};  ///< The highest that a `hello` had.
  Answered answered = {};
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
  Sessions(const Settings& settings, std::string epoch) : settings_(settings), epoch_(std::move(epoch)) {}

  [[nodiscard]] const Settings& settings() const { return settings_; }

  [[nodiscard]] Attempt judge(const std::string& user, const Hello& hello, std::int64_t now);
  /// The session of that user and key, whose former connection has been ended with 4004.
  ///
  /// Requires: the `hello` was judged to be `New`.
  Session& join(Peer& peer, const std::string& user, const Hello& hello);
  /// The connection is gone. Nothing happens if another one has taken over.
  void left(Session& session, const Peer& peer, std::int64_t now);

 private:
  void forget(std::int64_t now);

  Settings settings_;
  std::string epoch_;
  std::uint64_t memories_ = 0;
  std::map<std::pair<std::string, std::string>, Session> sessions_;  // By user and key.
  std::list<Session*> lost_;                                         // Those without a connection, oldest first.
};

}  // namespace ticker::stream
