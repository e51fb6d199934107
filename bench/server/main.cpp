// The measuring server: one thread, epoll, prepared frames, many of them in one write. What it does for a connection
// its path says; see roles.cpp.
//
//   measuring_server [--port N] [--certificate FILE --key FILE] [--backlog N] [--with-parent]
//
// Prints "listening PORT" when it is ready.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "connection.hpp"

namespace {

constexpr std::size_t kReadBytes = 512 * 1024;

struct Settings {
  int port = 0;
  // As many as a usual server lets wait: nginx has 511, the kernel's own limit is 4,096.
  int backlog = 511;
  std::string certificate;
  std::string key;
  bool withParent = false;
};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

/// A connection takes a descriptor, and 10,000 are more than the usual limit.
void raiseDescriptorLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int listenAt(const Settings& settings) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(settings.port));
  if (bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    fail("bind");
  }
  if (listen(socket, settings.backlog) != 0) {
    fail("listen");
  }
  return socket;
}

int portOf(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

SSL_CTX* makeTls(const Settings& settings) {
  if (settings.certificate.empty()) {
    return nullptr;
  }
  SSL_CTX* tls = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(tls, settings.certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(tls, settings.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    std::fputs("the certificate or its key cannot be used\n", stderr);
    std::exit(1);
  }
  SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(tls, 1);
  SSL_CTX_set_default_read_buffer_len(tls, kReadBytes);
  return tls;
}

class Server {
 public:
  explicit Server(const Settings& settings)
      : tls_(makeTls(settings)), listener_(listenAt(settings)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    epoll_event event{EPOLLIN, {nullptr}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
  }

  [[nodiscard]] int port() const { return portOf(listener_); }

  void turn() {
    std::array<epoll_event, 256> events{};
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      if (events[static_cast<std::size_t>(i)].data.ptr == nullptr) {
        acceptAll();
      } else {
        serve(events[static_cast<std::size_t>(i)]);
      }
    }
  }

 private:
  void acceptAll() {
    int socket = -1;
    while ((socket = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
      const int on = 1;
      setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      auto* connection = new bench::Connection(socket, tls_);
      epoll_event event{EPOLLIN, {connection}};
      epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
    }
  }

  void serve(const epoll_event& event) {
    auto* connection = static_cast<bench::Connection*>(event.data.ptr);
    const bool waited = connection->wantsToWrite();
    if (!connection->turn(event.events, shared_)) {
      delete connection;
      return;
    }
    if (connection->wantsToWrite() != waited) {
      epoll_event next{connection->wantsToWrite() ? EPOLLIN | EPOLLOUT : EPOLLIN, {connection}};
      epoll_ctl(epoll_, EPOLL_CTL_MOD, connection->socket(), &next);
    }
  }

  SSL_CTX* const tls_;
  const int listener_;
  const int epoll_;
  std::vector<char> shared_ = std::vector<char>(kReadBytes);
};

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app("The measuring server");
  app.add_option("--port", settings.port, "port; 0 takes a free one");
  app.add_option("--backlog", settings.backlog, "length of the accept queue");
  app.add_option("--certificate", settings.certificate, "PEM certificate; with it the server speaks TLS");
  app.add_option("--key", settings.key, "PEM key of the certificate");
  app.add_flag("--with-parent", settings.withParent, "end when the process that started it does");
  CLI11_PARSE(app, argc, argv);
  if (settings.withParent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
  }

  raiseDescriptorLimit();
  Server server(settings);
  std::printf("listening %d\n", server.port());
  std::fflush(stdout);
  while (true) {
    server.turn();
  }
}
