#include "stream/users.hpp"

namespace ticker::stream {

namespace {
constexpr std::string_view kExpired = "token-expired";
constexpr std::string_view kUnauthorized = "unauthorized";
}  // namespace

Users::Users(const Settings& settings)
    : expired_(settings.expired.begin(), settings.expired.end()), lifetimeMs_(settings.lifetimeMs) {
  for (const Token& each : settings.tokens) {
    tokens_.emplace(each.token, Known{.user = each.user});
  }
}

tidewire::server::TokenVerdict Users::check(const std::string& token, std::int64_t now) {
  if (expired_.contains(token)) {
    return {.refusal = kExpired};
  }
  if (tokens_.empty()) {
    return {.user = "anybody"};
  }
  const auto found = tokens_.find(token);
  if (found == tokens_.end()) {
    return {.refusal = kUnauthorized};
  }
  Known& known = found->second;
  if (lifetimeMs_ == 0) {
    return {.user = known.user};
  }
  known.firstUse = known.firstUse.value_or(now);
  const std::int64_t expires = *known.firstUse + lifetimeMs_;
  return now < expires ? tidewire::server::TokenVerdict{.user = known.user, .expires = expires}
                       : tidewire::server::TokenVerdict{.refusal = kExpired};
}

}  // namespace ticker::stream
