#include "plain.hpp"

#include <cstdio>
#include <semaphore>
#include <string>
#include <utility>

#include "exit_code.hpp"
#include "feed.hpp"
#include "text.hpp"
#include "tick.hpp"
#include "tidewire/session.hpp"

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

  void printTick(const Tick& tick, std::uint64_t skipped) {
    ++ticks_;
    print(formatTick(tick) + (skipped > 0 ? ", " + std::to_string(skipped) + " skipped" : ""));
  }

  void printGap(const std::string& symbol, const tidewire::Gap& gap) {
    const std::string missing = gap.hasRange ? std::to_string(gap.to - gap.from + 1) + " prices are missing"
                                             : "nobody can tell what is missing";
    print("gap: " + symbol + ": " + missing);
  }

  void printRefusal(const std::string& symbol, const std::string& why) {
    print("refused: " + (symbol.empty() ? why : symbol + ": " + why));
  }

  void printClose(const tidewire::CloseInfo& info) {
    if (info.willRetry) {
      print((info.wasOpen ? "lost: " : "failed: ") + detailOf(info) + ", retry in " + formatSeconds(info.retryIn));
    } else {
      print("closed: " + detailOf(info));
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

  void end() {
    if (!std::exchange(ending_, true)) {
      ended_.release();
    }
  }

  /// To be asked when no callback runs any more.
  [[nodiscard]] bool anyTick() const { return ticks_ > 0; }

 private:
  std::binary_semaphore ended_{0};
  bool ending_ = false;
  std::size_t ticks_ = 0;
};

FeedHandlers handlersFor(Printer& printer) {
  return {
      .onTick = [&printer](const Tick& tick, std::uint64_t skipped) { printer.printTick(tick, skipped); },
      .onGap = [&printer](const std::string& symbol, const tidewire::Gap& gap) { printer.printGap(symbol, gap); },
      .onRefused = [&printer](const std::string& symbol, const std::string& why) { printer.printRefusal(symbol, why); },
      .onOver = [&printer] { printer.end(); }};
}

void connectPrinter(tidewire::Session& session, Printer& printer, Feed& feed) {
  session.onStateChange([&printer](const tidewire::StateChange& change) {
    if (change.to == tidewire::State::Connecting) {
      printer.print("connecting");
    }
  });
  session.onOpen([&session, &printer, &feed](const tidewire::Opened&) {
    printer.print("open");
    feed.opened(session);
  });
  session.onClose([&printer](const tidewire::CloseInfo& info) { printer.printClose(info); });
  session.onError([&printer](const tidewire::SessionError& error) { printer.printRefusal("", reasonOf(error)); });
}

}  // namespace

int runPlain(tidewire::Options options, std::vector<std::string> symbols,
             std::optional<std::chrono::duration<double>> time) {
  Printer printer;
  Feed feed(std::move(symbols), handlersFor(printer));
  {
    tidewire::Session session(std::move(options));
    connectPrinter(session, printer, feed);
    if (session.connect() != tidewire::ConnectResult::Started) {
      return kUnusableUrl;
    }
    printer.waitForEnd(time);
  }
  return printer.anyTick() ? kDone : kNoPrice;
}

}  // namespace dashboard
