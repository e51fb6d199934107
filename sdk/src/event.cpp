#include "event.hpp"

#include "message_access.hpp"

namespace tidewire::internal {
namespace {

const Message* payloadOf(const Event& event) {
  if (const auto* news = std::get_if<SessionEvent>(&event)) {
    return news->body ? &*news->body : nullptr;
  }
  return std::get_if<Message>(&event);
}

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
  const Message* payload = payloadOf(event);
  return sizeof(Event) + weighTexts(event) + (payload == nullptr ? 0 : MessageAccess::knownSize(*payload));
}

}  // namespace tidewire::internal
