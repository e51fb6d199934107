// Tidewire, through its public headers.

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <tidewire/tidewire.hpp>

#include "common/course.hpp"
#include "tidewire_scenarios.hpp"

namespace bench {
namespace {

using namespace std::chrono_literals;

/// Lets a thread sleep until another has something for it.
class Signal {
 public:
  void raise() {
    const std::lock_guard lock(mutex_);
    raised_ = true;
    condition_.notify_one();
  }
  void await() {
    std::unique_lock lock(mutex_);
    condition_.wait(lock, [this] { return raised_; });
    raised_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool raised_ = false;
};

/// The plainest executor: one thread, and a queue under a lock.
class Executor {
 public:
  Executor() : thread_([this] { run(); }) {}
  ~Executor() {
    add(nullptr);
    thread_.join();
  }
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  void add(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    condition_.notify_one();
  }

 private:
  void run() {
    while (true) {
      std::unique_lock lock(mutex_);
      condition_.wait(lock, [this] { return !tasks_.empty(); });
      const std::function<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      if (task == nullptr) {
        return;
      }
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable condition_;
  std::deque<std::function<void()>> tasks_;
  std::thread thread_;
};

class Run {
 public:
  Run(const Settings& settings, Executor* executor)
      : settings_(settings), course_(settings), client_(options(executor)) {}

  void run() {
    client_.onOpen([this](const tidewire::Opened&) {
      course_.opened();
      sendInside();
      opened_.raise();
    });
    client_.onMessage([this](const tidewire::Message& message) {
      course_.received(message.bytes().size());
      sendInside();
      if (course_.finished()) {
        finished_ = true;
        done_.raise();
      }
    });
    client_.onDrain([this](const tidewire::Drained&) {
      if (sendsFromOutside()) {
        drained_.raise();
      } else {
        sendInside();
      }
    });
    client_.onClose([](const tidewire::CloseInfo& info) { fail("closed: " + info.detail); });
    if (client_.connect() != tidewire::ConnectResult::Started) {
      fail(client_.connectFault());
    }
    if (sendsFromOutside()) {
      opened_.await();
      sendFromOutside();
    }
    turnUntilFinished();
    course_.printResult();
    client_.onClose(nullptr);
  }

 private:
  tidewire::Options options(Executor* executor) {
    tidewire::Options options{.url = settings_.url};
    options.tls.caFile = settings_.ca;
    if (settings_.queueBytes > 0) {
      options.sendQueue.maxBytes = settings_.queueBytes;
    }
    // A sender that waits for room goes on when half of it is there.
    options.sendQueue.lowWaterBytes =
        std::min(options.sendQueue.maxBytes, options.sendQueue.maxMessages * settings_.bytes) / 2;
    if (settings_.delivery == "poll") {
      options.callbacks = tidewire::Callbacks::Poll;
    } else if (settings_.delivery == "executor") {
      options.callbacks = tidewire::Callbacks::Executor;
      options.executor = [executor](std::function<void()> task) { executor->add(std::move(task)); };
    } else if (settings_.delivery == "loop") {
      options.loop = loop_ = tidewire::Loop::make();
    }
    return options;
  }

  [[nodiscard]] bool sendsFromOutside() const {
    return settings_.scenario == "send" && settings_.delivery == "automatic";
  }

  tidewire::SendResult sendPayload() {
    if (settings_.prepare) {
      if (prepared_.size() == 0) {
        prepared_ = tidewire::SendBuffer(settings_.bytes);
        std::ranges::fill(prepared_.text(), 'x');
      }
      return settings_.text ? client_.send(std::move(prepared_)) : client_.sendBinary(std::move(prepared_));
    }
    if (settings_.fresh && !refused_) {
      fresh_.resize(settings_.bytes);
      std::ranges::fill(fresh_, 'x');
    }
    const std::string& payload = settings_.fresh ? fresh_ : course_.payload();
    return settings_.text ? client_.send(payload) : client_.sendBinary(payload);
  }

  bool sendOne() {
    const auto result = sendPayload();
    if (result != tidewire::SendResult::Queued && result != tidewire::SendResult::QueueFull) {
      fail("a message was refused");
    }
    return result == tidewire::SendResult::Queued;
  }

  void sendInside() {
    if (sendsFromOutside()) {
      return;
    }
    while (refused_ || course_.takeOne()) {
      refused_ = !sendOne();
      if (refused_) {
        return;  // Goes on in onDrain.
      }
    }
  }

  void sendFromOutside() {
    while (course_.takeOne()) {
      while ((refused_ = !sendOne())) {
        drained_.await();
      }
    }
  }

  void turnUntilFinished() {
    if (settings_.delivery == "poll") {
      while (!finished_) {
        if (client_.poll() == 0) {
          std::this_thread::sleep_for(1ms);
        }
      }
    } else if (settings_.delivery == "loop") {
      while (!finished_) {
        loop_->turn(1s);
      }
    } else {
      done_.await();
    }
  }

  const Settings settings_;
  Course course_;
  std::string fresh_;
  tidewire::SendBuffer prepared_{0};
  std::shared_ptr<tidewire::Loop> loop_;
  bool refused_ = false;
  std::atomic<bool> finished_ = false;
  Signal opened_;
  Signal drained_;
  Signal done_;
  tidewire::Client client_;
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  const bench::Settings settings = bench::readSettings(argc, argv);
  if (bench::runTidewireScenario(settings)) {
    return 0;
  }
  // Before the client, because a call of the executor may end after its destructor.
  bench::Executor executor;
  bench::Run(settings, &executor).run();
}
