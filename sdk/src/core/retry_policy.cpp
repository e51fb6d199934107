#include "core/retry_policy.hpp"

#include <algorithm>

namespace tidewire::core {
namespace {

// RFC 6455 section 7.4.1.
constexpr std::uint16_t kPolicyViolation = 1008;
constexpr std::uint16_t kMessageTooBig = 1009;

bool isFinalCode(std::uint16_t code, const ReconnectOptions& options) {
  return code == kPolicyViolation || code == kMessageTooBig ||
         std::find(options.finalCodes.begin(), options.finalCodes.end(), code) != options.finalCodes.end();
}

bool isFinalStatus(int httpStatus) {
  return httpStatus == 401 || httpStatus == 403 || httpStatus == 404;
}

}  // namespace

bool mayRetry(const Ending& ending, const ReconnectOptions& options) {
  if (!options.enabled) {
    return ending.cause == CloseCause::ReconnectAsked;
  }
  switch (ending.cause) {
    case CloseCause::ReconnectAsked:
      return true;
    case CloseCause::ClosedByUser:
    case CloseCause::UntrustedCertificate:
    case CloseCause::MessageTooBig:
    case CloseCause::Unavailable:
      return false;
    case CloseCause::ClosedByPeer:
      return !isFinalCode(ending.code, options);
    case CloseCause::HandshakeRefused:
      return !isFinalStatus(ending.httpStatus);
    case CloseCause::ConnectionLost:
    case CloseCause::ConnectFailed:
    case CloseCause::ConnectTimeout:
    case CloseCause::HeartbeatTimeout:
    case CloseCause::ProtocolError:
    case CloseCause::SlowConsumer:
      return true;
  }
  return false;
}

}  // namespace tidewire::core
