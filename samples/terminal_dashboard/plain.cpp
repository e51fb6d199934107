#include "plain.hpp"

#include <cstdio>
#include <semaphore>
#include <string>
#include <utility>

#include "exit_code.hpp"
#include "text.hpp"
#include "tick.hpp"
#include "tidewire/client.hpp"

namespace dashboard {

namespace {

/// What the callbacks share with the thread that waits. They run one at a time on Tidewire's thread.
class Printer {
 public:
  void print(const std::string& line) {
    const bool written = std::puts(line.c_str()) >= 0 && std::fflush(stdout) == 0;
    // Tidewire's thread never receives SIGPIPE, so a reader that has gone is noticed here.
    if (!written) {
      end();
    }
  }

  void printTick(const Tick& tick) {
    ++ticks_;
    print(formatTick(tick));
  }

  void printClose(const tidewire::CloseInfo& info) {
    if (info.willRetry) {
      print((info.wasOpen ? "lost: " : "failed: ") + reasonOf(info) + ", retry in " + formatSeconds(info.retryIn));
    } else {
      print("closed: " + reasonOf(info));
      end();
    }
  }

  void waitForEnd(std::optional<std::chrono::duration<double>> time) {
    if (time) {
      static_cast<void>(ended_.try_acquire_for(*time));
    } else {
      ended_.acquire();
    }
  }

  /// To be asked when no callback runs any more.
  [[nodiscard]] bool anyTick() const { return ticks_ > 0; }

 private:
  void end() {
    if (!std::exchange(ending_, true)) {
      ended_.release();
    }
  }

  std::binary_semaphore ended_{0};
  bool ending_ = false;
  std::size_t ticks_ = 0;
};

void connectPrinter(tidewire::Client& client, Printer& printer) {
  client.onStateChange([&printer](const tidewire::StateChange& change) {
    if (change.to == tidewire::State::Connecting) {
      printer.print("connecting");
    }
  });
  client.onOpen([&printer](const tidewire::Opened&) { printer.print("open"); });
  client.onClose([&printer](const tidewire::CloseInfo& info) { printer.printClose(info); });
  client.onMessage([&printer](const tidewire::Message& message) {
    if (const auto tick = parseTick(message.text())) {
      printer.printTick(*tick);
    }
  });
}

}  // namespace

int runPlain(tidewire::Options options, std::optional<std::chrono::duration<double>> time) {
  Printer printer;
  {
    tidewire::Client client(std::move(options));
    connectPrinter(client, printer);
    if (client.connect() != tidewire::ConnectResult::Started) {
      return kUnusableUrl;
    }
    printer.waitForEnd(time);
  }
  return printer.anyTick() ? kDone : kNoPrice;
}

}  // namespace dashboard
