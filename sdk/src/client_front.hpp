#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "client_loop.hpp"
#include "core/options_fault.hpp"
#include "counters.hpp"
#include "journal.hpp"
#include "mailbox.hpp"
#include "outlet.hpp"
#include "pending_endpoint.hpp"
#include "platform/loop.hpp"
#include "tidewire/options.hpp"

namespace tidewire::internal {

/// The application's calls to one client, and the lifetime of its half on the loop thread. Calls are checked and posted
/// to the mailbox; the loop's half is made at the first turn and destroyed by the last, and keeps this object alive in
/// between.
///
/// Events leave through an outlet of the derived class: `ClientShared` for C++ applications, with handlers and threads;
/// a binding to a language with one thread brings its own.
class ClientFront : public ClientLoopHost,
                    public EndpointAnswers,
                    public std::enable_shared_from_this<ClientFront>,
                    private MailboxLoop {
 public:
  // Any thread.
  [[nodiscard]] ConnectResult connect();
  /// What keeps `connect` from starting an attempt.
  [[nodiscard]] virtual core::OptionsFault fault() const = 0;
  /// Sends a payload that the platform has stored already; `content` is for its `PayloadStore::put`. `waited`: see
  /// `Mailbox::SendMode`.
  template <class... Content>
  [[nodiscard]] SendResult sendStored(std::size_t sizeBytes, const SendOptions& options,
                                      std::optional<core::Duration> waited, Content&&... content) {
    // Locks are empty types where only one thread may call, and where any may there is one to do without.
    constexpr bool kHasThreads = !std::is_empty_v<Mutex>;
    if (!kHasThreads && !loop_->acceptsThisThread()) {
      return SendResult::WrongThread;
    }
    const Mailbox::SendMode mode{
        .whenNotOpen = options.whenNotOpen, .onOpenOf = outlet_.openRunsHere(), .waited = waited};
    if constexpr (kHasThreads) {
      if (mailbox_.takesHere() && mode.onOpenOf == 0 && !waited && loop_->onLoopThread()) {
        // Takes the content only if it accepts the message.
        if (const auto result = mailbox_.sendHere(sizeBytes, options.whenNotOpen, std::forward<Content>(content)...)) {
          return *result;
        }
      }
    }
    return mailbox_.send(sizeBytes, mode, std::forward<Content>(content)...);
  }
  [[nodiscard]] CloseResult close(std::uint16_t code, std::string_view reason);
  [[nodiscard]] ReconnectResult reconnect();
  [[nodiscard]] HeartbeatResult heartbeat();
  [[nodiscard]] PauseResult pause(bool paused);
  [[nodiscard]] State state() const { return mailbox_.state(); }
  [[nodiscard]] std::size_t bufferedAmount() const { return mailbox_.bufferedAmount(); }
  [[nodiscard]] Stats stats() const;
  [[nodiscard]] std::string flightRecord() const { return journal_.dump(); }
  /// Whether calls may come from the present thread.
  [[nodiscard]] bool acceptsThisThread() const { return loop_->acceptsThisThread(); }
  [[nodiscard]] core::Time now() const { return loop_->now(); }
  /// Takes commands for the layer.
  [[nodiscard]] Mailbox& mailbox() noexcept { return mailbox_; }
  void answerEndpoint(std::uint64_t attempt, Endpoint endpoint, std::unique_ptr<LayerCommand> post) override;
  void failEndpoint(std::uint64_t attempt, std::string_view why) override;
  /// No callback starts after this; the loop's half is destroyed by its next turn.
  void destroy();

  // Loop thread.
  void turn() override;
  void hint(core::Hint hint) override;
  void loopGone() override;
  void turnAgain() override { wakeLoop(); }
  void openReturned(std::uint64_t attempt) override;
  void roundEnded() override {}
  [[nodiscard]] std::weak_ptr<EndpointAnswers> endpointAnswers() override { return weak_from_this(); }

 protected:
  /// `outlet` is a member of the derived class.
  ClientFront(Options options, std::shared_ptr<Loop> loop, Outlet& outlet, MakeLayer makeLayer);
  ~ClientFront() = default;

  /// No callback starts after this.
  virtual void stopCallbacks() = 0;
  /// What is wrong with an answer of `Options::endpoint`.
  [[nodiscard]] virtual core::OptionsFault faultOf(const Endpoint& answer) const = 0;

  void wakeLoop() final { loop_->wake(shared_from_this()); }

  const Options options_;
  const std::shared_ptr<Loop> loop_;
  Mailbox mailbox_;
  Journal journal_;

 private:
  const MakeLayer makeLayer_;
  Outlet& outlet_;
  Counters counters_;

  // Loop thread only.
  std::unique_ptr<ClientLoop> clientLoop_;
  std::shared_ptr<ClientFront> self_;
  bool gone_ = false;
};

}  // namespace tidewire::internal
