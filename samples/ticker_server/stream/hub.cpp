#include "stream/hub.hpp"

namespace ticker::stream {

namespace {

constexpr std::string_view kRooms = "chat/";
constexpr const char* kUnknownChannel = "unknown-channel";
constexpr const char* kForbidden = "forbidden";
constexpr const char* kUnavailable = "unavailable";  // For want of room: there may be some later.

}  // namespace

Hub::Hub(const Settings& settings, Market& market, Clock clock, Journal& journal)
    : limits_(settings.limits),
      market_(market),
      clock_(clock),
      journal_(journal),
      users_(settings.users),
      sessions_(settings.sessions, settings.epoch),
      engine_(std::make_unique<MemoryEngine>(market.symbolCount() + settings.maxRooms, settings.epoch,
                                             MemoryLog::Settings{settings.history, clock, &journal})),
      tickers_(market, *engine_) {}

bool Hub::isRoom(std::string_view channel) {
  return channel.starts_with(kRooms) && channel.size() > kRooms.size();
}

Hub::Opened Hub::open(const std::string& channel, const Session& maker) {
  const bool room = isRoom(channel);
  std::shared_ptr<ChannelLog> log = room ? engine_->open(channel, maker.memory) : tickers_.log(channel);
  return log ? Opened{.log = std::move(log)} : Opened{.refusal = room ? kUnavailable : kUnknownChannel};
}

Hub::Opened Hub::openToPublish(const std::string& channel, const Session& maker) {
  return tickers_.log(channel) ? Opened{.refusal = kForbidden} : open(channel, maker);
}

}  // namespace ticker::stream
