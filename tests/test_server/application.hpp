#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "server/application.hpp"
#include "server/clock.hpp"
#include "server/journal.hpp"
#include "server/memory_log.hpp"
#include "stream/users.hpp"

namespace test_server {

/// Every channel exists, except that those whose names begin with `private/` are forbidden. Methods are answered by the
/// test.
class Application final : public tidewire::server::Application {
 public:
  struct Settings {
    ticker::stream::Users::Settings users = {};
    tidewire::server::History history = {};
    std::string epoch = {};
  };
  /// Reports a call that has to be answered.
  using Called = std::function<void(std::uint64_t call, std::string_view method, std::string_view body)>;

  /// `clock` outlives the application.
  Application(const Settings& settings, const tidewire::server::Clock& clock, Called called);

  /// Answers a call. Has no effect on one that has been answered.
  void answer(std::uint64_t call, tidewire::server::Outcome outcome);
  /// The log of any channel, for the test itself.
  std::shared_ptr<tidewire::server::ChannelLog> log(const std::string& channel);

 private:
  tidewire::server::TokenVerdict check(const std::string& token) override;
  tidewire::server::OpenedChannel open(const std::string& channel, const tidewire::server::Session& session) override;
  tidewire::server::OpenedChannel openToPublish(const std::string& channel,
                                                const tidewire::server::Session& session) override;
  [[nodiscard]] bool isRoom(std::string_view /*channel*/) const override { return false; }
  void call(std::string_view method, std::string_view body,
            std::function<void(tidewire::server::Outcome)> done) override;

  const tidewire::server::Clock& clock_;
  ticker::stream::Users users_;
  tidewire::server::Journal journal_;
  tidewire::server::MemoryEngine engine_;
  Called called_;
  std::map<std::uint64_t, std::function<void(tidewire::server::Outcome)>> calls_;  // Without an answer.
  std::uint64_t callCount_ = 0;
};

}  // namespace test_server
