// The limit: read() and write() over the same bytes, without framing. Frames are prepared, messages only counted.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "common/idle.hpp"
#include "common/sync_run.hpp"

namespace bench {
namespace {

constexpr std::size_t kBytes = 256 * 1024;

/// A frame of a client. The masking key is zero, which no real client may do.
std::string clientFrame(const Settings& settings) {
  std::string frame(1, static_cast<char>(settings.text ? 0x81 : 0x82));
  const std::size_t size = settings.bytes;
  const int sizeBytes = size < 126 ? 0 : size < 65'536 ? 2 : 8;
  frame += static_cast<char>(0x80 | (sizeBytes == 0 ? static_cast<int>(size) : sizeBytes == 2 ? 126 : 127));
  for (int i = sizeBytes; i-- > 0;) {
    frame += static_cast<char>(size >> (8 * i));
  }
  return frame + std::string(4, '\0') + std::string(size, 'x');
}

class Peer {
 public:
  explicit Peer(const Settings& settings)
      : coalesce_(settings.coalesce), frame_(clientFrame(settings)), socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(settings.port())));
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      fail("not connected");
    }
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    writeAll("GET " + settings.target() + " HTTP/1.1\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
    std::string answer;
    while (answer.size() < 4 || answer.compare(answer.size() - 4, 4, "\r\n\r\n") != 0) {
      char byte = 0;
      if (recv(socket_, &byte, 1, 0) != 1) {
        fail("no answer");
      }
      answer += byte;
    }
    if (settings.scenario != "idle" && settings.scenario != "connect") {
      in_.resize(kBytes);
      out_.reserve(kBytes + frame_.size());
    }
    const std::size_t header = settings.bytes < 126 ? 2 : settings.bytes < 65'536 ? 4 : 10;
    // Where the server only acknowledges, its messages are "go" and "done".
    countsFrames_ = settings.scenario == "receive" || settings.scenario == "ping-pong" || settings.scenario == "echo";
    bytes_ = settings.bytes;
    frameBytes_ = header + settings.bytes;
  }
  ~Peer() { ::close(socket_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void write(const std::string&) {
    if (!coalesce_) {
      writeAll(frame_);
      return;
    }
    out_ += frame_;
    if (out_.size() >= kBytes) {
      flush();
    }
  }

  std::size_t read() {
    if (countsFrames_) {
      for (; received_ < frameBytes_; received_ += readSome()) {
      }
      received_ -= frameBytes_;
      return bytes_;
    }
    while (received_ - begin_ < 2 || received_ - begin_ < 2U + static_cast<unsigned char>(in_[begin_ + 1])) {
      received_ += readSome(received_);
    }
    const auto size = static_cast<std::size_t>(static_cast<unsigned char>(in_[begin_ + 1]));
    begin_ += 2 + size;
    if (begin_ == received_) {
      begin_ = received_ = 0;
    }
    return size;
  }

  void close() {
    writeAll(std::string("\x88\x82\0\0\0\0\x03\xE8", 8));
    in_.resize(64);
    while (recv(socket_, in_.data(), in_.size(), 0) > 0) {
    }
  }

 private:
  std::size_t readSome(std::size_t at = 0) {
    flush();
    const ssize_t got = recv(socket_, in_.data() + at, in_.size() - at, 0);
    if (got <= 0) {
      fail("the connection has ended");
    }
    return static_cast<std::size_t>(got);
  }

  void flush() {
    writeAll(out_);
    out_.clear();
  }

  void writeAll(const std::string& text) {
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t wrote = ::send(socket_, text.data() + done, text.size() - done, MSG_NOSIGNAL);
      if (wrote <= 0) {
        fail("the connection has ended");
      }
      done += static_cast<std::size_t>(wrote);
    }
  }

  const bool coalesce_;
  const std::string frame_;
  const int socket_;
  std::vector<char> in_;
  std::string out_;
  bool countsFrames_ = true;
  std::size_t bytes_ = 0;
  std::size_t frameBytes_ = 0;
  std::size_t received_ = 0;
  std::size_t begin_ = 0;
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  const bench::Settings settings = bench::readSettings(argc, argv);
  if (settings.isTls()) {
    bench::refuse("without TLS");
  }
  if (settings.scenario == "idle") {
    bench::runIdle<bench::Peer>(settings);
  } else {
    bench::runSync<bench::Peer>(settings);
  }
}
