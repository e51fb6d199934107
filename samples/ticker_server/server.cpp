#include "server.hpp"

#include <iterator>
#include <stdexcept>
#include <utility>

#include "connection.hpp"
#include "http.hpp"
#include "listen_address.hpp"
#include "request.hpp"
#include "site.hpp"
#include "turn_clock.hpp"

namespace ticker {

namespace {

constexpr unsigned kServiceBufferBytes = 128 * 1024;
constexpr std::size_t kReceiveBytes = 64 * 1024;  // At once from one client; libwebsockets allocates it for each.
constexpr std::size_t kSendBytes = 128 * 1024;    // In one system call; what exceeds it would be copied first.
constexpr unsigned kMaxHeaderBytes = 20 * 1024;   // Of one request, for URLs that clients are tested with.
constexpr lws_usec_t kGoodbyeTime = LWS_US_PER_SEC;
constexpr std::uint16_t kNoStatus = 1005;  // RFC 6455 section 7.4.1

// What begins the payload of a Close frame.
std::uint16_t closeCode(std::string_view payload) {
  const auto byte = [payload](std::size_t at) { return static_cast<unsigned char>(payload[at]); };
  return payload.size() < 2 ? kNoStatus : static_cast<std::uint16_t>(byte(0) << 8 | byte(1));
}

}  // namespace

Server::Server(Options options, Site& site, TurnClock& clock)
    : options_(std::move(options)),
      admission_({options_.host, options_.allowedHosts, options_.allowedOrigins}),
      site_(site),
      clock_(clock) {
  goodbyeTimer_.server = this;
  createContext();
  clock_.beginTurn();
  site_.started(context_.get());
}

Server::~Server() {
  lws_sul_cancel(&goodbyeTimer_.entry);
}

void Server::createContext() {
  lws_set_log_level(0, nullptr);  // It reports what any client does wrong; what stops us is reported by us.
  // A client that offers no subprotocol, and plain HTTP, get the first; its name cannot be offered. The
  // other has the name of whichever subprotocol is being chosen.
  static lws_protocols protocols[] = {{"", callback, 0, kReceiveBytes, 0, nullptr, kSendBytes},
                                      {"echo", callback, 0, kReceiveBytes, 0, nullptr, kSendBytes},
                                      {nullptr, nullptr, 0, 0, 0, nullptr, 0}};
  const ListenAddress address = listenAddress(options_.host, options_.port);
  lws_context_creation_info info{};
  info.iface = address.numeric.c_str();
  info.port = options_.port;
  info.protocols = protocols;
  info.user = this;
  info.pt_serv_buf_size = kServiceBufferBytes;
  info.max_http_header_data2 = kMaxHeaderBytes;
  info.options = LWS_SERVER_OPTION_VALIDATE_UTF8 | LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND |
                 (address.ipv6 ? 0 : LWS_SERVER_OPTION_DISABLE_IPV6);
  raiseDescriptorLimit();
  context_.reset(lws_create_context(&info));
  if (!context_) {
    throw std::runtime_error("cannot listen on " + options_.host + " port " + std::to_string(options_.port));
  }
}

std::string Server::url() const {
  const int port = lws_get_vhost_listen_port(lws_get_vhost_by_name(context_.get(), "default"));
  const bool ipv6 = options_.host.find(':') != std::string::npos;
  return "http://" + (ipv6 ? '[' + options_.host + ']' : options_.host) + ':' + std::to_string(port) + '/';
}

void Server::run() {
  while (stopping_ == 0) {
    lws_service(context_.get(), 0);
  }
  goodbye();
}

void Server::stop() {
  stopping_ = 1;
  lws_cancel_service(context_.get());
}

void Server::goodbye() {
  site_.stopping();
  clock_.beginTurn();
  for (const auto& [socket, connection] : connections_) {
    connection->serverStops();
  }
  serveLast();
  for (const auto& [socket, connection] : connections_) {
    connection->goAway();
  }
  serveLast();
}

void Server::serveLast() {
  goodbyeOver_ = false;
  lws_sul_schedule(context_.get(), 0, &goodbyeTimer_.entry, goodbyeTimerFired, kGoodbyeTime);
  while (!connections_.empty() && !goodbyeOver_) {
    lws_service(context_.get(), 0);
  }
}

void Server::goodbyeTimerFired(lws_sorted_usec_list_t* entry) {
  Server& server = *reinterpret_cast<Timer*>(entry)->server;
  server.goodbyeOver_ = true;
  lws_cancel_service(server.context_.get());  // Else it would go on to wait for the next timer.
}

int Server::callback(lws* socket, lws_callback_reasons reason, void* user, void* in, std::size_t length) {
  auto* const server = static_cast<Server*>(lws_context_user(lws_get_context(socket)));
  server->clock_.beginTurn();
  switch (reason) {
    case LWS_CALLBACK_HTTP:
      return serveHttp(socket, server->admission_, server->options_.folder ? &*server->options_.folder : nullptr);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
      // `in` is not looked at: it may be freed already.
      return checkUpgrade(socket, server->admission_, server->site_);
    case LWS_CALLBACK_RAW_ADOPT:
      return -1;  // A CONNECT request.
    case LWS_CALLBACK_ESTABLISHED:
      server->established(socket);
      return 0;
    case LWS_CALLBACK_CLOSED:
      server->connections_.erase(socket);
      return 0;
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_SERVER_WRITEABLE:
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
      return server->handle(socket, reason, {static_cast<const char*>(in), length});
    default:
      return lws_callback_http_dummy(socket, reason, user, in, length);
  }
}

int Server::handle(lws* socket, lws_callback_reasons reason, std::string_view in) {
  const auto found = connections_.find(socket);
  if (found == connections_.end()) {
    return -1;
  }
  Connection& connection = *found->second;
  switch (reason) {
    case LWS_CALLBACK_RECEIVE:
      connection.received(
          {.bytes = in, .binary = lws_frame_is_binary(socket) != 0, .last = lws_is_final_fragment(socket) != 0});
      return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
      return connection.writable() ? 0 : -1;
    default:
      return connection.peerCloses(closeCode(in)) ? 0 : -1;
  }
}

void Server::established(lws* socket) {
  std::unique_ptr<Connection> connection = site_.open(socket, readRequest(socket));
  if (stopping_ != 0) {
    connection->goAway();
  }
  connections_.emplace(socket, std::move(connection));
}

}  // namespace ticker
