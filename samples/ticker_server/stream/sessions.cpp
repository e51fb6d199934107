#include "stream/sessions.hpp"

#include <algorithm>

#include "stream/heads.hpp"
#include "stream/peer.hpp"

namespace ticker::stream {

std::optional<std::uint64_t> Answered::find(std::uint64_t id) const {
  if (id > highestId_) {  // As a rule: ids rise.
    return std::nullopt;
  }
  const auto found = std::ranges::find(answers_, id, &std::pair<std::uint64_t, std::uint64_t>::first);
  return found != answers_.end() ? std::optional(found->second) : std::nullopt;
}

void Answered::add(std::uint64_t id, std::uint64_t seq, std::size_t maxCount) {
  highestId_ = std::max(highestId_, id);
  if (answers_.size() < maxCount) {
    answers_.emplace_back(id, seq);
    return;
  }
  answers_[oldest_] = {id, seq};
  oldest_ = (oldest_ + 1) % maxCount;
}

Session* Sessions::join(Peer& peer, const std::string& user, const Hello& hello, std::int64_t now) {
  forget(now);
  const auto [place, isNew] = sessions_.try_emplace({user, hello.session}, Session{.user = user, .key = hello.session});
  Session& session = place->second;
  if (hello.attempt && *hello.attempt <= session.attempt) {
    return nullptr;
  }
  session.attempt = hello.attempt.value_or(session.attempt);
  if (Peer* const former = std::exchange(session.peer, &peer)) {
    former->takenOver();
  } else if (!isNew) {
    lost_.remove(&session);
  }
  if (isNew) {
    session.memory = epoch_ + "-m" + std::to_string(++memories_);
  }
  return &session;
}

void Sessions::left(Session& session, const Peer& peer, std::int64_t now) {
  if (session.peer != &peer) {
    return;
  }
  session.peer = nullptr;
  session.lostAt = now;
  lost_.push_back(&session);
  forget(now);
}

void Sessions::forget(std::int64_t now) {
  const std::size_t maxRemembered = settings_.dedupCount > 0 ? settings_.maxRemembered : 0;
  while (!lost_.empty() && (lost_.size() > maxRemembered || lost_.front()->lostAt + settings_.dedupMs <= now)) {
    const Session* const session = lost_.front();
    lost_.pop_front();
    sessions_.erase({session->user, session->key});
  }
}

}  // namespace ticker::stream
