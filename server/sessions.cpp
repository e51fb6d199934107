#include "server/sessions.hpp"

#include <functional>

#include "server/heads.hpp"

namespace tidewire::server {

namespace {
constexpr std::uint64_t kMaxLeap = 65'536;
}

Attempt Sessions::judge(const std::string& user, const Hello& hello) {
  forget();
  const auto found = sessions_.find({user, hello.session});
  if (found == sessions_.end() || !hello.attempt || !found->second->attempt) {
    return Attempt::New;
  }
  const std::uint64_t highest = *found->second->attempt;
  if (*hello.attempt <= highest) {
    return Attempt::Late;
  }
  return *hello.attempt - highest > kMaxLeap ? Attempt::Leap : Attempt::New;
}

std::shared_ptr<Session> Sessions::join(SessionConnection& connection, const std::string& user, const Hello& hello) {
  const auto [place, isNew] = sessions_.try_emplace({user, hello.session});
  if (isNew) {
    place->second = std::make_shared<Session>(Session{.user = user, .key = hello.session, .memory = newMemory()});
    place->second->name = std::to_string(std::hash<std::string>()(epoch_ + hello.session));
  }
  const std::shared_ptr<Session> session = place->second;
  session->attempt = hello.attempt ? hello.attempt : session->attempt;
  if (SessionConnection* const former = std::exchange(session->connection, &connection)) {
    former->takenOver();
  } else if (!isNew) {
    lost_.remove(session.get());
  }
  session->publishes.expectNoAnswers();
  return session;
}

void Sessions::left(Session& session, const SessionConnection& connection) {
  if (session.connection != &connection) {
    return;
  }
  session.connection = nullptr;
  session.publishes.expectNoAnswers();
  session.lostAt = clock_.steady();
  lost_.push_back(&session);
  forget();
}

void Sessions::forget() {
  const std::size_t maxRemembered = settings_.dedupCount > 0 ? settings_.maxRemembered : 0;
  for (auto at = lost_.begin(); at != lost_.end();) {
    const Session& session = **at;
    if (lost_.size() <= maxRemembered && session.lostAt + settings_.dedupMs > clock_.steady()) {
      return;
    }
    if (session.publishes.waiting() > 0) {
      ++at;
      continue;
    }
    const auto key = std::pair(session.user, session.key);
    at = lost_.erase(at);
    sessions_.erase(key);
  }
}

void Sessions::publish(const std::shared_ptr<Session>& session, ChannelLog& log, std::optional<std::uint64_t> id,
                       const std::string& channel, const Draft& draft) {
  const std::uint64_t ticket = session->publishes.begin(id, channel);
  log.append(draft, [this, weak = std::weak_ptr(session), ticket](const AppendResult& result) {
    if (const std::shared_ptr<Session> alive = weak.lock()) {
      settle(*alive, ticket, result);
    }
  });
}

void Sessions::settle(Session& session, std::uint64_t ticket, const AppendResult& result) {
  const Publishes::Settled publish = session.publishes.settle(ticket);
  if (const auto* const seq = std::get_if<std::uint64_t>(&result)) {
    journal_.published(session.name, publish.id, publish.channel, *seq);
    if (publish.id) {
      session.publishes.remember(*publish.id, *seq);
    }
  } else if (std::get<LogFailure>(result) == LogFailure::Unknown) {
    // What was done and what is remembered may have fallen apart (section 6).
    session.memory = newMemory();
    session.publishes.forgetAnswers();
  }
  if (session.connection != nullptr) {
    session.connection->settled(publish, result);
  } else {
    forget();
  }
}

}  // namespace tidewire::server
