// A session that writes down everything it is told, for a judge that compares it with what the server says it did.
//
//   loss_client URL --reliable CHANNEL,... --latest CHANNEL,... --rooms CHANNEL,... --publishes N --events N
//
// Subscribes to all of them, to the second list for the latest events only, and publishes so many messages in the
// rooms, in step with the events of the first list as they come. Each line on stdout is a JSON object that begins with
// what happened: `subscribe`, `subscribed`, `event`, `gap`, `end` with the number of a subscription, `publish` and
// `ack` with that of a message, `open`, `close`, `over`. With --poll, callbacks run only when a line comes on stdin.
// The end of stdin closes the session and ends the program.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tidewire/session.hpp"

namespace {

using namespace std::chrono_literals;

struct Wanted {
  std::string url;
  std::vector<std::string> reliable;
  std::vector<std::string> latest;
  std::vector<std::string> rooms;
  std::uint64_t publishes = 0;
  std::uint64_t events = 0;
  bool poll = false;
};

/// Of the message of that number: its number and something that only it has. Each fifth cannot go as text.
std::string bodyOf(std::uint64_t number) {
  std::string body =
      std::to_string(number) + ' ' + std::string(number * 37 % 700, static_cast<char>('a' + number % 26));
  return number % 5 == 0 ? body + "\x1e\xff" : body;
}

bool isBytes(std::uint64_t number) {
  return number % 5 == 0;
}

/// The number of the message that has this body; nothing has the number 0.
std::uint64_t numberOf(const tidewire::Body& body) {
  const std::span<const std::byte> bytes = body.bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::uint64_t number = std::strtoull(std::string(text.substr(0, 20)).c_str(), nullptr, 10);
  return text == bodyOf(number) && body.isText() != isBytes(number) ? number : 0;
}

/// A tick says its own place.
bool isTick(const tidewire::Event& event) {
  return event.body.text().find("\"seq\":" + std::to_string(event.seq) + ',') != std::string_view::npos;
}

tidewire::Options sessionOptions(const Wanted& wanted) {
  return {
      .url = wanted.url,
      .connectTimeout = 1s,
      .heartbeat = {.interval = 200ms, .timeout = 300ms},
      .reconnect = {.firstDelay = 10ms, .maxDelay = 100ms},
      .callbacks = wanted.poll ? tidewire::Callbacks::Poll : tidewire::Callbacks::Automatic,
  };
}

class LossClient {
 public:
  explicit LossClient(Wanted wanted);

  /// Until the end of stdin.
  void run();

 private:
  enum class Kind : std::uint8_t { Reliable, Latest, Room };

  void subscribe(const std::string& channel, Kind kind);
  void event(std::size_t subscription, Kind kind, const tidewire::Event& event);
  void publishInStep();
  void publish();

  const Wanted wanted_;
  std::uint64_t events_ = 0;
  std::uint64_t published_ = 0;
  tidewire::Session session_;  // After what its callbacks use.
  std::vector<tidewire::Subscription> subscriptions_;
};

LossClient::LossClient(Wanted wanted) : wanted_(std::move(wanted)), session_(sessionOptions(wanted_)) {
  session_.onOpen([this](const tidewire::Opened& opened) {
    std::printf("{\"open\":%" PRIu64 ",\"resumed\":%s}\n", opened.attempt, opened.resumed ? "true" : "false");
    publish();
  });
  // What is called for while there is no connection waits for one.
  session_.onClose([this](const tidewire::CloseInfo& info) {
    const std::string_view cause = nameOf(info.cause);
    std::printf("{\"close\":\"%.*s\",\"code\":%u,\"opened\":%s}\n", static_cast<int>(cause.size()), cause.data(),
                info.code, info.wasOpen ? "true" : "false");
    if (info.wasOpen && info.willRetry) {
      publish();
    }
  });
  session_.onError(
      [](const tidewire::SessionError& error) { std::printf("{\"error\":\"%s\"}\n", error.code.c_str()); });
  for (const auto& [channels, kind] :
       {std::pair(&wanted_.rooms, Kind::Room), std::pair(&wanted_.reliable, Kind::Reliable),
        std::pair(&wanted_.latest, Kind::Latest)}) {
    for (const std::string& channel : *channels) {
      subscribe(channel, kind);
    }
  }
}

void LossClient::subscribe(const std::string& channel, Kind kind) {
  const std::size_t number = subscriptions_.size();
  const bool conflate = kind == Kind::Latest;
  std::printf("{\"subscribe\":%zu,\"channel\":\"%s\",\"conflate\":%s}\n", number, channel.c_str(),
              conflate ? "true" : "false");
  subscriptions_.push_back(session_.subscribe(
      channel, {.conflate = conflate},
      {.onEvent = [this, number, kind](const tidewire::Event& told) { event(number, kind, told); },
       .onGap =
           [number](const tidewire::Gap& gap) {
             if (gap.hasRange) {
               std::printf("{\"gap\":%zu,\"from\":%" PRIu64 ",\"to\":%" PRIu64 "}\n", number, gap.from, gap.to);
             } else {
               std::printf("{\"gap\":%zu}\n", number);
             }
           },
       .onSubscribed =
           [number](const tidewire::SubscribedInfo& info) {
             std::printf("{\"subscribed\":%zu,\"epoch\":\"%s\",\"seq\":%" PRIu64 "}\n", number,
                         info.position.epoch.c_str(), info.position.seq);
           },
       .onEnd =
           [number](const tidewire::SubscriptionEnd& end) {
             std::printf("{\"end\":%zu,\"code\":\"%s\"}\n", number, end.error.code.c_str());
           }}));
}

void LossClient::event(std::size_t subscription, Kind kind, const tidewire::Event& event) {
  std::printf("{\"event\":%zu,\"seq\":%" PRIu64 ",\"skipped\":%" PRIu64, subscription, event.seq, event.skipped);
  if (kind == Kind::Room) {
    std::printf(",\"message\":%" PRIu64 "}\n", numberOf(event.body));
    return;
  }
  std::printf(isTick(event) ? "}\n" : ",\"spoilt\":true}\n");
  if (kind == Kind::Reliable) {
    ++events_;
    publishInStep();
  }
}

void LossClient::publishInStep() {
  while (published_ < wanted_.publishes && published_ * wanted_.events < events_ * wanted_.publishes) {
    publish();
  }
}

void LossClient::publish() {
  if (published_ == wanted_.publishes) {
    return;
  }
  const std::uint64_t number = ++published_;
  const std::string& room = wanted_.rooms[number % wanted_.rooms.size()];
  const std::string body = bodyOf(number);
  const auto done = [number](const tidewire::Ack& ack) {
    const std::string_view outcome = nameOf(ack.outcome);
    std::printf("{\"ack\":%" PRIu64 ",\"outcome\":\"%.*s\",\"seq\":%" PRIu64 ",\"code\":\"%s\"}\n", number,
                static_cast<int>(outcome.size()), outcome.data(), ack.seq.value_or(0), ack.error.code.c_str());
  };
  std::printf("{\"publish\":%" PRIu64 ",\"channel\":\"%s\"}\n", number, room.c_str());
  const tidewire::CallResult result =
      isBytes(number) ? session_.publishBytes(room, std::as_bytes(std::span(body)), {.ack = true}, done)
                      : session_.publish(room, body, {.ack = true}, done);
  if (result != tidewire::CallResult::Queued) {
    const std::string_view name = nameOf(result);
    std::printf("{\"rejected\":%" PRIu64 ",\"result\":\"%.*s\"}\n", number, static_cast<int>(name.size()), name.data());
  }
}

void LossClient::run() {
  session_.connect();
  for (std::string line; std::getline(std::cin, line);) {
    session_.poll();
  }
  session_.close();
  if (session_.waitClosed(10s) != tidewire::WaitResult::Reached) {
    std::printf("{\"rejected\":0,\"result\":\"close() did not close\"}\n");
  }
  session_.poll();
  std::printf("{\"over\":true}\n");
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // Whoever reads it wants each line at once.
  Wanted wanted;
  CLI::App app("A session that writes down everything it is told");
  app.add_option("url", wanted.url)->required();
  app.add_option("--reliable", wanted.reliable)->delimiter(',')->required();
  app.add_option("--latest", wanted.latest)->delimiter(',');
  app.add_option("--rooms", wanted.rooms)->delimiter(',')->required();
  app.add_option("--publishes", wanted.publishes)->required();
  app.add_option("--events", wanted.events, "Of the reliable channels, while which the publishes are made")->required();
  app.add_flag("--poll", wanted.poll, "Runs callbacks only when a line comes on stdin");
  CLI11_PARSE(app, argc, argv);
  LossClient(std::move(wanted)).run();
  return EXIT_SUCCESS;
}
