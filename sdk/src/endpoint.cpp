#include "tidewire/endpoint.hpp"

#include <utility>

#include "client_shared.hpp"
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

namespace internal {

EndpointQuestion::EndpointQuestion(std::weak_ptr<ClientShared> client, Endpoint startingPoint, std::uint64_t number,
                                   std::optional<CloseInfo> before)
    : attempt(number), lastClose(std::move(before)), configured(std::move(startingPoint)), client_(std::move(client)) {}

EndpointQuestion::~EndpointQuestion() {
  fail("Options::endpoint gave no answer");
}

void EndpointQuestion::answer(Endpoint endpoint, std::unique_ptr<LayerPost> post) const {
  const auto client = client_.lock();
  if (client != nullptr && !answered_.exchange(true)) {
    client->answerEndpoint(attempt, std::move(endpoint), std::move(post));
  }
}

void EndpointQuestion::fail(std::string_view why) const {
  const auto client = client_.lock();
  if (client != nullptr && !answered_.exchange(true)) {
    client->failEndpoint(attempt, why);
  }
}

}  // namespace internal
}  // namespace tidewire
