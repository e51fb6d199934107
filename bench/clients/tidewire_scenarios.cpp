#include "tidewire_scenarios.hpp"

#include <atomic>
#include <condition_variable>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <tidewire/tidewire.hpp>
#include <vector>

#include "common/meter.hpp"

namespace bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// So many attempts at a time, while all clients are opened at first.
constexpr std::size_t kTogether = 200;

tidewire::Options optionsOf(const Settings& settings) {
  tidewire::Options options{.url = settings.url};
  options.tls.caFile = settings.ca;
  if (settings.heartbeat > 0) {
    options.heartbeat.interval = std::chrono::milliseconds(static_cast<int>(settings.heartbeat * 1000));
  }
  return options;
}

/// Each round is a client of its own: opened, closed with a closing handshake, destroyed.
void connectAndClose(const Settings& settings) {
  Meter meter;
  for (std::size_t i = 0; i <= settings.messages; ++i) {
    if (i == 1) {
      meter.start();  // The first one starts Tidewire's thread.
    }
    tidewire::Client client(optionsOf(settings));
    client.connect();
    if (client.waitOpen(10s) != tidewire::WaitResult::Reached) {
      fail("not opened");
    }
    client.close();
    client.waitClosed(10s);
  }
  meter.stop();
  print(settings.messages, meter);
}

/// A number that one thread raises and another waits for.
class Counter {
 public:
  void raise() {
    const std::lock_guard lock(mutex_);
    ++count_;
    condition_.notify_all();
  }
  void lower() {
    const std::lock_guard lock(mutex_);
    --count_;
    condition_.notify_all();
  }
  void await(std::size_t count) {
    std::unique_lock lock(mutex_);
    if (!condition_.wait_for(lock, 120s, [&] { return count_ == count; })) {
      fail("waited too long");
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  std::size_t count_ = 0;
};

/// Many clients in one process.
class Crowd {
 public:
  explicit Crowd(const Settings& settings) : settings_(settings) { clients_.reserve(settings.connections + 1); }

  void open(std::size_t count) {
    while (count-- > 0) {
      clients_.push_back(std::make_unique<tidewire::Client>(optionsOf(settings_)));
      tidewire::Client& client = *clients_.back();
      client.onHeartbeat([this](const tidewire::HeartbeatInfo&) { ++heartbeats_; });
      client.onStateChange([this](const tidewire::StateChange& change) { record(change); });
      client.connect();
      if (clients_.size() % kTogether == 0 || count == 0) {
        opened_.await(clients_.size());
      }
    }
  }

  /// Waits until the server has gone and come back, and all are open again.
  void awaitReturn() {
    opened_.await(0);
    opened_.await(clients_.size());
  }

  [[nodiscard]] std::size_t heartbeats() const { return heartbeats_; }
  /// Seconds since the first loss: of each attempt, and of each success.
  [[nodiscard]] const std::vector<double>& attempts() const { return attempts_; }
  [[nodiscard]] const std::vector<double>& successes() const { return successes_; }

 private:
  // On Tidewire's thread, like all callbacks here.
  void record(const tidewire::StateChange& change) {
    if (change.to == tidewire::State::Open) {
      opened_.raise();
    } else if (change.from == tidewire::State::Open) {
      opened_.lower();
    }
    const auto now = Clock::now();
    if (change.to == tidewire::State::Waiting && lostAt_ == Clock::time_point()) {
      lostAt_ = now;
    }
    if (lostAt_ == Clock::time_point()) {
      return;
    }
    const double seconds = std::chrono::duration<double>(now - lostAt_).count();
    if (change.to == tidewire::State::Connecting) {
      attempts_.push_back(seconds);
    } else if (change.to == tidewire::State::Open) {
      successes_.push_back(seconds);
    }
  }

  const Settings settings_;
  Counter opened_;
  std::atomic<std::size_t> heartbeats_ = 0;
  Clock::time_point lostAt_;
  std::vector<double> attempts_;
  std::vector<double> successes_;
  std::vector<std::unique_ptr<tidewire::Client>> clients_;
};

/// Memory of idle connections, and the CPU of their heartbeats while `settings.seconds` pass.
void idle(const Settings& settings) {
  Crowd crowd(settings);
  crowd.open(1);  // Takes what a process needs once.
  const std::size_t before = residentBytes();
  Meter opening;
  opening.start();
  crowd.open(settings.connections);
  opening.stop();
  const auto bytesEach = [&] {
    return static_cast<double>(residentBytes() - before) / static_cast<double>(settings.connections);
  };
  std::map<std::string, double> values{{"bytes", bytesEach()}, {"threads", static_cast<double>(threadCount())}};
  if (settings.heartbeat > 0) {
    const std::size_t heartbeats = crowd.heartbeats();
    Meter watching;
    watching.start();
    std::this_thread::sleep_for(std::chrono::duration<double>(settings.seconds));
    watching.stop();
    values["heartbeats"] = static_cast<double>(crowd.heartbeats() - heartbeats);
    values["watchedCpu"] = watching.cpuSeconds();
    values["bytesLater"] = bytesEach();
  }
  print(settings.connections, opening, std::move(values));
}

/// All clients lose their server and get it back. Says "open" when the server may be stopped.
void reconnect(const Settings& settings) {
  Crowd crowd(settings);
  crowd.open(settings.connections);
  std::cout << "open" << std::endl;
  Meter meter;
  meter.start();
  crowd.awaitReturn();
  meter.stop();
  const nlohmann::json result = {{"attempts", crowd.attempts()},
                                 {"successes", crowd.successes()},
                                 {"cpu", meter.cpuSeconds()},
                                 {"threads", threadCount()}};
  std::cout << result.dump() << std::endl;
}

/// Events of one channel of a session.
void session(const Settings& settings) {
  Counter done;
  Meter meter;
  std::size_t left = settings.messages;
  tidewire::Session session(optionsOf(settings));
  const auto subscription = session.subscribe("load", {}, {.onEvent = [&](const tidewire::Event& event) {
                                                if (event.body.bytes().size() != settings.bytes) {
                                                  fail("an event has a wrong size");
                                                }
                                                if (left == settings.messages) {
                                                  meter.start();
                                                }
                                                if (--left == 0) {
                                                  meter.stop();
                                                  done.raise();
                                                }
                                              }});
  session.connect();
  done.await(1);
  print(settings.messages - 1, meter);
}

}  // namespace

bool runTidewireScenario(const Settings& settings) {
  using Scenario = void (*)(const Settings&);
  const std::map<std::string, Scenario> scenarios{
      {"connect", &connectAndClose}, {"idle", &idle}, {"reconnect", &reconnect}, {"session", &session}};
  const auto found = scenarios.find(settings.scenario);
  if (found == scenarios.end()) {
    return false;
  }
  found->second(settings);
  return true;
}

}  // namespace bench
