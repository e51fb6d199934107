#include "stream/sessions.hpp"

#include <algorithm>
#include <functional>

#include "stream/heads.hpp"
#include "stream/peer.hpp"

namespace ticker::stream {

namespace {
constexpr std::uint64_t kMaxLeap = 65'536;
}

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

Attempt Sessions::judge(const std::string& user, const Hello& hello, std::int64_t now) {
  forget(now);
  const auto found = sessions_.find({user, hello.session});
  if (found == sessions_.end() || !hello.attempt || !found->second.attempt) {
    return Attempt::New;
  }
  const std::uint64_t highest = *found->second.attempt;
  if (*hello.attempt <= highest) {
    return Attempt::Late;
  }
  return *hello.attempt - highest > kMaxLeap ? Attempt::Leap : Attempt::New;
}

Session& Sessions::join(Peer& peer, const std::string& user, const Hello& hello) {
  const auto [place, isNew] = sessions_.try_emplace({user, hello.session}, Session{.user = user, .key = hello.session});
  Session& session = place->second;
  session.attempt = hello.attempt ? hello.attempt : session.attempt;
  if (Peer* const former = std::exchange(session.peer, &peer)) {
    former->takenOver();
  } else if (!isNew) {
    lost_.remove(&session);
  }
  if (isNew) {
    session.memory = epoch_ + "-m" + std::to_string(++memories_);
    session.name = std::to_string(std::hash<std::string>()(epoch_ + session.key));
  }
  return session;
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
