#pragma once

#include <ev.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "addresses.hpp"
#include "core/time.hpp"
#include "core/url.hpp"
#include "native_loop.hpp"
#include "os/sockets.hpp"

namespace tidewire::native {

/// Looks a host up and races TCP connections to its addresses (RFC 8305): the next one starts after 250 ms, or at once
/// when the previous one was refused. The first to connect wins, before anything is sent on it; the others are cut, so
/// a server gets one request.
class Dialer {
 public:
  /// Receives the connection. Every call comes from the loop, never from inside `start`.
  class Client {
   public:
    /// A TCP connection is established, which belongs to the client now. Gets the durations of the look-up, if there
    /// was one, and of the connection. `address` names the peer: `192.0.2.1:443`. May destroy the dialer.
    virtual void dialed(Socket socket, std::string address, std::optional<core::Duration> lookUp,
                        core::Duration connect) = 0;
    /// No connection could be made. May destroy the dialer.
    virtual void dialFailed(std::string detail) = 0;

   protected:
    ~Client() = default;
  };

  Dialer(NativeLoop& loop, Client& client);
  ~Dialer();
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;

  /// `url` stays valid until the dialer has reported or is destroyed.
  void start(const core::Url& url);
  void stop();
  /// The current step, for people; empty before `start`.
  [[nodiscard]] std::string awaited() const;

 private:
  class ConnectionAttempt;

  void lookedUp(Addresses addresses);
  void startNext();
  void won(ConnectionAttempt& attempt);
  void cutOthers();
  [[nodiscard]] std::string errors() const;

  NativeLoop& loop_;
  Client& client_;
  const core::Url* url_ = nullptr;
  // A late look-up finds it empty.
  std::shared_ptr<Dialer*> self_;
  LookUp lookUp_;
  std::vector<std::string> addresses_;
  std::size_t nextAddress_ = 0;
  std::vector<std::unique_ptr<ConnectionAttempt>> attempts_;
  core::Time startedAt_{};
  core::Time lookedUpAt_{};
  bool hasLookedUp_ = false;
  bool finished_ = false;
  ev_timer headStart_{};
};

}  // namespace tidewire::native
