#include "pending_endpoint.hpp"

#include <utility>

namespace tidewire::internal {

Endpoint configuredEndpoint(const Options& options) {
  return {.url = options.url, .subprotocols = options.subprotocols, .headers = options.headers};
}

PendingEndpoint::PendingEndpoint(std::weak_ptr<EndpointAnswers> client, Endpoint startingPoint, std::uint64_t number,
                                 std::optional<CloseInfo> before)
    : attempt(number), lastClose(std::move(before)), configured(std::move(startingPoint)), client_(std::move(client)) {}

PendingEndpoint::~PendingEndpoint() {
  fail("Options::endpoint gave no answer");
}

void PendingEndpoint::answer(Endpoint endpoint, std::unique_ptr<LayerCommand> post) const {
  const auto client = client_.lock();
  if (client != nullptr && !answered_.exchange(true)) {
    client->answerEndpoint(attempt, std::move(endpoint), std::move(post));
  }
}

void PendingEndpoint::fail(std::string_view why) const {
  const auto client = client_.lock();
  if (client != nullptr && !answered_.exchange(true)) {
    client->failEndpoint(attempt, why);
  }
}

}  // namespace tidewire::internal
