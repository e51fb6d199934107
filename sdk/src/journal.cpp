#include "journal.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/decimal.hpp"
#include "core/one_line.hpp"

namespace tidewire::internal {
namespace {

std::string nameFrom(const Options& options) {
  return options.name.empty() ? Journal::shown(options.url) : options.name;
}

/// Seconds with three decimals, right-aligned.
std::string secondsOf(core::Duration time) {
  const auto total = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  std::string thousandths = core::decimal(total % 1000);
  thousandths.insert(0, 3 - thousandths.size(), '0');
  std::string text = core::decimal(total / 1000).append(".").append(thousandths);
  text.insert(0, text.size() < 10 ? 10 - text.size() : 0, ' ');
  return text;
}

std::string_view nameOf(Journal::Direction direction) {
  return direction == Journal::Direction::Sent ? "sent " : "received ";
}

bool isPrintable(char c) {
  return c >= ' ' && c <= '~' && c != '\\';
}

/// ASCII as it is, everything else as \xNN: a record is a text of lines.
std::string quoted(std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    const auto value = std::to_integer<unsigned>(byte);
    if (isPrintable(static_cast<char>(value))) {
      text += static_cast<char>(value);
    } else {
      text.append("\\x").append(1, kDigits[value >> 4]).append(1, kDigits[value & 15]);
    }
  }
  return text;
}

}  // namespace

/// Not by `parseUrl`, which a page's client does without: its URLs come from the browser's parser.
std::string Journal::shown(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if ((scheme != 2 && scheme != 3) || url.find('#') != url.npos) {
    return "?";
  }
  const std::size_t begin = scheme + 3;
  const std::size_t end = std::min(url.find_first_of("/?", begin), url.size());
  std::string_view host = url.substr(begin, end - begin);
  host.remove_prefix(host.rfind('@') + 1);
  const std::size_t port = host.find(':', host.find(']') + 1);
  if (port != host.npos && host.find_first_not_of("0123456789", port + 1) != host.npos) {
    return "?";  // Perhaps the beginning of a user info that has a slash.
  }
  const std::string_view path = url.substr(end, url.find('?', end) - end);
  return std::string(url.substr(0, begin)).append(host).append(path.empty() ? "/" : path);
}

Journal::Journal(const Options& options, core::Time now)
    : log_(options.log), recorder_(options.flightRecorder), name_(core::oneLine(nameFrom(options))), began_(now) {}

void Journal::note(core::Time now, LogLevel level, std::string_view said) {
  std::string text = core::oneLine(said);
  const bool isLogged = log_.sink && level <= log_.level;
  Lock lock(mutex_);
  keep(lock, {.at = now, .text = isLogged ? text : std::move(text)});
  if (!isLogged || !gate_.enter(lock)) {
    return;
  }
  lock.unlock();
  log_.sink({.level = level, .client = name_, .text = text});
  lock.lock();
  gate_.leave(lock);
}

void Journal::noteMessages(core::Time now, Direction direction, std::size_t messages, std::size_t bytes) {
  if (messages == 0 || recorder_.entries == 0 || (recordsPayloads() && direction == Direction::Received)) {
    return;  // No messages, or each has an entry of its own.
  }
  const Lock lock(mutex_);
  if (entries_.empty() || !newest().counts || newest().direction != direction) {
    keep(lock, {.at = now, .text = {}, .counts = true, .direction = direction});
  }
  newest().messages += messages;
  newest().bytes += bytes;
}

void Journal::notePayload(core::Time now, Direction direction, const Message& message) {
  const std::span<const std::byte> bytes = message.bytes();
  std::string text(direction == Direction::Sent ? "queued " : nameOf(direction));
  text.append(message.isText() ? "text, " : "binary, ").append(core::decimal(bytes.size())).append(" bytes: ");
  text.append(quoted(bytes.first(std::min(bytes.size(), recorder_.payloadBytes))));
  const Lock lock(mutex_);
  keep(lock, {.at = now, .text = std::move(text)});
}

std::string Journal::dump() const {
  const Lock lock(mutex_);
  std::string text = "client " + name_ + "\n";
  if (forgotten_ > 0) {
    text.append("(").append(core::decimal(forgotten_)).append(" earlier entries are forgotten)\n");
  }
  for (std::size_t at = 0; at < entries_.size(); ++at) {
    const Entry& entry = entries_[at];
    text.append(secondsOf(entry.at - began_)).append("  ").append(entry.text);
    if (entry.counts) {
      text.append(nameOf(entry.direction)).append(core::decimal(entry.messages)).append(" messages, ");
      text.append(core::decimal(entry.bytes)).append(" bytes");
    }
    text += '\n';
  }
  return text;
}

void Journal::stop() {
  Lock lock(mutex_);
  gate_.shut(lock);
}

void Journal::keep(const Lock&, Entry entry) {
  if (recorder_.entries == 0) {
    return;
  }
  if (!entries_.empty()) {
    entry.at = std::max(entry.at, newest().at);  // Its time was looked at before the lock was had.
  }
  if (entries_.size() >= recorder_.entries) {
    entries_.pop_front();
    ++forgotten_;
  }
  entries_.push_back(std::move(entry));
}

}  // namespace tidewire::internal
