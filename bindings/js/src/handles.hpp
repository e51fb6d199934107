#pragma once

#include <optional>
#include <unordered_map>

#include "described.hpp"
#include "tidewire/tidewire.hpp"

/// One Client of JavaScript's.
struct ClientHandle {
  explicit ClientHandle(exchange::Wanted wanted);

  tidewire::Client peer;
  // The question of the newest attempt, until it is answered. The ones before it are of no effect any more.
  std::optional<tidewire::EndpointRequest> question;
};

/// One Session of JavaScript's. Subscriptions and calls are known by numbers that JavaScript gives them.
struct SessionHandle {
  explicit SessionHandle(exchange::Wanted wanted);

  [[nodiscard]] const tidewire::Subscription& subscription(double id) const { return subscriptions.find(id)->second; }

  tidewire::Session peer;
  std::optional<tidewire::TokenRequest> question;
  std::unordered_map<double, tidewire::Subscription> subscriptions;
  std::unordered_map<double, tidewire::Request> requests;
};
