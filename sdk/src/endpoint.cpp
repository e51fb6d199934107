#include "tidewire/endpoint.hpp"

#include <utility>

#include "endpoint_question.hpp"

namespace tidewire {

EndpointRequest::EndpointRequest(std::shared_ptr<internal::EndpointQuestion> question)
    : question_(std::move(question)) {}

std::uint64_t EndpointRequest::attempt() const {
  return question_->attempt;
}

const std::optional<CloseInfo>& EndpointRequest::lastClose() const {
  return question_->lastClose;
}

const Endpoint& EndpointRequest::configured() const {
  return question_->configured;
}

void EndpointRequest::answer(Endpoint endpoint) const {
  question_->answer(std::move(endpoint));
}

void EndpointRequest::fail(std::string_view why) const {
  question_->fail(why);
}

}  // namespace tidewire
