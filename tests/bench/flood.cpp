// How much CPU a message costs through the public Client, against a bare read() or write() loop over the same bytes in
// the same run. Both directions, small messages, medians of interleaved repetitions.
//
//   flood [--messages N] [--bytes N] [--repeat N] [--limit RATIO]
//
// Exits 1 if a ratio is over the limit.

#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <string>
#include <vector>

#include "os/randomness.hpp"
#include "rfc6455/codec.hpp"
#include "rfc6455/mask_keys.hpp"
#include "support/raw_peer.hpp"
#include "tidewire/client.hpp"

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kChunkBytes = 128 * 1024;
// The server tells each time it has read so many messages, and a client has at most four times as many on their way:
// a program that floods without end would wait for its peer like this, and for nothing else.
constexpr std::size_t kAckedMessages = 16'384;
constexpr std::size_t kWindowMessages = 4 * kAckedMessages;
constexpr std::size_t kAckBytes = 5;

struct Settings {
  std::size_t messages = 500'000;
  std::size_t bytes = 64;
  int repeat = 7;
  double limit = 8;
};

std::size_t acks(const Settings& settings) {
  return (settings.messages + kAckedMessages - 1) / kAckedMessages;
}

double cpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<long>(values.size() / 2));
  return values[values.size() / 2];
}

void writeAll(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) {
      std::perror("write");
      std::exit(2);
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void readAll(int socket, std::size_t bytes) {
  static char chunk[kChunkBytes];
  while (bytes > 0) {
    const ssize_t count = recv(socket, chunk, std::min(bytes, sizeof chunk), 0);
    if (count <= 0) {
      std::perror("read");
      std::exit(2);
    }
    bytes -= static_cast<std::size_t>(count);
  }
}

/// The flooding server, in a process of its own so that its CPU time is its own. The path of a request tells whether it
/// sends (/down) or reads (/up).
class FloodServer {
 public:
  explicit FloodServer(const Settings& settings) : settings_(settings) {
    child_ = fork();
    if (child_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (;;) {
        serve();
      }
    }
  }
  ~FloodServer() {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  FloodServer(const FloodServer&) = delete;
  FloodServer& operator=(const FloodServer&) = delete;

  [[nodiscard]] std::string url(std::string_view path) const { return peer_.url(path); }
  [[nodiscard]] int port() const { return peer_.port(); }

  /// What a client that receives is sent: frames without a mask.
  [[nodiscard]] std::size_t bytesDown() const { return settings_.messages * (settings_.bytes + headerBytes()); }
  /// What a client that sends has to send: frames with a mask.
  [[nodiscard]] std::size_t bytesUp() const { return settings_.messages * (settings_.bytes + headerBytes() + 4); }

 private:
  [[nodiscard]] std::size_t headerBytes() const { return settings_.bytes < 126 ? 2 : settings_.bytes < 65536 ? 4 : 10; }

  void serve() {
    const auto connection = peer_.accept();
    const std::string request = connection->acceptWebSocket();
    if (request.starts_with("GET /down")) {
      flood(*connection);
    } else {
      swallow(*connection);
    }
    (void)connection->readFrame();  // Until the client goes.
  }

  void swallow(support::RawConnection& connection) const {
    for (std::size_t left = settings_.messages; left > 0;) {
      const std::size_t now = std::min(left, kAckedMessages);
      connection.discard(now * (bytesUp() / settings_.messages));
      connection.write(support::serverFrame(2, "ack"));
      left -= now;
    }
  }

  void flood(support::RawConnection& connection) const {
    // As many frames in a write as fit into a chunk, and never fewer than 64.
    const std::string frame = support::serverFrame(2, std::string(settings_.bytes, 'x'));
    const std::size_t inWrite = std::max<std::size_t>(64, kChunkBytes / frame.size());
    std::string many;
    for (std::size_t i = 0; i < inWrite; ++i) {
      many += frame;
    }
    for (std::size_t left = settings_.messages; left > 0;) {
      const std::size_t now = std::min(left, inWrite);
      connection.write(std::string_view(many).substr(0, now * frame.size()));
      left -= now;
    }
  }

  const Settings settings_;
  support::RawPeer peer_;
  pid_t child_ = -1;
};

/// A bare TCP connection that has made the handshake and then counts bytes only.
class Bare {
 public:
  Bare(const FloodServer& server, const std::string& path) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(server.port()));
    if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      std::perror("connect");
      std::exit(2);
    }
    writeAll(socket_, "GET " + path + " HTTP/1.1\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
    std::string answer;
    while (!answer.ends_with("\r\n\r\n")) {
      char byte = 0;
      if (recv(socket_, &byte, 1, 0) != 1) {
        std::perror("handshake");
        std::exit(2);
      }
      answer += byte;
    }
  }
  ~Bare() { ::close(socket_); }
  Bare(const Bare&) = delete;
  Bare& operator=(const Bare&) = delete;

  [[nodiscard]] int socket() const { return socket_; }

 private:
  int socket_;
};

double bareDown(const FloodServer& server) {
  const Bare bare(server, "/down");
  const double before = cpuSeconds();
  readAll(bare.socket(), server.bytesDown());
  return cpuSeconds() - before;
}

/// The bytes that a client sends, made beforehand.
std::string framesUp(const Settings& settings) {
  tidewire::native::ByteBuffer frames;
  tidewire::native::MaskKeys keys(&tidewire::native::drawRandom, &tidewire::native::drawRandom);
  const std::string payload(settings.bytes, 'x');
  for (std::size_t i = 0; i < settings.messages; ++i) {
    appendMessage(frames, tidewire::MessageKind::Binary, std::as_bytes(std::span(payload)), *keys.next());
  }
  return {reinterpret_cast<const char*>(frames.data()), frames.size()};
}

double bareUp(const FloodServer& server, const Settings& settings, std::string_view frames) {
  const Bare bare(server, "/up");
  const double before = cpuSeconds();
  for (; !frames.empty(); frames.remove_prefix(std::min(frames.size(), kChunkBytes))) {
    writeAll(bare.socket(), frames.substr(0, kChunkBytes));
  }
  readAll(bare.socket(), acks(settings) * kAckBytes);
  return cpuSeconds() - before;
}

/// Counts what callbacks say, for a thread that waits without turning.
class Waiter {
 public:
  void count() {
    const std::lock_guard lock(mutex_);
    ++count_;
    condition_.notify_one();
  }
  void waitFor(std::size_t count) {
    std::unique_lock lock(mutex_);
    condition_.wait(lock, [this, count] { return count_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  std::size_t count_ = 0;
};

double clientDown(const FloodServer& server, const Settings& settings) {
  Waiter waiter;
  std::size_t received = 0;
  std::size_t bytes = 0;
  tidewire::Client client({.url = server.url("/down"), .heartbeat = {.interval = 0ms}});
  client.onMessage([&](const tidewire::Message& message) {
    bytes += message.bytes().size();
    if (++received == settings.messages) {
      waiter.count();
    }
  });
  const double before = cpuSeconds();
  client.connect();
  waiter.waitFor(1);
  const double spent = cpuSeconds() - before;
  if (bytes != settings.messages * settings.bytes) {
    std::fputs("bytes are missing\n", stderr);
    std::exit(2);
  }
  return spent;
}

double clientUp(const FloodServer& server, const Settings& settings) {
  Waiter opened;
  Waiter acked;
  tidewire::Client client(
      {.url = server.url("/up"),
       .heartbeat = {.interval = 0ms},
       .sendQueue = {.maxBytes = 2 * kWindowMessages * settings.bytes, .maxMessages = 2 * kWindowMessages}});
  client.onOpen([&](const tidewire::Opened&) { opened.count(); });
  client.onMessage([&](const tidewire::Message&) { acked.count(); });
  client.connect();
  opened.waitFor(1);
  const std::string payload(settings.bytes, 'x');
  const double before = cpuSeconds();
  for (std::size_t i = 0; i < settings.messages; ++i) {
    if (i >= kWindowMessages && i % kAckedMessages == 0) {
      acked.waitFor((i - kWindowMessages) / kAckedMessages + 1);
    }
    if (client.sendBinary(payload) != tidewire::SendResult::Queued) {
      std::fputs("refused\n", stderr);
      std::exit(2);
    }
  }
  acked.waitFor(acks(settings));
  return cpuSeconds() - before;
}

bool report(const char* direction, const Settings& settings, const std::vector<double>& ours,
            const std::vector<double>& bare) {
  const double perMessage = 1e9 / static_cast<double>(settings.messages);
  const double ratio = median(ours) / median(bare);
  std::printf("%-8s %6zu B: client %7.1f ns, bare loop %7.1f ns CPU a message; ratio %.2f (limit %.1f)\n", direction,
              settings.bytes, median(ours) * perMessage, median(bare) * perMessage, ratio, settings.limit);
  return ratio <= settings.limit;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app("CPU per message through the Client, against a bare loop over the same bytes");
  app.add_option("--messages", settings.messages, "messages in a run");
  app.add_option("--bytes", settings.bytes, "payload of a message");
  app.add_option("--repeat", settings.repeat, "runs; the median counts")->check(CLI::Range(5, 1000));
  app.add_option("--limit", settings.limit, "the largest ratio that passes");
  CLI11_PARSE(app, argc, argv);

  const FloodServer server(settings);
  const std::string frames = framesUp(settings);
  std::vector<double> oursDown;
  std::vector<double> oursUp;
  std::vector<double> bareDowns;
  std::vector<double> bareUps;
  for (int i = 0; i < settings.repeat; ++i) {
    bareDowns.push_back(bareDown(server));
    oursDown.push_back(clientDown(server, settings));
    bareUps.push_back(bareUp(server, settings, frames));
    oursUp.push_back(clientUp(server, settings));
  }
  const bool down = report("receive", settings, oursDown, bareDowns);
  const bool up = report("send", settings, oursUp, bareUps);
  return down && up ? 0 : 1;
}
