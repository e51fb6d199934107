#pragma once

#include <string>
#include <string_view>

namespace ticker::stream {

class Hub;

/// What a request brings: the body of the reply, or the code of an error and a text for people.
struct Outcome {
  std::string body = {};
  std::string_view refusal = {};
  std::string_view message = {};
};

/// Answers a request: `symbols`, `quote` with {"symbol"}, `history` with {"symbol", "count"}.
Outcome callMethod(std::string_view method, std::string_view body, Hub& hub);

}  // namespace ticker::stream
