// Fixed work whose instructions are counted (instructions.test.mjs): the client on a loop and a transport that do
// nothing.
//
//   instructions SCENARIO ROUNDS

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "client_access.hpp"
#include "core/bytes.hpp"
#include "message_access.hpp"
#include "os/randomness.hpp"
#include "platform/loop.hpp"
#include "rfc6455/codec.hpp"
#include "session_access.hpp"

namespace {

using namespace tidewire;
using internal::LoopTask;

constexpr int kMessages = 1000;  // In a round.

/// Takes every message, and sends it nowhere.
class Sink final : public internal::Transport {
 public:
  explicit Sink(internal::TransportEvents& events) : events_(events) {}

  void open(const Endpoint&, const Options&) override {}
  [[nodiscard]] std::size_t room() const override { return kAheadBytes; }
  void send(core::Outgoing) override {}
  Sent sendFrom(internal::PayloadStore::Batch& batch) override {
    Sent sent;
    while (const auto stretch = batch.nextStretch()) {
      sent.messages += stretch->messages;
      sent.bytes += stretch->payloadBytes;
    }
    return sent;
  }
  [[nodiscard]] std::size_t bufferedBytes() const override { return 0; }
  void awaitBuffered(std::size_t) override {}
  void flush() override {}
  [[nodiscard]] std::string awaited() const override { return {}; }
  void ping(std::span<const std::byte>) override {}
  void close(std::uint16_t, std::string_view) override {}
  void setReading(bool) override {}
  void leave(std::uint16_t, std::string_view) override {}
  void abort() override {}

  void opened(std::string_view subprotocol = {}) { events_.transportOpened(subprotocol, {}); }
  /// `next` returns the text of each, which is valid until its next call.
  template <class Next>
  void receive(int count, Next next) {
    events_.arrivalBegan();
    for (int i = 0; i < count; ++i) {
      Message message = internal::MessageAccess::view(MessageKind::Text, core::asBytes(next()));
      events_.messageArrived(message);
    }
    events_.arrivalEnded();
  }
  void receive(std::string_view text, int count) {
    receive(count, [text] { return text; });
  }

 private:
  internal::TransportEvents& events_;
};

/// Gives turns when it is told, at a time that stands still.
class StillLoop final : public internal::Loop {
 public:
  [[nodiscard]] core::Time now() const override { return core::Time(std::chrono::hours(1)); }
  [[nodiscard]] bool onLoopThread() const override { return true; }
  [[nodiscard]] bool acceptsThisThread() const override { return true; }
  void wake(std::shared_ptr<LoopTask> task) override { woken_.push_back(std::move(task)); }
  void attach(LoopTask&) override {}
  void detach(LoopTask&) override {}
  void setDeadline(LoopTask&, std::optional<core::Time>) override {}
  [[nodiscard]] std::unique_ptr<internal::Transport> makeTransport(internal::TransportEvents& events) override {
    auto made = std::make_unique<Sink>(events);
    sink_ = made.get();
    return made;
  }
  [[nodiscard]] std::optional<std::uint64_t> randomSeed() override { return 1; }
  [[nodiscard]] bool sendsPings() const override { return true; }
  [[nodiscard]] bool pausesReading() const override { return true; }
  [[nodiscard]] bool shapesRequest() const override { return true; }
  [[nodiscard]] bool canBeAwaited() const override { return false; }

  void turn() {
    while (!woken_.empty()) {
      const std::shared_ptr<LoopTask> task = std::move(woken_.front());
      woken_.pop_front();
      task->turn();
    }
  }
  [[nodiscard]] Sink& sink() { return *sink_; }

 private:
  std::deque<std::shared_ptr<LoopTask>> woken_;
  Sink* sink_ = nullptr;
};

/// An open client.
struct Open {
  explicit Open(Callbacks callbacks)
      : client(internal::ClientAccess::make(
            {.url = "ws://still.test/", .heartbeat = {.interval = {}}, .callbacks = callbacks}, loop)) {
    client.connect();
    loop->turn();
    loop->sink().opened();
    client.poll();
    loop->turn();
  }
  ~Open() { client.onMessage(nullptr); }
  std::shared_ptr<StillLoop> loop = std::make_shared<StillLoop>();
  Client client;
};

void require(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "%s\n", what);
    std::exit(1);
  }
}

void receive(Callbacks callbacks, int rounds) {
  Open open(callbacks);
  const std::string text(64, 'x');
  long received = 0;
  open.client.onMessage([&](const Message& message) { received += message.text().size() == text.size() ? 1 : 0; });
  for (int i = 0; i < rounds; ++i) {
    open.loop->sink().receive(text, kMessages);
    open.client.poll();
    open.loop->turn();
  }
  require(received == long{rounds} * kMessages, "messages are missing");
}

/// Events of one channel, which differ in their `seq`.
class Events {
 public:
  [[nodiscard]] std::string_view next() {
    std::size_t digit = kHead.size() + kSeq.size() - 1;
    for (; text_[digit] == '9'; --digit) {
      text_[digit] = '0';
    }
    ++text_[digit];
    return text_;
  }

 private:
  static constexpr std::string_view kHead = R"({"op":"event","channel":"prices","seq":)";
  static constexpr std::string_view kSeq = "1000000000";

  std::string text_ = std::string(kHead).append(kSeq).append("}\n").append(100, 'x');
};

void receiveEvents(int rounds) {
  const auto loop = std::make_shared<StillLoop>();
  Session session = internal::SessionAccess::make({.url = "ws://still.test/", .heartbeat = {.interval = {}}}, {}, loop);
  long received = 0;
  const Subscription subscription = session.subscribe(
      "prices", {}, {.onEvent = [&](const Event& event) { received += event.body.text().size() == 100 ? 1 : 0; }});
  session.connect();
  loop->turn();
  loop->sink().opened("tidewire.v1");
  loop->sink().receive(R"({"op":"welcome","v":1,"resumed":false,"now":0})", 1);
  loop->sink().receive(R"({"op":"subscribed","id":1,"epoch":"e","seq":1000000000,"recovered":false})", 1);
  Events events;
  for (int i = 0; i < rounds; ++i) {
    loop->sink().receive(kMessages, [&events] { return events.next(); });
  }
  require(received == long{rounds} * kMessages, "events are missing");
}

void send(std::size_t bytes, int messages, int rounds) {
  Open open(Callbacks::Automatic);
  const std::string text(bytes, 'x');
  for (int i = 0; i < rounds; ++i) {
    for (int sent = 0; sent < messages; ++sent) {
      require(open.client.send(text) == SendResult::Queued, "a message was refused");
    }
    open.loop->turn();
  }
  require(open.client.stats().messagesSent == static_cast<std::uint64_t>(rounds) * static_cast<std::uint64_t>(messages),
          "messages were not sent");
}

void sendInside(int rounds) {
  Open open(Callbacks::Automatic);
  const std::string text(64, 'x');
  open.client.onMessage([&](const Message&) {
    for (int sent = 0; sent < kMessages; ++sent) {
      require(open.client.send(text) == SendResult::Queued, "a message was refused");
    }
  });
  for (int i = 0; i < rounds; ++i) {
    open.loop->sink().receive("go", 1);
  }
  require(open.client.stats().messagesSent == static_cast<std::uint64_t>(rounds) * kMessages, "messages were not sent");
}

void decode(int rounds) {
  std::string frames;
  for (int i = 0; i < kMessages; ++i) {
    frames.append("\x81\x40", 2).append(64, 'x');
  }
  native::Decoder decoder(1024);
  long decoded = 0;
  for (int i = 0; i < rounds; ++i) {
    decoder.feed(core::asBytes(frames));
    while (decoder.next().type == native::CodecEvent::Type::Message) {
      ++decoded;
    }
  }
  require(decoded == long{rounds} * kMessages, "messages are missing");
}

}  // namespace

int main(int argc, char** argv) {
  require(argc == 3, "usage: instructions SCENARIO ROUNDS");
  const std::string_view scenario = argv[1];
  const int rounds = std::atoi(argv[2]);
  // As a loop of the library does, of which there is none here: keys from the system's generator cost the kernel's time.
  tidewire::native::prepareManyRandom();
  if (scenario == "decode-64") {
    decode(rounds);
  } else if (scenario == "receive-64") {
    receive(Callbacks::Automatic, rounds);
  } else if (scenario == "poll-64") {
    receive(Callbacks::Poll, rounds);
  } else if (scenario == "event-100") {
    receiveEvents(rounds);
  } else if (scenario == "send-64") {
    send(64, kMessages, rounds);
  } else if (scenario == "send-64k") {
    send(65'536, 10, rounds);
  } else if (scenario == "send-inside-64") {
    sendInside(rounds);
  } else {
    require(false, "there is no such scenario");
  }
  return 0;
}
