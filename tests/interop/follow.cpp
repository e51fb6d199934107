// Follows one price of a server that speaks "tidewire.v1", and prints a line for each thing that it is told. What comes
// on its standard input, a line each, is done: `cut` connects again, `publish TEXT` publishes to the channel chat, and
// anything else is a method to call, with a body behind a space. It ends with its input.

#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <tidewire/session.hpp>
#include <utility>

namespace {

using namespace std::chrono_literals;

void say(std::string_view what, std::string_view more = {}) {
  std::cout << std::string(what).append(more.empty() ? "" : " ").append(more).append("\n") << std::flush;
}

tidewire::SubscriptionHandlers tellOf(const std::string& name) {
  return {.onEvent =
              [name](const tidewire::Event& event) {
                say(name + " event " + std::to_string(event.seq), event.body.text());
              },
          .onGap = [name](const tidewire::Gap& gap) { say(name, gap.hasRange ? "gap" : "another epoch"); },
          .onSubscribed =
              [name](const tidewire::SubscribedInfo& info) {
                say(name + " subscribed", std::to_string(info.position.seq));
              }};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: interop_follow URL\n");
    return 2;
  }
  tidewire::Session session({.url = argv[1], .reconnect = {.firstDelay = 50ms, .maxDelay = 200ms}});
  session.onOpen([](const tidewire::Opened&) { say("open"); });
  session.onClose([](const tidewire::CloseInfo& info) { say("closed", std::to_string(info.code)); });
  const tidewire::Subscription price = session.subscribe("ticker/AAPL", {.replay = 1}, tellOf("AAPL"));
  const tidewire::Subscription chat = session.subscribe("chat", tellOf("chat"));
  session.connect();

  std::string line;
  while (std::getline(std::cin, line)) {
    const std::string first = line.substr(0, line.find(' '));
    const std::string rest = line.size() > first.size() ? line.substr(first.size() + 1) : "";
    if (first == "cut") {
      session.reconnect();
    } else if (first == "publish") {
      session.publish("chat", rest, {.ack = true}, [](const tidewire::Ack& ack) { say("ack", nameOf(ack.outcome)); });
      // Of bytes that text cannot carry.
      session.publishBytes("chat", std::as_bytes(std::span("\xFF\x1E", 2)), {.ack = true},
                           [](const tidewire::Ack& ack) { say("ack of bytes", nameOf(ack.outcome)); });
    } else {
      session.request(first, rest, {}, [first](const tidewire::Reply& reply) {
        say("reply to " + first, reply.error ? reply.error->code : reply.body.text());
      });
    }
  }
}
