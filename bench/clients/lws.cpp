// libwebsockets with its own WebSocket role, tuned: large buffers, several messages for each writeable callback.

#include <libwebsockets.h>

#include <cstring>
#include <vector>

#include "common/course.hpp"
#include "common/idle.hpp"

namespace bench {
namespace {

constexpr unsigned int kBufferBytes = 128 * 1024;

class Peer;

int onEvent(lws* wsi, lws_callback_reasons reason, void* user, void* in, size_t size);

const lws_protocols kProtocols[] = {{"bench", onEvent, 0, kBufferBytes, 0, nullptr, 0},
                                    {nullptr, nullptr, 0, 0, 0, nullptr, 0}};

lws_context* makeContext(const Settings& settings) {
  lws_set_log_level(LLL_ERR, nullptr);
  lws_context_creation_info info{};
  info.port = CONTEXT_PORT_NO_LISTEN;
  info.protocols = kProtocols;
  info.pt_serv_buf_size = kBufferBytes;
  if (settings.isTls()) {
    info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    info.client_ssl_ca_filepath = settings.ca.c_str();
  }
  lws_context* context = lws_create_context(&info);
  if (context == nullptr) {
    fail("no context");
  }
  return context;
}

lws_context* contextOf(const Settings& settings) {
  static lws_context* context = makeContext(settings);
  return context;
}

class Peer {
 public:
  explicit Peer(const Settings& settings, Course* course = nullptr)
      : course_(course), kind_(settings.text ? LWS_WRITE_TEXT : LWS_WRITE_BINARY), out_(LWS_PRE + settings.bytes, 'x') {
    const std::string host = settings.host();
    const std::string target = settings.target();
    lws_client_connect_info info{};
    info.context = contextOf(settings);
    info.address = host.c_str();
    info.host = host.c_str();
    info.origin = host.c_str();
    info.port = std::stoi(settings.port());
    info.path = target.c_str();
    info.ssl_connection = settings.isTls() ? LCCSCF_USE_SSL : 0;
    info.opaque_user_data = this;
    wsi_ = lws_client_connect_via_info(&info);
    while (!opened_) {
      lws_service(contextOf(settings), 0);
    }
  }

  void opened() {
    opened_ = true;
    if (course_ != nullptr) {
      course_->opened();
      continueSending();
    }
  }

  void received(std::size_t size) {
    bytes_ += size;
    if (lws_is_final_fragment(wsi_) != 0 && lws_remaining_packet_payload(wsi_) == 0) {
      course_->received(bytes_);
      bytes_ = 0;
      continueSending();
    }
  }

  int send() {
    if (closing_) {
      lws_close_reason(wsi_, LWS_CLOSE_STATUS_NORMAL, nullptr, 0);
      return -1;
    }
    while (course_ != nullptr && course_->takeOne()) {
      lws_write(wsi_, reinterpret_cast<unsigned char*>(out_.data()) + LWS_PRE, out_.size() - LWS_PRE, kind_);
      // What the socket does not take libwebsockets keeps, and takes no more until it is gone.
      if (lws_partial_buffered(wsi_) != 0 || lws_send_pipe_choked(wsi_) != 0) {
        break;
      }
    }
    continueSending();
    return 0;
  }

  void close(lws_context* context) {
    closing_ = true;
    lws_callback_on_writable(wsi_);
    while (!closed_) {
      lws_service(context, 0);
    }
  }

  void closed() { closed_ = true; }

 private:
  void continueSending() {
    if (course_ != nullptr && course_->wantsToSend()) {
      lws_callback_on_writable(wsi_);
    }
  }

  Course* const course_;
  const lws_write_protocol kind_;
  std::string out_;
  lws* wsi_ = nullptr;
  std::size_t bytes_ = 0;
  bool opened_ = false;
  bool closing_ = false;
  bool closed_ = false;
};

int onEvent(lws* wsi, lws_callback_reasons reason, void* /*user*/, void* in, size_t size) {
  auto* peer = static_cast<Peer*>(wsi == nullptr ? nullptr : lws_get_opaque_user_data(wsi));
  switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
      peer->opened();
      return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
      peer->received(size);
      return 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
      return peer->send();
    case LWS_CALLBACK_CLIENT_CLOSED:
      peer->closed();
      return 0;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
      fail(in == nullptr ? "not connected" : static_cast<const char*>(in));
    default:
      return 0;
  }
}

void connectAndClose(const Settings& settings) {
  Meter meter;
  for (std::size_t i = 0; i <= settings.messages; ++i) {
    if (i == 1) {
      meter.start();
    }
    Peer(settings).close(contextOf(settings));
  }
  meter.stop();
  print(settings.messages, meter);
}

void runCourse(const Settings& settings) {
  Course course(settings);
  Peer peer(settings, &course);
  while (!course.finished()) {
    lws_service(contextOf(settings), 0);
  }
  course.printResult();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  const bench::Settings settings = bench::readSettings(argc, argv);
  if (settings.scenario == "connect") {
    bench::connectAndClose(settings);
  } else if (settings.scenario == "idle") {
    bench::runIdle<bench::Peer>(settings);
  } else {
    bench::runCourse(settings);
  }
}
