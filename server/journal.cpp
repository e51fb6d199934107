#include "server/journal.hpp"

#include <string>

#include "server/heads.hpp"

namespace tidewire::server {

void Journal::appended(std::string_view channel, std::string_view epoch, std::uint64_t seq) const {
  if (write_) {
    write_("{\"channel\":" + quoteJson(channel) + ",\"epoch\":" + quoteJson(epoch) + ",\"seq\":" + std::to_string(seq) +
           '}');
  }
}

void Journal::published(std::string_view session, std::optional<std::uint64_t> id, std::string_view channel,
                        std::uint64_t seq) const {
  if (write_) {
    write_("{\"session\":" + quoteJson(session) + (id ? ",\"id\":" + std::to_string(*id) : "") +
           ",\"channel\":" + quoteJson(channel) + ",\"seq\":" + std::to_string(seq) + '}');
  }
}

void Journal::evicted(std::string_view channel, std::uint64_t to) const {
  if (write_) {
    write_("{\"evicted\":" + quoteJson(channel) + ",\"to\":" + std::to_string(to) + '}');
  }
}

}  // namespace tidewire::server
