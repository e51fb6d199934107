#include "trace.hpp"

#include <variant>

namespace tidewire::simulation {
namespace {

std::string text(std::string_view before, std::string_view name) {
  return std::string(before).append(name);
}
std::string text(std::string_view before, std::uint64_t number) {
  return std::string(before).append(std::to_string(number));
}

struct Describe {
  std::string operator()(const core::RequestEndpoint& action) const {
    return text("ask for endpoint ", action.attempt);
  }
  std::string operator()(const core::Dial&) const { return "dial"; }
  std::string operator()(const core::Abort&) const { return "abort"; }
  std::string operator()(const core::SendPing&) const { return "send Ping"; }
  std::string operator()(const core::SendProbeText& action) const { return text("send ", action.text); }
  std::string operator()(const core::Reassure&) const { return "reassure"; }
  std::string operator()(const core::SendClose& action) const { return text("send Close ", action.code); }
  std::string operator()(const StateChange& change) const { return text("state ", nameOf(change.to)); }
  std::string operator()(const Opened& opened) const { return text("opened, attempt ", opened.attempt); }
  std::string operator()(const Dropped& dropped) const {
    return text("dropped ", dropped.messages) + text(" ", nameOf(dropped.reason));
  }
  std::string operator()(const CloseInfo& info) const {
    return text("close event ", nameOf(info.cause)) + text(" ", info.code) + text(", attempt ", info.attempt) +
           (info.willRetry ? text(", retry in ms ", static_cast<std::uint64_t>(info.retryIn.count())) : ", for good") +
           text(", unconfirmed ", info.unconfirmedMessages) + (info.neverOpened ? ", never opened" : "");
  }
  std::string operator()(const HeartbeatInfo& info) const {
    return text("round trip in us ", static_cast<std::uint64_t>(info.roundTrip.count()));
  }
};

}  // namespace

std::string Trace::describe(const core::Action& action) {
  return std::visit(Describe{}, action);
}

}  // namespace tidewire::simulation
