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

/// A received message with a payload of its own; valid as long as the object.
struct ReceivedMessage {
  /// The kind that the peer's frame stated.
  MessageKind kind = MessageKind::Text;
  /// Payload bytes; well-formed UTF-8 for a text message.
  std::string payload = {};
};

/// A client for C++20 coroutines: `co_await` its opening and its messages.
///
/// It sets the handlers `onOpen`, `onMessage` and `onStateChange` of its client; all others are the application's.
///
/// A coroutine that has to wait is resumed inside a callback of the client, on the thread that runs callbacks;
/// otherwise it continues at once. Messages that no coroutine has taken are kept, up to `Options::deliveryQueueBytes`;
/// beyond it the client is paused until half of them are taken. The destructor resumes no coroutine: destroy the
/// waiting ones.
///
/// Thread: any. A coroutine may be destroyed while it waits, on the thread that runs callbacks.
///
/// Platforms: Native: messages that are not taken pause the peer. Web: needs a standard library with `<coroutine>`,
/// which Emscripten 3.1.6 does not have; messages that are not taken end the connection with `SlowConsumer`. Why: see
/// `Client::pause`.
class AwaitableClient {
  class Waiter;
  struct Shared;

 public:
  /// Awaitable result of `connected()`.
  class Connected;
  /// Awaitable result of `receive()`.
  class Received;

  /// Makes a client in `State::Idle`. Call `client().connect()` to connect.
  ///
  /// Platforms: the same wherever the header compiles.
  explicit AwaitableClient(Options options);
  /// Takes over `client`; keeps up to `maxKeptBytes` payload bytes of messages that are not taken.
  ///
  /// Requires: `client` has no handlers for `onOpen`, `onMessage` and `onStateChange`.
  ///
  /// Platforms: the same wherever the header compiles.
  AwaitableClient(Client client, std::size_t maxKeptBytes);
  AwaitableClient(const AwaitableClient&) = delete;
  AwaitableClient& operator=(const AwaitableClient&) = delete;
  /// Ends the client without a closing handshake. Waiting coroutines are not resumed.
  ~AwaitableClient();

  /// Returns: the client, to connect, send and close, valid as long as this object. Do not replace its `onOpen`,
  /// `onMessage` and `onStateChange`.
  [[nodiscard]] Client& client() noexcept { return client_; }

  /// Waits for an open connection: the current one, else the next one.
  ///
  /// Several coroutines may wait at once.
  ///
  /// Returns: an awaitable. `co_await` yields the `Opened` event, or an empty optional if the client closes for good.
  ///
  /// Platforms: the same wherever the header compiles.
  [[nodiscard]] Connected connected() const;
  /// Waits for the next message.
  ///
  /// Requires: only one coroutine waits for a message at a time.
  /// Returns: an awaitable. `co_await` yields the message, or an empty optional once the client has closed for good and
  /// all kept messages are taken.
  ///
  /// Platforms: the same wherever the header compiles.
  [[nodiscard]] Received receive() const;

 private:
  std::shared_ptr<Shared> shared_;
  Client client_;
};

/// A waiting coroutine. Its destructor removes it from the list, because a waiting coroutine may be destroyed.
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

/// State shared by the handlers and the waiting coroutines. Every member is guarded by `mutex`.
struct AwaitableClient::Shared {
  mutable std::mutex mutex;
  std::optional<Opened> opened = {};
  bool over = false;
  bool gone = false;  // The AwaitableClient has been destroyed.
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

  /// Removes the oldest message, and ends the pause once half of the bytes are taken.
  ///
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

  /// Resumes the coroutines that wait now. Each is looked up again, because a resumed one may destroy others, or the
  /// client.
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

  /// Releases the lock meanwhile, because the coroutine runs inside this call.
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
