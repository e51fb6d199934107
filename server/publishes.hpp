#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidewire::server {

/// The publishes of a session: those that the log has not answered, and the last ones that it has. A publish that comes
/// again is found among both: docs/protocol.md, section 6.
class Publishes {
 public:
  /// The place in its channel of a publish that was made.
  [[nodiscard]] std::optional<std::uint64_t> find(std::uint64_t id) const;
  /// Whether a publish of this id waits for the log.
  [[nodiscard]] bool isWaiting(std::uint64_t id) const;
  /// One more answer is due to a publish that waits for the log.
  void expectAnswer(std::uint64_t id);

  /// Whether a publish in this channel cannot overtake those that wait: the calls of one log alone keep their order.
  [[nodiscard]] bool keepsOrder(std::string_view channel) const;
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

  /// A publish is handed to the log. Returns its ticket.
  std::uint64_t begin(std::optional<std::uint64_t> id, const std::string& channel);
  struct Settled {
    std::optional<std::uint64_t> id = {};
    std::string channel = {};
    unsigned answersDue = 0;  ///< To the present connection.
  };
  /// The log has answered.
  Settled settle(std::uint64_t ticket);
  /// The connection is gone that the answers were due to.
  void expectNoAnswers();

  /// Remembers so many answers from now on.
  void limit(std::size_t maxAnswers);
  void remember(std::uint64_t id, std::uint64_t seq);
  void forgetAnswers() { answers_.clear(); }

 private:
  struct Waiting {
    std::uint64_t ticket = 0;
    Settled publish = {};
  };

  std::vector<Waiting> waiting_;
  std::uint64_t tickets_ = 0;
  std::deque<std::pair<std::uint64_t, std::uint64_t>> answers_;  // Ids and places, oldest first.
  std::size_t maxAnswers_ = 0;
  std::uint64_t highestId_ = 0;
};

}  // namespace tidewire::server
