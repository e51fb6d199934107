#include "message_memory.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/bytes.hpp"

namespace tidewire::internal {
namespace {

/// Keeps a message over bytes that are gone afterwards.
Message kept(MessageKeeper& keeper, const std::string& text) {
  const auto bytes = std::make_unique<std::string>(text);
  Message message = MessageAccess::view(MessageKind::Text, core::asBytes(*bytes));
  return keeper.keep(message);
}

/// Memory that lends its bytes, and counts.
struct Lender final : MessageMemory {
  explicit Lender(MessageMemory* other) : gives(other) {}
  [[nodiscard]] MessageMemory* keep() override {
    ++asked;
    return gives;
  }
  void release() noexcept override { ++released; }
  MessageMemory* gives;
  int asked = 0;
  int released = 0;
};

}  // namespace

TEST_CASE("message memory: small messages are packed one behind the other, and live as long as each is kept") {
  MessageKeeper keeper;
  std::vector<Message> messages;
  for (int i = 0; i < 20'000; ++i) {
    messages.push_back(kept(keeper, "message " + std::to_string(i)));
  }
  CHECK(messages[1].bytes().data() == messages[0].bytes().data() + messages[0].bytes().size());
  for (int i = 0; i < 20'000; i += 2) {
    const Message gone = std::move(messages[static_cast<std::size_t>(i)]);
  }
  int wrong = 0;
  for (int i = 1; i < 20'000; i += 2) {
    wrong += messages[static_cast<std::size_t>(i)].text() == "message " + std::to_string(i) ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("message memory: it is used again once its messages are gone") {
  MessageKeeper keeper;
  const std::byte* const first = kept(keeper, std::string(5000, 'x')).bytes().data();
  int again = 0;
  for (int i = 0; i < 100; ++i) {
    again += kept(keeper, std::string(5000, 'x')).bytes().data() == first ? 1 : 0;
  }
  CHECK(again >= 5);
}

TEST_CASE("message memory: messages outlive their keeper") {
  auto keeper = std::make_unique<MessageKeeper>();
  const Message small = kept(*keeper, "small");
  const Message large = kept(*keeper, std::string(100'000, 'l'));
  const Message empty = kept(*keeper, "");
  keeper.reset();
  CHECK(small.text() == "small");
  CHECK(large.text() == std::string(100'000, 'l'));
  CHECK(empty.text().empty());
}

TEST_CASE("message memory: a kept message is kept again without a copy") {
  MessageKeeper keeper;
  Message message = kept(keeper, "once");
  const std::byte* const at = message.bytes().data();
  const Message again = keeper.keep(message);
  CHECK(again.bytes().data() == at);
  CHECK(again.text() == "once");
}

TEST_CASE("message memory: bytes that were lent are kept where they are, or copied, as their memory says") {
  const std::string text = "lent";
  Lender other(nullptr);
  Lender giving(&other);
  MessageKeeper keeper;
  {
    Message message = MessageAccess::in(MessageKind::Text, core::asBytes(text), &giving);
    const Message taken = keeper.keep(message);
    CHECK(taken.bytes().data() == core::asBytes(text).data());
    CHECK(giving.asked == 1);
    CHECK(other.released == 0);
  }
  CHECK(giving.released == 1);
  CHECK(other.released == 1);

  Lender refusing(nullptr);
  Message message = MessageAccess::in(MessageKind::Text, core::asBytes(text), &refusing);
  const Message copied = keeper.keep(message);
  CHECK(copied.bytes().data() != core::asBytes(text).data());
  CHECK(copied.text() == text);
}

}  // namespace tidewire::internal
