#include "core/retry_policy.hpp"

#include <algorithm>

namespace tidewire::core {
namespace {

// RFC 6455 section 7.4.1.
constexpr std::uint16_t kPolicyViolation = 1008;
constexpr std::uint16_t kMessageTooBig = 1009;
// RFC 7235 section 3.1.
constexpr int kUnauthorized = 401;

bool isFinalCode(std::uint16_t code, const ReconnectOptions& options) {
  return code == kPolicyViolation || code == kMessageTooBig ||
         std::find(options.finalCodes.begin(), options.finalCodes.end(), code) != options.finalCodes.end();
}

bool isFinalStatus(int httpStatus) {
  return httpStatus == kUnauthorized || httpStatus == 403 || httpStatus == 404;
}

}  // namespace

bool refusesCredentials(const Ending& ending) {
  return ending.fate == Fate::CredentialsRefused ||
         (ending.cause == CloseCause::ClosedByPeer && ending.code == kPolicyViolation) ||
         (ending.cause == CloseCause::HandshakeRefused && ending.httpStatus == kUnauthorized);
}

bool mayRetry(const Ending& ending, const Options& options, const RetryHistory& history) {
  if (ending.cause == CloseCause::ReconnectAsked) {
    return true;
  }
  const ReconnectOptions& reconnect = options.reconnect;
  if (!reconnect.enabled || (reconnect.maxAttempts > 0 && history.attemptsInRow >= reconnect.maxAttempts)) {
    return false;
  }
  if (options.endpoint && refusesCredentials(ending)) {
    return !history.freshCredentialsRefused;
  }
  if (ending.fate != Fate::AsUsual) {
    return false;
  }
  switch (ending.cause) {
    case CloseCause::ClosedByUser:
    case CloseCause::UntrustedCertificate:
    case CloseCause::MessageTooBig:
    case CloseCause::Unavailable:
      return false;
    case CloseCause::ClosedByPeer:
      return !isFinalCode(ending.code, reconnect);
    case CloseCause::HandshakeRefused:
      return !isFinalStatus(ending.httpStatus);
    case CloseCause::ReconnectAsked:
    case CloseCause::ConnectionLost:
    case CloseCause::ConnectFailed:
    case CloseCause::ConnectTimeout:
    case CloseCause::HeartbeatTimeout:
    case CloseCause::ProtocolError:
    case CloseCause::SlowConsumer:
    case CloseCause::EndpointFailed:
    case CloseCause::Thawed:
      return true;
  }
  return false;
}

}  // namespace tidewire::core
