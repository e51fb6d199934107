// websocketpp on Asio, without logging. It gathers queued messages into one write by itself.

#include <websocketpp/client.hpp>
#include <websocketpp/config/asio_client.hpp>

#include "common/course.hpp"

namespace bench {
namespace {

constexpr std::size_t kQueueBytes = 1024 * 1024;

/// A larger read buffer than websocketpp's 16 KiB, and no log.
template <class Base>
struct Config : Base {
  static constexpr std::size_t connection_read_buffer_size = 128 * 1024;
  static constexpr std::size_t max_message_size = 64 * 1024 * 1024;
  static constexpr websocketpp::log::level alog_level = websocketpp::log::alevel::none;
  static constexpr websocketpp::log::level elog_level = websocketpp::log::elevel::none;
};

void prepare(websocketpp::client<Config<websocketpp::config::asio_client>>&, const Settings&) {}
void prepare(websocketpp::client<Config<websocketpp::config::asio_tls_client>>& client, const Settings& settings) {
  client.set_tls_init_handler([ca = settings.ca](websocketpp::connection_hdl) {
    auto context = std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_client);
    context->set_verify_mode(boost::asio::ssl::verify_peer);
    context->load_verify_file(ca);
    return context;
  });
}

template <class Base>
class Peer {
 public:
  using Client = websocketpp::client<Config<Base>>;

  explicit Peer(const Settings& settings) : settings_(settings) {
    client_.init_asio();
    client_.set_tcp_post_init_handler(
        [this](websocketpp::connection_hdl handle) { setNoDelay(client_.get_con_from_hdl(handle)); });
    client_.set_fail_handler([](websocketpp::connection_hdl) { fail("not connected"); });
    prepare(client_, settings);
  }

  void runCourse() {
    Course course(settings_);
    client_.set_open_handler([&course](websocketpp::connection_hdl) { course.opened(); });
    client_.set_message_handler([&course](websocketpp::connection_hdl, typename Client::message_ptr message) {
      course.received(message->get_payload().size());
    });
    const auto connection = connect();
    const auto opcode = settings_.text ? websocketpp::frame::opcode::text : websocketpp::frame::opcode::binary;
    while (!course.finished()) {
      while (connection->get_buffered_amount() < kQueueBytes && course.takeOne()) {
        connection->send(course.payload(), opcode);
      }
      client_.get_io_service().run_one();
    }
    course.printResult();
  }

  void connectAndClose() {
    Meter meter;
    for (std::size_t i = 0; i <= settings_.messages; ++i) {
      if (i == 1) {
        meter.start();
      }
      bool closed = false;
      client_.set_open_handler([this](websocketpp::connection_hdl handle) { client_.close(handle, 1000, ""); });
      client_.set_close_handler([&closed](websocketpp::connection_hdl) { closed = true; });
      connect();
      while (!closed) {
        client_.get_io_service().run_one();
      }
    }
    meter.stop();
    print(settings_.messages, meter);
  }

  void idle() {
    std::size_t opened = 0;
    client_.set_open_handler([&opened](websocketpp::connection_hdl) { ++opened; });
    std::vector<typename Client::connection_ptr> connections;
    std::size_t before = 0;
    Meter meter;
    for (std::size_t i = 0; i <= settings_.connections; ++i) {
      if (i == 1) {
        before = residentBytes();
        meter.start();
      }
      connections.push_back(connect());
      while (opened <= i) {
        client_.get_io_service().run_one();
      }
    }
    meter.stop();
    const double bytes = static_cast<double>(residentBytes() - before);
    print(settings_.connections, meter,
          {{"bytes", bytes / static_cast<double>(settings_.connections)}, {"threads", 1}});
  }

 private:
  typename Client::connection_ptr connect() {
    websocketpp::lib::error_code error;
    auto connection = client_.get_connection(settings_.url, error);
    client_.connect(connection);
    return connection;
  }

  template <class Connection>
  static void setNoDelay(const Connection& connection) {
    connection->get_raw_socket().set_option(boost::asio::ip::tcp::no_delay(true));
  }

  const Settings settings_;
  Client client_;
};

template <class Base>
void run(const Settings& settings) {
  Peer<Base> peer(settings);
  if (settings.scenario == "connect") {
    peer.connectAndClose();
  } else if (settings.scenario == "idle") {
    peer.idle();
  } else {
    peer.runCourse();
  }
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  const bench::Settings settings = bench::readSettings(argc, argv);
  if (settings.isTls()) {
    bench::run<websocketpp::config::asio_tls_client>(settings);
  } else {
    bench::run<websocketpp::config::asio_client>(settings);
  }
}
