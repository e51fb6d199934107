#pragma once

#include <libwebsockets.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "admission.hpp"
#include "web_folder.hpp"

namespace ticker {

class Connection;
class Site;
class TurnClock;

/// The HTTP and WebSocket server: one thread, libwebsockets' own poll loop.
class Server {
 public:
  struct Options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;                        ///< 0: the kernel chooses.
    std::vector<std::string> allowedHosts = {};    ///< See `Admission::Settings`.
    std::vector<std::string> allowedOrigins = {};  ///< See `Admission::Settings`.
    std::optional<WebFolder> folder = std::nullopt;
  };

  /// Starts listening; clients are answered in `run`.
  ///
  /// Requires: `site` and `clock` outlive the server.
  /// Throws: std::runtime_error that names host and port if it cannot listen there.
  Server(Options options, Site& site, TurnClock& clock);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// "http://127.0.0.1:8090/", with the port that is really listened on.
  [[nodiscard]] std::string url() const;

  /// Serves until `stop`, then gives those clients a second to leave that can be asked to, closes the others with 1001,
  /// and gives them a second to answer.
  void run();

  /// Has `run` return. May be called from a signal handler.
  void stop();

 private:
  /// Leads from libwebsockets' timer back to the server.
  struct Timer {
    lws_sorted_usec_list_t entry{};  // First, so that its address is the timer's.
    Server* server = nullptr;
  };
  struct ContextDeleter {
    void operator()(lws_context* context) const { lws_context_destroy(context); }
  };

  static int callback(lws* socket, lws_callback_reasons reason, void* user, void* in, std::size_t length);
  static void goodbyeTimerFired(lws_sorted_usec_list_t* entry);

  /// What concerns an open WebSocket.
  int handle(lws* socket, lws_callback_reasons reason, std::string_view in);
  void established(lws* socket);
  void createContext();
  void goodbye();
  /// Serves until every client has gone, for a second at most.
  void serveLast();

  Options options_;
  Admission admission_;
  Site& site_;
  TurnClock& clock_;
  Timer goodbyeTimer_;
  volatile std::sig_atomic_t stopping_ = 0;
  bool goodbyeOver_ = false;
  std::unordered_map<lws*, std::unique_ptr<Connection>> connections_;
  std::unique_ptr<lws_context, ContextDeleter> context_;  // Last: closing it still calls back.
};

}  // namespace ticker
