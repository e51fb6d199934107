#pragma once

#include <version>

#if !__has_include(<coroutine>)
#error \
    "tidewire/coroutine.hpp needs a standard library with <coroutine>; that of Emscripten 3.1.6 has none, newer ones do."
#else

#include <coroutine>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tidewire/client.hpp"

namespace tidewire {

/// A message that is the application's to keep.
struct ReceivedMessage {
  MessageKind kind = MessageKind::Text;
  std::string payload = {};
};

/// A client to wait for in coroutines. It uses the client's `onOpen`, `onMessage` and `onStateChange`; everything else
/// of the client stays the application's.
///
/// A coroutine that has to wait goes on inside a callback of the client, on the thread that callbacks run on; otherwise
/// it goes on at once. Messages that nobody waits for are kept, up to `Options::deliveryQueueBytes`; then the client is
/// paused until half of them are gone. After the destructor no coroutine is resumed; destroy those that still wait.
///
/// Thread: any. Destroying a coroutine while it waits is allowed on the thread that callbacks run on.
/// Platforms: wherever the standard library has coroutines; Emscripten 3.1.6 does not.
class AwaitableClient {
  class Waiter;
  struct Shared;

 public:
  class Connected;
  class Received;

  explicit AwaitableClient(Options options);
  /// Of a client that has no handlers yet.
  AwaitableClient(Client client, std::size_t maxKeptBytes);
  AwaitableClient(const AwaitableClient&) = delete;
  AwaitableClient& operator=(const AwaitableClient&) = delete;
  ~AwaitableClient();

  [[nodiscard]] Client& client() noexcept { return client_; }

  /// `co_await` it for the open connection: the present one, or else the next. Nothing if the client closes for good.
  [[nodiscard]] Connected connected() const;
  /// `co_await` it for the next message. Nothing once the client has closed for good and all messages are taken.
  ///
  /// Requires: one coroutine at a time waits for a message.
  [[nodiscard]] Received receive() const;

 private:
  std::shared_ptr<Shared> shared_;
  Client client_;
};

/// A coroutine that waits. It takes itself off the list if it is destroyed meanwhile.
class AwaitableClient::Waiter {
 public:
  explicit Waiter(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

 protected:
  ~Waiter();

  std::shared_ptr<Shared> shared_;
  std::coroutine_handle<> coroutine_;

 private:
  friend struct Shared;
};

/// What the handlers and the awaiting coroutines share.
struct AwaitableClient::Shared {
  mutable std::mutex mutex;
  std::optional<Opened> opened = {};
  bool over = false;
  bool gone = false;  // The AwaitableClient is.
  std::deque<ReceivedMessage> messages = {};
  std::size_t keptBytes = 0;
  std::size_t maxKeptBytes = 0;
  bool paused = false;
  std::vector<Waiter*> connecting = {};
  Waiter* receiving = nullptr;
  Client* client = nullptr;

  void onOpen(const Opened& now) {
    std::unique_lock lock(mutex);
    opened = now;
    over = false;
    resumeConnecting(lock);
  }

  void onMessage(const Message& message) {
    std::unique_lock lock(mutex);
    messages.push_back({message.kind(), std::string(message.text())});
    keptBytes += messages.back().payload.size();
    if (keptBytes > maxKeptBytes && !std::exchange(paused, true)) {
      (void)client->pause();
    }
    resumeReceiving(lock);
  }

  void onStateChange(const StateChange& change) {
    std::unique_lock lock(mutex);
    if (change.from == State::Open) {
      opened.reset();
    }
    if (change.to == State::Closed) {
      over = true;
      resumeConnecting(lock);
      resumeReceiving(lock);
    } else if (change.from == State::Closed) {
      over = false;
    }
  }

  /// Requires: the lock is held.
  std::optional<ReceivedMessage> take() {
    if (messages.empty()) {
      return std::nullopt;
    }
    std::optional<ReceivedMessage> message(std::move(messages.front()));
    messages.pop_front();
    keptBytes -= message->payload.size();
    if (paused && keptBytes <= maxKeptBytes / 2) {
      paused = false;
      (void)client->resume();
    }
    return message;
  }

  /// Those that wait now. Each is looked up in its turn, since one may destroy another, or the client.
  void resumeConnecting(std::unique_lock<std::mutex>& lock) {
    for (std::size_t left = connecting.size(); left > 0 && !gone && !connecting.empty(); --left) {
      Waiter* const waiter = connecting.front();
      connecting.erase(connecting.begin());
      resume(lock, *waiter);
    }
  }

  void resumeReceiving(std::unique_lock<std::mutex>& lock) {
    if (Waiter* const waiter = gone ? nullptr : std::exchange(receiving, nullptr)) {
      resume(lock, *waiter);
    }
  }

  /// Without the lock, since the coroutine goes on in here.
  static void resume(std::unique_lock<std::mutex>& lock, Waiter& waiter) {
    const std::coroutine_handle<> coroutine = std::exchange(waiter.coroutine_, nullptr);
    lock.unlock();
    coroutine.resume();
    lock.lock();
  }

  void forget(const Waiter* waiter) {
    const std::lock_guard lock(mutex);
    std::erase(connecting, waiter);
    receiving = receiving == waiter ? nullptr : receiving;
  }
};

inline AwaitableClient::Waiter::~Waiter() {
  shared_->forget(this);
}

class AwaitableClient::Connected final : private Waiter {
 public:
  using Waiter::Waiter;

  [[nodiscard]] bool await_ready() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->opened.has_value() || shared_->over;
  }
  [[nodiscard]] bool await_suspend(std::coroutine_handle<> coroutine) {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->opened.has_value() || shared_->over) {
      return false;
    }
    coroutine_ = coroutine;
    shared_->connecting.push_back(this);
    return true;
  }
  [[nodiscard]] std::optional<Opened> await_resume() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->opened;
  }
};

class AwaitableClient::Received final : private Waiter {
 public:
  using Waiter::Waiter;

  [[nodiscard]] bool await_ready() const {
    const std::lock_guard lock(shared_->mutex);
    return !shared_->messages.empty() || shared_->over;
  }
  [[nodiscard]] bool await_suspend(std::coroutine_handle<> coroutine) {
    const std::lock_guard lock(shared_->mutex);
    if (!shared_->messages.empty() || shared_->over) {
      return false;
    }
    coroutine_ = coroutine;
    shared_->receiving = this;
    return true;
  }
  [[nodiscard]] std::optional<ReceivedMessage> await_resume() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->take();
  }
};

inline AwaitableClient::AwaitableClient(Options options)
    : AwaitableClient(Client(options), options.deliveryQueueBytes) {}

inline AwaitableClient::AwaitableClient(Client client, std::size_t maxKeptBytes)
    : shared_(std::make_shared<Shared>()), client_(std::move(client)) {
  shared_->maxKeptBytes = maxKeptBytes;
  shared_->client = &client_;
  client_.onOpen([shared = shared_](const Opened& opened) { shared->onOpen(opened); });
  client_.onMessage([shared = shared_](const Message& message) { shared->onMessage(message); });
  client_.onStateChange([shared = shared_](const StateChange& change) { shared->onStateChange(change); });
}

inline AwaitableClient::~AwaitableClient() {
  const std::lock_guard lock(shared_->mutex);
  shared_->gone = true;
}

inline AwaitableClient::Connected AwaitableClient::connected() const {
  return Connected(shared_);
}

inline AwaitableClient::Received AwaitableClient::receive() const {
  return Received(shared_);
}

}  // namespace tidewire

#endif
