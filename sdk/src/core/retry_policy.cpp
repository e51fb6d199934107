#include "core/retry_policy.hpp"

#include <algorithm>

namespace tidewire::core {
namespace {

// RFC 6455 section 7.4.1.
constexpr std::uint16_t kPolicyViolation = 1008;
constexpr std::uint16_t kMessageTooBig = 1009;
// RFC 9110 section 15, RFC 6585 section 4, RFC 8470 section 5.2.
constexpr int kSwitchingProtocols = 101;
constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kRequestTimeout = 408;
constexpr int kTooEarly = 425;
constexpr int kTooManyRequests = 429;

bool isFinalCode(std::uint16_t code, const ReconnectOptions& options) {
  return code == kPolicyViolation || code == kMessageTooBig ||
         std::find(options.finalCodes.begin(), options.finalCodes.end(), code) != options.finalCodes.end();
}

bool refusesWhoAsks(int httpStatus) {
  return httpStatus == kUnauthorized || httpStatus == kForbidden;
}

/// Nothing has opened since `connect()`, and the address has been refused again and again: it is wrong.
bool hasNeverWorked(const RetryHistory& history) {
  return !history.everOpened && history.misaddressed >= kManyFailures;
}

/// The same request may be answered otherwise in a moment.
bool isPassing(int httpStatus) {
  return httpStatus == kRequestTimeout || httpStatus == kTooEarly || httpStatus == kTooManyRequests;
}

/// What the server said is an answer, but from something that takes no WebSocket, or not here.
bool isOtherAnswer(int httpStatus) {
  return httpStatus == kSwitchingProtocols || (httpStatus >= 200 && httpStatus < 500 && !isPassing(httpStatus));
}

}  // namespace

bool refusesCredentials(const Ending& ending) {
  return ending.fate == Fate::CredentialsRefused ||
         (ending.cause == CloseCause::ClosedByPeer && ending.code == kPolicyViolation) ||
         (ending.cause == CloseCause::HandshakeRefused && refusesWhoAsks(ending.httpStatus));
}

bool isMisaddressed(const Ending& ending) {
  const int status = ending.httpStatus;
  return ending.cause == CloseCause::HandshakeRefused && !refusesWhoAsks(status) && isOtherAnswer(status) &&
         (status == kSwitchingProtocols || status >= 400);
}

bool retriesSlowly(const Ending& ending, const Options& options) {
  if (ending.cause != CloseCause::HandshakeRefused || ending.retryAfter) {
    return false;
  }
  // The next answer of an endpoint function may be another address.
  return ending.httpStatus == kTooManyRequests || (!options.endpoint && isOtherAnswer(ending.httpStatus));
}

bool mayRetry(const Ending& ending, const Options& options, const RetryHistory& history) {
  if (ending.cause == CloseCause::ReconnectRequested) {
    return true;
  }
  const ReconnectOptions& reconnect = options.reconnect;
  if (!reconnect.enabled || (reconnect.maxAttempts > 0 && history.attemptsInRow >= reconnect.maxAttempts)) {
    return false;
  }
  if (options.endpoint && refusesCredentials(ending)) {
    return !history.freshCredentialsRefused;
  }
  if (ending.fate == Fate::Forbidden) {
    return static_cast<bool>(options.endpoint);  // Its next answer may be allowed.
  }
  if (ending.fate != Fate::AsUsual) {
    return ending.fate == Fate::MayPass;
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
      return !refusesWhoAsks(ending.httpStatus) &&
             !(isMisaddressed(ending) && !options.endpoint && hasNeverWorked(history));
    case CloseCause::ReconnectRequested:
    case CloseCause::ConnectionLost:
    case CloseCause::ConnectFailed:
    case CloseCause::ConnectTimeout:
    case CloseCause::HeartbeatTimeout:
    case CloseCause::ProtocolError:
    case CloseCause::SlowConsumer:
    case CloseCause::EndpointFailed:
    case CloseCause::WokeUp:
      return true;
  }
  return false;
}

}  // namespace tidewire::core
