#include "core/protocol/message_reader.hpp"

#include "core/protocol/head_reader.hpp"
#include "core/utf8.hpp"

namespace tidewire::core::protocol {

std::optional<ServerMessage> MessageReader::next() {
  const std::optional<Part> part = unframer_.next();
  if (!part) {
    const bool broken = unframer_.malformed() && !over_;
    over_ = true;
    return broken ? std::optional(ServerMessage{brokenFraming()}) : std::nullopt;
  }
  ServerMessage message{readServerHead(part->head)};
  if (part->body) {
    message.body = ArrivedBody{.bytes = *part->body};
    // The transport has looked at a text message.
    if (kind_ == MessageKind::Binary && carriesText(message.head) && !isValidUtf8(*part->body)) {
      message.head = brokenText();
    }
  }
  return message;
}

}  // namespace tidewire::core::protocol
