#include "tidewire/endpoint.hpp"

#include <utility>

#include "pending_endpoint.hpp"

namespace tidewire {

EndpointRequest::EndpointRequest(std::shared_ptr<internal::PendingEndpoint> request) : pending_(std::move(request)) {}

std::uint64_t EndpointRequest::attempt() const {
  return pending_->attempt;
}

const std::optional<CloseInfo>& EndpointRequest::lastClose() const {
  return pending_->lastClose;
}

const Endpoint& EndpointRequest::configured() const {
  return pending_->configured;
}

void EndpointRequest::answer(Endpoint endpoint) const {
  pending_->answer(std::move(endpoint));
}

void EndpointRequest::fail(std::string_view why) const {
  pending_->fail(why);
}

}  // namespace tidewire
