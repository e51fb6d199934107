#include "core/protocol/message_reader.hpp"

#include <utility>

#include "core/made_by.hpp"
#include "core/protocol/head_reader.hpp"
#include "core/utf8.hpp"

namespace tidewire::core::protocol {

std::optional<ServerMessage> MessageReader::next() {
  // The only one that is returned, so that it is never moved. An empty one would be cleared first.
  std::optional<ServerMessage> message(std::in_place, MadeBy([] { return ServerMessage{EventHead{}}; }));
  const std::optional<Part> part = unframer_.next();
  if (!part) {
    if (unframer_.malformed() && !over_) {
      message->head = brokenFraming();
    } else {
      message.reset();
    }
    over_ = true;
    return message;
  }
  readServerHead(part->head, message->head);
  if (part->body) {
    message->body = ArrivedBody{.bytes = *part->body};
    // The transport has looked at a text message.
    if (kind_ == MessageKind::Binary && carriesText(message->head) && !isValidUtf8(*part->body)) {
      message->head = brokenText();
    }
  }
  return message;
}

}  // namespace tidewire::core::protocol
