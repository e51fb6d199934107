#include "rfc6455/message_encoder.hpp"

#include "rfc6455/codec.hpp"

namespace tidewire::native {
namespace {

void destroy(void* frames, std::uintptr_t) noexcept {
  delete static_cast<ByteBuffer*>(frames);
}

}  // namespace

void MessageEncoder::addLate(std::byte* frame, std::uint32_t maskKey) {
  const OwnFrame own = lookAt(frame);
  const std::span<std::byte> payload = unmask(frame);
  auto* const frames = new ByteBuffer;
  core::Payload keep(frames, 0, &destroy);
  transform_->encode(own.opcode == Opcode::Text ? MessageKind::Text : MessageKind::Binary, payload, maskKey, *frames);
  writer_.add(frames->bytes(), own.payloadBytes, std::move(keep));
}

}  // namespace tidewire::native
