// Boost.Beast, synchronous.

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "common/buffered_stream.hpp"
#include "common/idle.hpp"
#include "common/sync_run.hpp"

namespace bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

// Beast masks into this buffer, and writes once for each time that it is full.
constexpr std::size_t kWriteBytes = 128 * 1024 + 14;

/// What all streams of this program share.
struct World {
  asio::io_context io;
  asio::ssl::context tls{asio::ssl::context::tls_client};
};

World& world() {
  static World world;
  return world;
}

using TlsStream = asio::ssl::stream<tcp::socket>;

tcp::socket& socketOf(tcp::socket& stream) {
  return stream;
}
tcp::socket& socketOf(TlsStream& stream) {
  return stream.next_layer();
}
template <class Next>
tcp::socket& socketOf(BufferedStream<Next>& stream) {
  return socketOf(stream.next_layer());
}

void shakeHands(tcp::socket&) {}
void shakeHands(TlsStream& stream) {
  stream.set_verify_mode(asio::ssl::verify_peer);
  stream.handshake(asio::ssl::stream_base::client);
}
template <class Next>
void shakeHands(BufferedStream<Next>& stream) {
  shakeHands(stream.next_layer());
}

template <class Stream>
class Peer {
 public:
  template <class... Args>
  Peer(const Settings& settings, Args&... args) : stream_(world().io, args...) {
    tcp::socket& socket = socketOf(stream_.next_layer());
    socket.connect({asio::ip::make_address("127.0.0.1"), static_cast<unsigned short>(std::stoi(settings.port()))});
    socket.set_option(tcp::no_delay(true));
    shakeHands(stream_.next_layer());
    // The default of 4 KiB serves many idle connections better, and is a write for every 4 KiB.
    if (settings.scenario != "idle") {
      stream_.write_buffer_bytes(kWriteBytes);
    }
    stream_.auto_fragment(false);
    stream_.read_message_max(64 * 1024 * 1024);
    stream_.binary(!settings.text);
    stream_.handshake(settings.host() + ":" + settings.port(), settings.target());
  }

  void write(const std::string& payload) { stream_.write(asio::buffer(payload)); }

  std::size_t read() {
    buffer_.clear();
    return stream_.read(buffer_);
  }

  void close() {
    stream_.close(beast::websocket::close_code::normal);
    beast::error_code error;
    while (!error) {
      buffer_.clear();
      stream_.read(buffer_, error);
    }
  }

 private:
  beast::websocket::stream<Stream> stream_;
  beast::flat_buffer buffer_;
};

template <class Stream>
class TlsPeer : public Peer<Stream> {
 public:
  explicit TlsPeer(const Settings& settings) : Peer<Stream>(settings, world().tls) {}
};

void run(const Settings& settings) {
  if (settings.scenario == "idle") {
    return runIdle<Peer<tcp::socket>>(settings);
  }
  if (settings.isTls()) {
    world().tls.load_verify_file(settings.ca);
    return settings.coalesce ? runSync<TlsPeer<BufferedStream<TlsStream>>>(settings)
                             : runSync<TlsPeer<TlsStream>>(settings);
  }
  return settings.coalesce ? runSync<Peer<BufferedStream<tcp::socket>>>(settings)
                           : runSync<Peer<tcp::socket>>(settings);
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::run(bench::readSettings(argc, argv));
}
