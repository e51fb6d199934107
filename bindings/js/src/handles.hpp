#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "binding_support.hpp"
#include "described.hpp"
#include "tidewire/tidewire.hpp"

struct SessionHandle;

/// The client behind a Client of JavaScript's. It may outlive its handle, and is silent then.
class JsClient final : public tidewire::binding::DirectClient {
 public:
  JsClient(tidewire::Options options, const void* handle);

 private:
  void onMessage(const tidewire::Message& message) override;
  void onEvent(const tidewire::binding::Event& event) override;

  const void* const handle_;
};

/// One Client of JavaScript's, which knows it by its address.
struct ClientHandle {
  explicit ClientHandle(exchange::ParsedOptions parsed);
  ~ClientHandle() { owned->destroy(); }

  // The request of the newest attempt, until it is answered. Answers to older ones have no effect.
  std::optional<tidewire::EndpointRequest> request;
  const std::shared_ptr<JsClient> owned;
  JsClient& peer;
};

/// The session behind a Session of JavaScript's. It may outlive its handle, and is silent then.
class JsSession final : public tidewire::binding::DirectSession {
 public:
  JsSession(exchange::ParsedOptions parsed, const void* handle);

 private:
  void onEvent(const tidewire::binding::Event& event) override;

  const void* const handle_;
};

/// One subscription, which JavaScript knows by a number.
class JsSubscription final : public tidewire::binding::Subscriber {
 public:
  JsSubscription(SessionHandle* handle, double id, std::string channel, bool conflates)
      : Subscriber(std::move(channel), conflates), handle_(handle), id_(id) {}

  [[nodiscard]] std::optional<std::chrono::milliseconds> age() const;

 private:
  void onEvent(const tidewire::Event& event) override;
  void onGap(const tidewire::Gap& gap) override;
  void onSubscribed(const tidewire::SubscribedInfo& info) override;
  void onEnd(const tidewire::SubscriptionEnd& end) override;

  SessionHandle* const handle_;
  const double id_;
};

/// One request, or one publish that waits for its acknowledgement. JavaScript knows it by a number.
class JsCall final : public tidewire::binding::Caller {
 public:
  JsCall(SessionHandle* handle, double id) : handle_(handle), id_(id) {}

 private:
  void onAck(const tidewire::Ack& ack) override;
  void onReply(const tidewire::Reply& reply) override;

  SessionHandle* const handle_;
  const double id_;
};

/// One Session of JavaScript's, which knows it by its address.
struct SessionHandle {
  explicit SessionHandle(exchange::ParsedOptions parsed);
  ~SessionHandle() { owned->destroy(); }

  /// Numbers of subscriptions rise, and those of calls.
  [[nodiscard]] static std::uint64_t keyOf(double id) noexcept { return static_cast<std::uint64_t>(id); }
  [[nodiscard]] JsSubscription& subscription(double id) { return **subscriptions.find(keyOf(id)); }

  std::optional<tidewire::TokenRequest> request;
  const std::shared_ptr<JsSession> owned;
  JsSession& peer;
  tidewire::binding::IdTable<std::shared_ptr<JsSubscription>> subscriptions;
  tidewire::binding::IdTable<std::shared_ptr<JsCall>> requests;
};
