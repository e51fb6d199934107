#include "tidewire/events.hpp"

#include "tidewire/log.hpp"

namespace tidewire {

std::string_view nameOf(State state) noexcept {
  switch (state) {
    case State::Idle:
      return "Idle";
    case State::Connecting:
      return "Connecting";
    case State::Open:
      return "Open";
    case State::Closing:
      return "Closing";
    case State::Waiting:
      return "Waiting";
    case State::Closed:
      return "Closed";
  }
  return "?";
}

std::string_view nameOf(CloseCause cause) noexcept {
  switch (cause) {
    case CloseCause::ClosedByUser:
      return "ClosedByUser";
    case CloseCause::ReconnectRequested:
      return "ReconnectRequested";
    case CloseCause::ClosedByPeer:
      return "ClosedByPeer";
    case CloseCause::ConnectionLost:
      return "ConnectionLost";
    case CloseCause::ConnectFailed:
      return "ConnectFailed";
    case CloseCause::HandshakeRefused:
      return "HandshakeRefused";
    case CloseCause::UntrustedCertificate:
      return "UntrustedCertificate";
    case CloseCause::ConnectTimeout:
      return "ConnectTimeout";
    case CloseCause::HeartbeatTimeout:
      return "HeartbeatTimeout";
    case CloseCause::ProtocolError:
      return "ProtocolError";
    case CloseCause::MessageTooBig:
      return "MessageTooBig";
    case CloseCause::SlowConsumer:
      return "SlowConsumer";
    case CloseCause::Unavailable:
      return "Unavailable";
    case CloseCause::EndpointFailed:
      return "EndpointFailed";
    case CloseCause::WokeUp:
      return "WokeUp";
  }
  return "?";
}

std::string_view nameOf(DropReason reason) noexcept {
  switch (reason) {
    case DropReason::Closed:
      return "Closed";
    case DropReason::Expired:
      return "Expired";
    case DropReason::Displaced:
      return "Displaced";
    case DropReason::Stale:
      return "Stale";
    case DropReason::Refused:
      return "Refused";
  }
  return "?";
}

std::string_view nameOf(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::Error:
      return "Error";
    case LogLevel::Warning:
      return "Warning";
    case LogLevel::Info:
      return "Info";
    case LogLevel::Debug:
      return "Debug";
  }
  return "?";
}

}  // namespace tidewire
