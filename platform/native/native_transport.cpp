#include "native_transport.hpp"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "handshake.hpp"
#include "message_access.hpp"

namespace tidewire::native {
namespace {

// libwebsockets has 128 bytes for "Host: ", the name, a line end and a NUL.
constexpr std::size_t kMostTlsNameBytes = 118;

/// The name that libwebsockets uses for TLS. Without TLS it has no use for one, and may not like ours.
std::string tlsName(const core::Url& url) {
  return url.secure ? url.host : "unused";
}

std::chrono::microseconds inMicroseconds(core::Duration time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time);
}

CloseCause causeOf(std::uint16_t violation) {
  return violation == 1009 ? CloseCause::MessageTooBig : CloseCause::ProtocolError;
}

std::string newKey() {
  std::array<std::byte, kNonceBytes> nonce{};
  RAND_bytes(reinterpret_cast<unsigned char*>(nonce.data()), kNonceBytes);
  return makeKey(nonce);
}

}  // namespace

NativeTransport::NativeTransport(NativeLoop& loop, internal::TransportEvents& events) : loop_(loop), events_(events) {}

NativeTransport::~NativeTransport() {
  abort();
}

// Open.

void NativeTransport::open(const Endpoint& endpoint, const Options& options) {
  options_ = &options;
  endpoint_ = &endpoint;
  url_ = core::parseUrl(endpoint.url).url;
  lws_vhost* const vhost = loop_.context() == nullptr ? nullptr : loop_.vhostFor(url_.secure, options.tls);
  dialer_.emplace(loop_, static_cast<Dialer::Client&>(*this));
  decoder_.emplace(options.maxMessageBytes);
  key_ = newKey();
  if (loop_.context() == nullptr) {
    refuse(loop_.failure());
  } else if (vhost == nullptr) {
    refuse("TlsOptions: no certificate could be read");
  } else if (tlsName(url_).size() > kMostTlsNameBytes) {
    refuse("libwebsockets takes no TLS host name of this length");
  } else {
    dialer_->start(url_, tlsName(url_), vhost);
  }
}

void NativeTransport::refuse(std::string detail) {
  loop_.post([this, alive = std::weak_ptr<bool>(alive_), detail = std::move(detail)] {
    if (!alive.expired()) {
      fail(CloseCause::Unavailable, detail);
    }
  });
}

WsiOwner* NativeTransport::dialed(lws* wsi, std::optional<core::Duration> lookUp, core::Duration connect) {
  wsi_ = wsi;
  stepBegan_ = loop_.now();
  if (lookUp) {
    times_.lookUp = inMicroseconds(*lookUp);
  }
  times_.connect = inMicroseconds(connect);
  return this;
}

void NativeTransport::dialFailed(std::string detail) {
  fail(CloseCause::ConnectFailed, std::move(detail));
}

bool NativeTransport::onCertificate(void* storeContext, bool trusted) {
  auto* const context = static_cast<X509_STORE_CTX*>(storeContext);
  if (!trusted) {
    certificateError_ = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
    return false;
  }
  const bool peer = X509_STORE_CTX_get_error_depth(context) == 0;
  if (peer && url_.hostIsIpv6 &&
      X509_check_ip_asc(X509_STORE_CTX_get_current_cert(context), url_.host.c_str(), 0) != 1) {
    certificateError_ = "IP address mismatch";
    X509_STORE_CTX_set_error(context, X509_V_ERR_IP_ADDRESS_MISMATCH);
    return false;
  }
  return true;
}

/// Replaces the request that libwebsockets has begun: its own would add headers and cut long paths. `in` points to the
/// pointer behind what is written so far.
int NativeTransport::writeRequest(void* in, std::size_t room) {
  const std::string begun = std::string("GET / HTTP/1.1\r\nPragma: no-cache\r\nCache-Control: no-cache\r\nHost: ") +
                            tlsName(url_) + "\r\nconnection: close\r\n";
  const core::Time now = loop_.now();
  if (url_.secure) {
    times_.tls = inMicroseconds(now - stepBegan_);
  }
  stepBegan_ = now;
  std::string request = handshakeRequest(url_, endpoint_->subprotocols, endpoint_->headers, key_);
  request.resize(request.size() - 2);  // libwebsockets writes the blank line.
  char** const end = static_cast<char**>(in);
  char* const start = *end - begun.size();
  if (std::memcmp(start, begun.data(), begun.size()) != 0) {
    fail(CloseCause::Unavailable, "this libwebsockets begins its requests in a way that is not known");
    return -1;
  }
  if (request.size() > room + begun.size()) {
    fail(CloseCause::Unavailable, "the URL and the headers are too long for libwebsockets' buffer");
    return -1;
  }
  *end = std::copy(request.begin(), request.end(), start);
  return 0;
}

void NativeTransport::readAnswer() {
  const HandshakeAnswer answer{
      .status = static_cast<int>(lws_http_client_http_response(wsi_)),
      .upgrade = header(WSI_TOKEN_UPGRADE),
      .connection = header(WSI_TOKEN_CONNECTION),
      .accept = header(WSI_TOKEN_ACCEPT),
      .subprotocol = header(WSI_TOKEN_PROTOCOL),
      .extensions = header(WSI_TOKEN_EXTENSIONS),
      .contentLength = header(WSI_TOKEN_HTTP_CONTENT_LENGTH),
      .transferEncoding = header(WSI_TOKEN_HTTP_TRANSFER_ENCODING),
      .retryAfter = header(WSI_TOKEN_HTTP_RETRY_AFTER),
      .date = header(WSI_TOKEN_HTTP_DATE),
  };
  if (const std::string_view fault = checkAnswer(answer, key_, endpoint_->subprotocols); !fault.empty()) {
    end({.cause = CloseCause::HandshakeRefused,
         .detail = std::string(fault),
         .httpStatus = answer.status,
         .retryAfter = retryAfter(answer, loop_.wallTime())});
    return;
  }
  times_.upgrade = inMicroseconds(loop_.now() - stepBegan_);
  open_ = true;
  lws_callback_on_writable(wsi_);  // Then its headers can go; here they are still in use.
  events_.transportOpened(answer.subprotocol, times_);
}

std::string NativeTransport::header(lws_token_indexes token) const {
  const int length = lws_hdr_total_length(wsi_, token);
  if (length <= 0) {
    return {};
  }
  std::string value(static_cast<std::size_t>(length) + 1, '\0');  // libwebsockets writes a NUL behind it.
  const int copied = lws_hdr_copy(wsi_, value.data(), length + 1, token);
  value.resize(copied < 0 ? 0 : static_cast<std::size_t>(copied));
  return value;
}

// Receive.

int NativeTransport::onCallback(lws* wsi, lws_callback_reasons reason, void* in, std::size_t length) {
  switch (reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
      return writeRequest(in, length);
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
      wsi_ = nullptr;
      if (certificateError_.empty()) {
        fail(CloseCause::ConnectFailed,
             in == nullptr ? "no answer" : std::string(static_cast<const char*>(in), length));
      } else {
        fail(CloseCause::UntrustedCertificate, certificateError_);
      }
      return 0;
    case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
      readAnswer();
      return 0;
    case LWS_CALLBACK_RECEIVE_CLIENT_HTTP:
      readable_ = true;
      return read();
    case LWS_CALLBACK_RECEIVE_CLIENT_HTTP_READ:
      readFromLibrary_ = in != loop_.readBuffer().data();
      decode({static_cast<const std::byte*>(in), length});
      return 0;
    case LWS_CALLBACK_CLIENT_HTTP_WRITEABLE:
      // 8 KiB, which libwebsockets would keep, in a list that it searches whenever a connection ends.
      lws_http_headers_detach(wsi);
      onWritable();
      return 0;
    case LWS_CALLBACK_COMPLETED_CLIENT_HTTP:
    case LWS_CALLBACK_CLOSED_CLIENT_HTTP:
      wsi_ = reason == LWS_CALLBACK_CLOSED_CLIENT_HTTP ? nullptr : wsi;
      fail(open_ ? CloseCause::ConnectionLost : CloseCause::ConnectFailed,
           "the connection ended without a Close frame");
      return 0;
    default:
      return 0;
  }
}

void NativeTransport::setReading(bool reading) {
  reading_ = reading;
  if (reading && (readable_ || !held_.empty())) {
    loop_.post([this, alive = std::weak_ptr<bool>(alive_)] {
      if (!alive.expired()) {
        continueReading();
      }
    });
  }
}

void NativeTransport::continueReading() {
  if (reading_ && !held_.empty()) {
    decode(std::exchange(held_, {}));
  }
  if (readable_ && !over_) {
    (void)read();
  }
}

/// Reads once per readiness, so that no connection starves the others; but the bytes that came with the 101 lie in
/// libwebsockets' own memory, where nothing reports them again: those are read to their end.
int NativeTransport::read() {
  if (blocked()) {
    // On the poll loop reading would starve writing.
    lws_write(wsi_, nullptr, 0, LWS_WRITE_RAW);
  }
  do {
    if (over_ || (!reading_ && readToEnd_)) {
      return 0;
    }
    readable_ = false;
    readFromLibrary_ = false;
    char* place = loop_.readBuffer().data();
    int room = static_cast<int>(loop_.readBuffer().size());
    if (lws_http_client_read(wsi_, &place, &room) < 0) {
      return -1;
    }
  } while (!readToEnd_ && readFromLibrary_);
  readToEnd_ = true;
  return 0;
}

void NativeTransport::decode(std::span<const std::byte> bytes) {
  if (over_ || ending_) {
    return;
  }
  if (!reading_) {
    held_.insert(held_.end(), bytes.begin(), bytes.end());
    return;
  }
  events_.arrivalBegan();
  decoder_->feed(bytes);
  for (CodecEvent event = decoder_->next(); event.type != CodecEvent::Type::NeedMore; event = decoder_->next()) {
    onEvent(event);
  }
  events_.arrivalEnded();
  if (ending_) {
    end(std::move(*ending_));
  }
}

void NativeTransport::onEvent(const CodecEvent& event) {
  switch (event.type) {
    case CodecEvent::Type::Message: {
      Message message = internal::MessageAccess::view(event.kind, event.payload);
      events_.messageArrived(message);
      break;
    }
    case CodecEvent::Type::Ping:
      answerPing(event.payload);
      break;
    case CodecEvent::Type::Pong:
      events_.pongArrived(event.payload);
      break;
    case CodecEvent::Type::Close:
      // Answered with the same code (RFC 6455 section 5.5.1).
      close(event.code, {});
      ending_ = {.cause = CloseCause::ClosedByPeer, .code = event.code, .reason = std::string(event.text)};
      break;
    case CodecEvent::Type::Violation:
      close(event.code, event.text);
      ending_ = {.cause = causeOf(event.code), .code = event.code, .detail = std::string(event.text)};
      break;
    case CodecEvent::Type::NeedMore:
      break;
  }
}

// Send.

std::size_t NativeTransport::room() const {
  if (!open_ || over_ || closeSent_ || blocked()) {
    return 0;
  }
  return kAheadBytes - std::min(kAheadBytes, writer_.bytes());
}

void NativeTransport::send(core::Outgoing message) {
  const std::span<const std::byte> frame = internal::PayloadStore::frame(message);
  writer_.add(frame, message.sizeBytes, std::move(message.payload));
}

internal::Transport::Sent NativeTransport::sendFrom(internal::PayloadStore::Batch& batch) {
  Sent sent;
  while (room() > 0) {
    auto stretch = batch.nextStretch();
    if (!stretch) {
      break;
    }
    sent.messages += stretch->messages;
    sent.bytes += stretch->payloadBytes;
    writer_.add(stretch->frames, stretch->payloadBytes, std::move(stretch->keep));
    flush();
  }
  return sent;
}

std::size_t NativeTransport::bufferedBytes() const {
  // libwebsockets does not tell how much of the last write it still holds; all of it is the safe answer.
  return writer_.payloadBytes() + (wsi_ != nullptr && blocked() ? writer_.lastPayloadBytes() : 0);
}

void NativeTransport::awaitBuffered(std::size_t most) {
  awaited_ = most;
  if (wsi_ != nullptr && !over_) {
    lws_callback_on_writable(wsi_);
  }
}

void NativeTransport::flush() {
  usedUp_ = usedUp_ || room() == 0;
  if (wsi_ != nullptr && !over_ && !blocked()) {
    writeOut();
  }
}

void NativeTransport::ping(std::span<const std::byte> payload) {
  appendPing(writer_.control(), payload, loop_.maskKeys().next());
}

void NativeTransport::answerPing(std::span<const std::byte> payload) {
  if (closeSent_) {
    return;
  }
  if (writer_.control().size() < kAheadBytes) {
    appendPong(writer_.control(), payload, loop_.maskKeys().next());
    return;
  }
  pendingPong_.emplace(PendingPong{.payload = {}, .size = payload.size()});
  std::ranges::copy(payload, pendingPong_->payload.begin());
}

void NativeTransport::onWritable() {
  if (over_ || blocked()) {
    return;
  }
  if (pendingPong_) {
    appendPong(writer_.control(), std::span(pendingPong_->payload).first(pendingPong_->size), loop_.maskKeys().next());
    pendingPong_.reset();
  }
  writeOut();
  const bool roomAgain = usedUp_ && room() > 0;
  const bool fell = awaited_ && bufferedBytes() <= *awaited_;
  if (roomAgain || fell) {
    usedUp_ = usedUp_ && !roomAgain;
    awaited_.reset();
    events_.transportWritable();
  }
}

void NativeTransport::writeOut() {
  writer_.writeOut([this] { return !blocked(); }, [this](std::span<const std::byte> bytes) { write(bytes); });
  if (blocked() || usedUp_ || awaited_) {
    lws_callback_on_writable(wsi_);
  }
}

/// What the system does not take, libwebsockets copies and writes first.
void NativeTransport::write(std::span<const std::byte> bytes) {
  // Its signature says that it changes the bytes, because its WebSocket role does.
  auto* const data = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(bytes.data()));
  // A failure shows as the end of the connection, which libwebsockets reports by itself once it reads.
  if (lws_write(wsi_, data, bytes.size(), LWS_WRITE_RAW) < 0) {
    lws_set_timeout(wsi_, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
    lws_cancel_service(loop_.context());
  }
}

// End.

void NativeTransport::close(std::uint16_t code, std::string_view reason) {
  if (!std::exchange(closeSent_, true)) {
    appendClose(writer_.closing(), code, reason, loop_.maskKeys().next());
  }
}

void NativeTransport::leave(std::uint16_t code, std::string_view reason) {
  close(code, reason);
  ending_.emplace();
  abort();
}

void NativeTransport::abort() {
  over_ = true;
  dialer_.reset();
  if (wsi_ == nullptr) {
    return;
  }
  if (closeSent_ && ending_) {
    // Nobody will write later: libwebsockets takes what the system does not.
    writer_.writeOut([] { return true; }, [this](std::span<const std::byte> bytes) { write(bytes); });
    loop_.lingerOut(std::exchange(wsi_, nullptr));
  } else {
    loop_.cut(std::exchange(wsi_, nullptr));
  }
}

void NativeTransport::fail(CloseCause cause, std::string detail) {
  if (!ending_) {
    end({.cause = cause, .detail = std::move(detail)});
  }
}

void NativeTransport::end(internal::TransportEnd end) {
  if (!std::exchange(over_, true)) {
    events_.transportEnded(std::move(end));
  }
}

}  // namespace tidewire::native
