// Boost.Beast, asynchronous.

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "common/course.hpp"
#include "common/idle.hpp"

namespace bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

constexpr std::size_t kWriteBytes = 128 * 1024 + 14;

// A concrete executor spares what a type-erased one costs for each operation.
using Socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;
using TlsStream = asio::ssl::stream<Socket>;

/// What all streams of this program share; one thread runs it.
struct World {
  asio::io_context io{1};
  asio::ssl::context tls{asio::ssl::context::tls_client};
};

World& world() {
  static World world;
  return world;
}

Socket& socketOf(Socket& stream) {
  return stream;
}
Socket& socketOf(TlsStream& stream) {
  return stream.next_layer();
}
void shakeHands(Socket&) {}
void shakeHands(TlsStream& stream) {
  stream.set_verify_mode(asio::ssl::verify_peer);
  stream.handshake(asio::ssl::stream_base::client);
}

void check(const beast::error_code& error) {
  if (error) {
    fail(error.message());
  }
}

/// The handshake blocks; what is measured afterwards does not.
template <class Stream>
class Peer {
 public:
  template <class... Args>
  explicit Peer(const Settings& settings, Args&... args) : stream_(world().io, args...) {
    Socket& socket = socketOf(stream_.next_layer());
    socket.connect({asio::ip::make_address("127.0.0.1"), static_cast<unsigned short>(std::stoi(settings.port()))});
    socket.set_option(asio::ip::tcp::no_delay(true));
    shakeHands(stream_.next_layer());
    if (settings.scenario != "idle") {
      stream_.write_buffer_bytes(kWriteBytes);
    }
    stream_.auto_fragment(false);
    stream_.read_message_max(64 * 1024 * 1024);
    stream_.binary(!settings.text);
    stream_.handshake(settings.host() + ":" + settings.port(), settings.target());
    if (settings.scenario == "idle") {
      waitForever();
    }
  }

  void run(Course& course) {
    course_ = &course;
    course.opened();
    write();
    read();
    world().io.run();
  }

 private:
  void waitForever() {
    stream_.async_read(buffer_, [](beast::error_code, std::size_t) {});
  }

  void read() {
    stream_.async_read(buffer_, [this](beast::error_code error, std::size_t size) {
      check(error);
      buffer_.clear();
      course_->received(size);
      if (course_->finished()) {
        world().io.stop();
        return;
      }
      write();
      read();
    });
  }

  void write() {
    if (writing_ || !course_->takeOne()) {
      return;
    }
    writing_ = true;
    stream_.async_write(asio::buffer(course_->payload()), [this](beast::error_code error, std::size_t) {
      check(error);
      writing_ = false;
      write();
    });
  }

  beast::websocket::stream<Stream> stream_;
  beast::flat_buffer buffer_;
  Course* course_ = nullptr;
  bool writing_ = false;
};

/// Connect and close, all of it asynchronous, one round after another.
class Rounds {
 public:
  explicit Rounds(const Settings& settings) : settings_(settings) {}

  void run() {
    begin();
    world().io.run();
    print(settings_.messages, meter_);
  }

 private:
  using Stream = beast::websocket::stream<Socket>;

  void begin() {
    if (rounds_ == 1) {
      meter_.start();
    } else if (rounds_ == settings_.messages + 1) {
      meter_.stop();
      return;
    }
    ++rounds_;
    stream_ = std::make_unique<Stream>(world().io);
    stream_->next_layer().async_connect(
        {asio::ip::make_address("127.0.0.1"), static_cast<unsigned short>(std::stoi(settings_.port()))},
        [this](beast::error_code error) {
          check(error);
          stream_->next_layer().set_option(asio::ip::tcp::no_delay(true));
          stream_->async_handshake(settings_.host() + ":" + settings_.port(), settings_.target(),
                                   [this](beast::error_code failed) {
                                     check(failed);
                                     close();
                                   });
        });
  }

  void close() {
    stream_->async_close(beast::websocket::close_code::normal, [this](beast::error_code) { begin(); });
  }

  const Settings settings_;
  std::unique_ptr<Stream> stream_;
  std::size_t rounds_ = 0;
  Meter meter_;
};

void run(const Settings& settings) {
  if (settings.coalesce) {
    refuse("an asynchronous stream that coalesces would have to be written first");
  }
  if (settings.scenario == "connect") {
    return Rounds(settings).run();
  }
  if (settings.scenario == "idle") {
    return runIdle<Peer<Socket>>(settings);
  }
  Course course(settings);
  if (settings.isTls()) {
    world().tls.load_verify_file(settings.ca);
    Peer<TlsStream>(settings, world().tls).run(course);
  } else {
    Peer<Socket>(settings).run(course);
  }
  course.printResult();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::run(bench::readSettings(argc, argv));
}
