#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/bytes.hpp"
#include "core/protocol/framing.hpp"

namespace tidewire::core::protocol {
namespace {

using Batches = std::vector<Framer::Batch>;

/// Messages of all batches, a line each: the head, and the body behind a "|".
std::vector<std::string> unframed(const Batches& batches) {
  std::vector<std::string> messages;
  for (const Framer::Batch& batch : batches) {
    Unframer unframer(batch.kind, asBytes(batch.payload));
    while (const std::optional<Part> part = unframer.next()) {
      std::string message(reinterpret_cast<const char*>(part->head.data()), part->head.size());
      if (part->body) {
        message.append("|").append(reinterpret_cast<const char*>(part->body->data()), part->body->size());
      }
      messages.push_back(std::move(message));
    }
    CHECK(!unframer.malformed());
  }
  return messages;
}

TEST_CASE("framing: messages added together leave as one text message") {
  Framer framer(100);
  framer.add("{1}", std::nullopt);
  framer.add("{2}", asBytes("two"));
  framer.add("{3}", asBytes(""));
  const Batches batches = framer.take();
  REQUIRE(batches.size() == 1);
  CHECK(batches[0].kind == MessageKind::Text);
  CHECK(batches[0].payload == "{1}\x1E{2}\ntwo\x1E{3}\n");
  CHECK(framer.empty());
  CHECK(framer.take().empty());
}

TEST_CASE("framing: a body that text cannot carry goes binary, and order holds") {
  Framer framer(1000);
  framer.add("{1}", asBytes("text"));
  framer.add("{2}", asBytes("forged\x1E{}"));
  framer.add("{3}", asBytes("\xFF"));
  framer.add("{4}", std::nullopt);
  const Batches batches = framer.take();
  REQUIRE(batches.size() == 3);
  CHECK(batches[0].kind == MessageKind::Text);
  CHECK(batches[1].kind == MessageKind::Binary);
  CHECK(batches[1].payload == "\x0D{2}\nforged\x1E{}\x05{3}\n\xFF");
  CHECK(batches[2].kind == MessageKind::Text);
  CHECK(unframed(batches) == std::vector<std::string>{"{1}|text", "{2}|forged\x1E{}", "{3}|\xFF", "{4}"});
}

TEST_CASE("framing: a batch stays within its bound, and a message beyond it goes alone") {
  Framer framer(10);
  framer.add("{1}", std::nullopt);
  framer.add("{22222}", std::nullopt);  // 3 + 1 + 7 = 11
  framer.add("{3}", std::nullopt);      // 7 + 1 + 3 = 11
  framer.add("{444}", std::nullopt);    // 3 + 1 + 5 = 9
  framer.add("{55555555555}", std::nullopt);
  framer.add("{6}", std::nullopt);
  std::vector<std::string> payloads;
  for (const Framer::Batch& batch : framer.take()) {
    payloads.push_back(batch.payload);
  }
  CHECK(payloads == std::vector<std::string>{"{1}", "{22222}", "{3}\x1E{444}", "{55555555555}", "{6}"});
}

TEST_CASE("framing: lengths of several bytes are read as they are written") {
  for (const std::size_t size : {124U, 125U, 16'379U, 16'380U, 3'000'000U}) {
    CAPTURE(size);
    const std::string body = std::string(size, 'x') + "\xFF";
    Framer framer(65'536);
    framer.add("{}", asBytes(body));
    framer.add("{}", asBytes("\xFE"));
    CHECK(unframed(framer.take()) == std::vector<std::string>{"{}|" + body, "{}|\xFE"});
  }
}

TEST_CASE("framing: messages before malformed framing are delivered, and none after it") {
  Unframer unframer(MessageKind::Text, asBytes("{1}\x1E\x1E{2}"));
  REQUIRE(unframer.next());
  CHECK(!unframer.malformed());
  CHECK(!unframer.next());
  CHECK(unframer.malformed());
  CHECK(!unframer.next());
}

}  // namespace
}  // namespace tidewire::core::protocol
