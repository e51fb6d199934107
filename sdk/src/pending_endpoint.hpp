#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "layer_command.hpp"
#include "tidewire/endpoint.hpp"
#include "tidewire/options.hpp"

namespace tidewire::internal {

/// The endpoint that the options name.
[[nodiscard]] Endpoint configuredEndpoint(const Options& options);

/// Receives the result of `Options::endpoint`. Any thread.
class EndpointAnswers {
 public:
  /// `post`: a command for the layer, carried out with the answer. An answer for an attempt that has ended has no
  /// effect.
  virtual void answerEndpoint(std::uint64_t attempt, Endpoint endpoint, std::unique_ptr<LayerCommand> post) = 0;
  virtual void failEndpoint(std::uint64_t attempt, std::string_view why) = 0;

 protected:
  ~EndpointAnswers() = default;
};

/// State of one call of `Options::endpoint`, shared by the copies of its `EndpointRequest`. Only the first answer
/// counts.
class PendingEndpoint {
 public:
  PendingEndpoint(std::weak_ptr<EndpointAnswers> client, Endpoint startingPoint, std::uint64_t number,
                  std::optional<CloseInfo> before);
  /// Fails the attempt if there was no answer, since the last copy is gone.
  ~PendingEndpoint();
  PendingEndpoint(const PendingEndpoint&) = delete;
  PendingEndpoint& operator=(const PendingEndpoint&) = delete;

  [[nodiscard]] static EndpointRequest request(std::shared_ptr<PendingEndpoint> request) {
    return EndpointRequest(std::move(request));
  }

  [[nodiscard]] static const PendingEndpoint& of(const EndpointRequest& request) noexcept { return *request.pending_; }

  /// `post`: a command for the layer, used if this is the first answer.
  void answer(Endpoint endpoint, std::unique_ptr<LayerCommand> post = {}) const;
  void fail(std::string_view why) const;

  const std::uint64_t attempt;
  const std::optional<CloseInfo> lastClose;
  const Endpoint configured;

 private:
  const std::weak_ptr<EndpointAnswers> client_;
  mutable std::atomic<bool> answered_ = false;
};

}  // namespace tidewire::internal
