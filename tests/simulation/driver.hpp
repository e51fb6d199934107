#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "core/connection.hpp"
#include "invariants.hpp"
#include "network.hpp"
#include "trace.hpp"

namespace tidewire::simulation {

/// Drives the core as `ClientLoop` does: one input, then every action, then what was posted meanwhile, then what the
/// transport has room for, then the deadline. Instead of callbacks there is `onOpen` and `onClose` of the user.
class Driver {
 public:
  /// What the user does inside a callback; it posts like any other call.
  struct User {
    std::function<void()> onOpen;
    std::function<void(const CloseInfo&)> onClose;
    std::function<void(std::uint64_t attempt)> onOpenQueued;  ///< With Callbacks::Poll.
    std::function<void(std::uint64_t attempt)> endpoint;
  };

  Driver(const Plan& plan, Network& network, Invariants& invariants, Trace& trace, User user);
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  void setTime(core::Time now) { now_ = now; }

  // Calls of the user. Inside a callback they wait for the end of the round, otherwise they are one.
  void connect() { post({Call::Kind::Connect}); }
  void close(std::uint16_t code) { post({Call::Kind::Close, code}); }
  void reconnect() { post({Call::Kind::Reconnect}); }
  void probeNow() { post({Call::Kind::Probe}); }
  void pause(bool paused) { post({paused ? Call::Kind::Pause : Call::Kind::Resume}); }
  void send(std::size_t sizeBytes) { post({Call::Kind::Send, sizeBytes}); }
  /// Inside onOpen.
  void sendFirst(std::size_t sizeBytes) { first_.push_back(sizeBytes); }
  void openReturned(std::uint64_t attempt) { post({Call::Kind::OpenReturned, attempt}); }
  void answerEndpoint(std::uint64_t attempt) { post({Call::Kind::EndpointAnswered, attempt}); }
  void failEndpoint(std::uint64_t attempt) { post({Call::Kind::EndpointFailed, attempt}); }
  /// Whether `send` would take it.
  [[nodiscard]] bool takes(std::size_t sizeBytes) const;

  // What the world does.
  void hint(core::Hint hint);
  void tick();
  void wireOpens();
  void wireEnds(core::Ending ending);
  void wireWritable();
  void bytesArrive();
  void pongArrives(std::uint64_t payload);
  void textAnswerArrives(std::string_view text);

  [[nodiscard]] State state() const { return connection_.state(); }
  [[nodiscard]] std::optional<core::Time> deadline() const { return deadline_; }

 private:
  struct Call {
    enum class Kind : std::uint8_t {
      Connect,
      Close,
      Reconnect,
      Probe,
      Pause,
      Resume,
      Send,
      OpenReturned,
      EndpointAnswered,
      EndpointFailed,
    };
    Kind kind;
    std::uint64_t argument = 0;
  };

  template <class Give>
  void round(Give give);
  template <class Give>
  void input(Input input, Give give, const core::Ending* ending = nullptr);
  void post(Call call);
  void doPosted();
  void doCall(const Call& call);
  void performActions();
  void perform(const core::Action& action);
  void handOver();
  void limitReading();
  void enqueue(std::size_t sizeBytes, bool first);
  void arrival();
  [[nodiscard]] core::Outgoing outgoing(std::uint64_t number, std::size_t sizeBytes);

  const Plan& plan_;
  Network& network_;
  Invariants& invariants_;
  Trace& trace_;
  const User user_;
  core::Time now_{std::chrono::hours(1)};
  core::Connection connection_;
  bool inRound_ = false;
  bool paused_ = false;
  bool readingPaused_ = false;
  std::vector<Call> posted_;
  std::vector<std::size_t> first_;
  std::optional<core::Time> deadline_;
};

}  // namespace tidewire::simulation
