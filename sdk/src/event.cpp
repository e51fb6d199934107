#include "event.hpp"

#include "message_access.hpp"

namespace tidewire::internal {
namespace {

std::size_t weighError(const SessionError& error) {
  return error.code.size() + error.message.size();
}

/// What an event holds besides itself, as far as the peer decides how much.
std::size_t weighTexts(const Event& event) {
  if (const auto* error = std::get_if<SessionError>(&event)) {
    return weighError(*error);
  }
  const auto* news = std::get_if<SessionEvent>(&event);
  if (news == nullptr) {
    return 0;
  }
  if (const auto* ack = std::get_if<Ack>(&news->news)) {
    return weighError(ack->error);
  }
  if (const auto* reply = std::get_if<ReplyNews>(&news->news)) {
    return reply->error ? weighError(*reply->error) : 0;
  }
  const auto* end = std::get_if<SessionError>(&news->news);
  return end == nullptr ? 0 : weighError(*end);
}

}  // namespace

std::size_t weigh(const Event& event) {
  if (const auto* message = std::get_if<Message>(&event)) {
    return weigh(*message);
  }
  const auto* news = std::get_if<SessionEvent>(&event);
  const std::size_t body = news != nullptr && news->body ? MessageAccess::knownSize(*news->body) : 0;
  return sizeof(Event) + weighTexts(event) + body;
}

}  // namespace tidewire::internal
