#include "stream/service.hpp"

#include <utility>

#include "stream/methods.hpp"

namespace ticker::stream {

namespace {

using tidewire::server::MemoryEngine;
using tidewire::server::MemoryLog;
using tidewire::server::OpenedChannel;

constexpr std::string_view kRooms = "chat/";
constexpr const char* kUnknownChannel = "unknown-channel";
constexpr const char* kForbidden = "forbidden";
constexpr const char* kUnavailable = "unavailable";  // For want of room: there may be some later.

}  // namespace

Service::Service(const Settings& settings, Market& market, const tidewire::server::Clock& clock,
                 const tidewire::server::Journal& journal)
    : market_(market),
      clock_(clock),
      users_(settings.users),
      engine_(std::make_unique<MemoryEngine>(market.symbolCount() + settings.maxRooms, settings.hub.epoch,
                                             MemoryLog::Settings{settings.history, clock_, journal})),
      tickers_(market, *engine_),
      hub_(settings.hub, clock_, *this, journal) {}

tidewire::server::TokenVerdict Service::check(const std::string& token) {
  return users_.check(token, clock_.steady());
}

bool Service::isRoom(std::string_view channel) const {
  return channel.starts_with(kRooms) && channel.size() > kRooms.size();
}

OpenedChannel Service::open(const std::string& channel, const tidewire::server::Session& session) {
  const bool room = isRoom(channel);
  auto log = room ? engine_->open(channel, session.memory) : tickers_.log(channel);
  return log ? OpenedChannel{.log = std::move(log)} : OpenedChannel{.refusal = room ? kUnavailable : kUnknownChannel};
}

OpenedChannel Service::openToPublish(const std::string& channel, const tidewire::server::Session& session) {
  return tickers_.log(channel) ? OpenedChannel{.refusal = kForbidden} : open(channel, session);
}

void Service::call(std::string_view method, std::string_view body,
                   std::function<void(tidewire::server::Outcome)> done) {
  callMethod(method, body, {market_, tickers_}, std::move(done));
}

}  // namespace ticker::stream
