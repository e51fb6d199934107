#include "stream/hub.hpp"

#include <string_view>

namespace ticker::stream {

namespace {

constexpr std::string_view kRooms = "chat/";
constexpr const char* kUnknownChannel = "unknown-channel";
constexpr const char* kForbidden = "forbidden";

bool isRoom(std::string_view channel) {
  return channel.starts_with(kRooms) && channel.size() > kRooms.size();
}

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

Hub::Opened Hub::open(const std::string& channel) {
  std::shared_ptr<ChannelLog> log = isRoom(channel) ? engine_->open(channel) : tickers_.log(channel);
  return log ? Opened{.log = std::move(log)} : Opened{.refusal = kUnknownChannel};
}

Hub::Opened Hub::openToPublish(const std::string& channel) {
  return tickers_.log(channel) ? Opened{.refusal = kForbidden} : open(channel);
}

}  // namespace ticker::stream
