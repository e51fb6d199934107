#include "rfc6455/message_encoder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/bytes.hpp"
#include "platform_types/payload_store.hpp"
#include "rfc6455/codec.hpp"

namespace tidewire::native {
namespace {

using internal::PayloadStore;

/// Sends every payload backwards, in a frame whose first reserved bit is set.
class Backwards final : public MessageTransform {
 public:
  void encode(MessageKind kind, std::span<std::byte> payload, std::uint32_t maskKey, ByteBuffer& out) override {
    std::reverse(payload.begin(), payload.end());
    const std::size_t begin = out.size();
    appendMessage(out, kind, payload, maskKey);
    out.data()[begin] |= std::byte{0x40};
  }
};

core::Outgoing stored(MessageKind kind, std::string_view text) {
  PayloadStore store;
  REQUIRE(store.put(kind, core::asBytes(text)));
  return *store.take().next();
}

/// Everything that the writer has to write.
std::string written(FrameWriter& writer) {
  std::string bytes;
  writer.writeOut([&bytes](std::span<const std::byte> part) {
    bytes.append(reinterpret_cast<const char*>(part.data()), part.size());
    return part.size();
  });
  return bytes;
}

std::string unmasked(std::string frame) {
  const std::span<std::byte> payload = unmask(reinterpret_cast<std::byte*>(frame.data()));
  return {reinterpret_cast<const char*>(payload.data()), payload.size()};
}

TEST_CASE("message encoder: without a transform, frames go out as they were encoded") {
  FrameWriter writer;
  MessageEncoder encoder(writer);
  core::Outgoing message = stored(MessageKind::Text, "tide");
  const std::span<const std::byte> frame = PayloadStore::frame(message);
  const std::string early(reinterpret_cast<const char*>(frame.data()), frame.size());
  CHECK_FALSE(encoder.encodesLate());
  encoder.add(frame, message.sizeBytes, std::move(message.payload));
  CHECK(writer.payloadBytes() == 4);
  CHECK(written(writer) == early);
  CHECK(unmasked(early) == "tide");
}

TEST_CASE("message encoder: with a transform, messages that were encoded before the handshake are encoded anew") {
  constexpr std::uint32_t kKey = 0x12345678;
  FrameWriter writer;
  MessageEncoder encoder(writer);
  const std::string large(70'000, 'x');
  core::Outgoing text = stored(MessageKind::Text, "tide");
  core::Outgoing empty = stored(MessageKind::Binary, "");
  core::Outgoing binary = stored(MessageKind::Binary, large + "y");

  encoder.setTransform(std::make_unique<Backwards>());
  CHECK(encoder.encodesLate());
  for (const core::Outgoing* message : {&text, &empty, &binary}) {
    encoder.addLate(PayloadStore::frame(*message).data(), kKey);
  }
  CHECK(writer.payloadBytes() == 4 + 0 + large.size() + 1);

  std::string bytes = written(writer);
  const auto next = [&bytes] {
    const OwnFrame own = lookAt(reinterpret_cast<const std::byte*>(bytes.data()));
    const std::string frame = bytes.substr(0, own.bytes);
    bytes.erase(0, own.bytes);
    CHECK((frame[0] & 0x40) != 0);
    return std::pair(own.opcode, unmasked(frame));
  };
  CHECK(next() == std::pair(Opcode::Text, std::string("edit")));
  CHECK(next() == std::pair(Opcode::Binary, std::string()));
  CHECK(next() == std::pair(Opcode::Binary, "y" + large));
  CHECK(bytes.empty());
}

}  // namespace
}  // namespace tidewire::native
