#include "application.hpp"

#include <cstddef>
#include <utility>

namespace test_server {

namespace {

using tidewire::server::OpenedChannel;

constexpr std::size_t kMaxChannels = 1000;
constexpr std::string_view kPrivate = "private/";
constexpr const char* kForbidden = "forbidden";

}  // namespace

Application::Application(const Settings& settings, const tidewire::server::Clock& clock, Called called)
    : clock_(clock),
      users_(settings.users),
      engine_(kMaxChannels, settings.epoch, {.history = settings.history, .clock = clock, .journal = journal_}),
      called_(std::move(called)) {}

void Application::answer(std::uint64_t call, tidewire::server::Outcome outcome) {
  if (const auto found = calls_.extract(call)) {
    found.mapped()(std::move(outcome));
  }
}

std::shared_ptr<tidewire::server::ChannelLog> Application::log(const std::string& channel) {
  return engine_.open(channel, "");
}

tidewire::server::TokenVerdict Application::check(const std::string& token) {
  return users_.check(token, clock_.steady());
}

OpenedChannel Application::open(const std::string& channel, const tidewire::server::Session& /*session*/) {
  return channel.starts_with(kPrivate) ? OpenedChannel{.refusal = kForbidden} : OpenedChannel{.log = log(channel)};
}

OpenedChannel Application::openToPublish(const std::string& channel, const tidewire::server::Session& session) {
  return open(channel, session);
}

void Application::call(std::string_view method, std::string_view body,
                       std::function<void(tidewire::server::Outcome)> done) {
  calls_.emplace(++callCount_, std::move(done));
  called_(callCount_, method, body);
}

}  // namespace test_server
