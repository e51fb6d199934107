#include "native_transport.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "core/one_line.hpp"
#include "core/url.hpp"
#include "message_access.hpp"
#include "rfc6455/body_excerpt.hpp"
#include "rfc6455/handshake.hpp"
#include "rfc6455/response_head.hpp"
#include "trust.hpp"

namespace tidewire::native {
namespace {

std::chrono::microseconds inMicroseconds(core::Duration time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time);
}

// How long the words of a refusal are waited for, that a server promised in its header.
constexpr double kBodySeconds = 0.25;
constexpr std::size_t kReadsInTurn = 8;
constexpr std::size_t kCopiedBytes = 16 * 1024;

/// As a URL is shown: without user info, query and fragment, which may hold secrets. It may be relative, or no URL.
std::string shownTarget(std::string_view target) {
  const std::string_view place = target.substr(0, target.find_first_of("?#"));
  const std::size_t authority = place.find("//");
  if (authority == std::string_view::npos) {
    return std::string(place);
  }
  const std::size_t begin = authority + 2;
  const std::size_t at = place.substr(begin, place.find('/', begin) - begin).rfind('@');
  const std::size_t host = at == std::string_view::npos ? begin : begin + at + 1;
  return std::string(place.substr(0, begin)).append(place.substr(host));
}

/// A server may repeat the request's URL, with its secrets.
std::string withoutQueryOf(const core::Url& url, std::string words) {
  const std::size_t begin = url.target.find('?');
  const std::string query = begin == std::string::npos ? "" : url.target.substr(begin);
  for (std::size_t at = 0; !query.empty() && (at = words.find(query, at)) != std::string::npos;) {
    words.erase(at, query.size());
  }
  return words;
}

/// A redirect has a target, which is not followed.
std::string refusalText(const ResponseHead& head) {
  const std::string location = shownTarget(head.field("location"));
  const bool redirects = head.status >= 300 && head.status < 400 && !location.empty();
  return head.summary() + (redirects ? " to " + core::inQuotes(location) + ", which is not followed" : "");
}

/// The record of an alert or of a handshake (RFC 8446 section 5.1).
std::string_view tlsHint(std::string_view answer) {
  return answer.starts_with("\\x15\\x03") || answer.starts_with("\\x16\\x03")
             ? ", which is TLS; perhaps the URL has to begin with wss:"
             : "";
}

CloseCause causeOf(std::uint16_t violation) {
  return violation == 1009 ? CloseCause::MessageTooBig : CloseCause::ProtocolError;
}

constexpr const char* kNoRandomness = "the system gives no random numbers, without which nothing may be sent";

/// Empty without randomness: a predictable key protects against nothing.
std::optional<std::string> newKey(MaskKeys& keys) {
  std::array<std::uint32_t, kNonceBytes / sizeof(std::uint32_t)> nonce{};
  for (std::uint32_t& word : nonce) {
    const std::optional<std::uint32_t> key = keys.next();
    if (!key) {
      return std::nullopt;
    }
    word = *key;
  }
  return makeKey(std::as_bytes(std::span(nonce)));
}

HandshakeAnswer answerOf(const ResponseHead& head) {
  return {
      .status = head.status,
      .upgrade = head.field("upgrade"),
      .connection = head.field("connection"),
      .accept = head.field("sec-websocket-accept"),
      .subprotocol = head.field("sec-websocket-protocol"),
      .extensions = head.field("sec-websocket-extensions"),
      .retryAfter = head.field("retry-after"),
      .date = head.field("date"),
  };
}

/// The memory of a message that has left its decoder.
class KeptMemory final : public internal::MessageMemory {
 public:
  explicit KeptMemory(ByteBuffer bytes) noexcept : bytes_(std::move(bytes)) {}

  [[nodiscard]] internal::MessageMemory* keep() override { return this; }
  void release() noexcept override { delete this; }

 private:
  ~KeptMemory() = default;

  const ByteBuffer bytes_;
};

}  // namespace

internal::MessageMemory* ReassembledMemory::keep() {
  ByteBuffer bytes = decoder_->takeMessage();
  return bytes.empty() ? nullptr : new KeptMemory(std::move(bytes));
}

/// The state of the opening handshake. An idle connection does without it.
struct NativeTransport::Handshake {
  Handshake(NativeTransport& transport, const Endpoint& to) : endpoint(to), url(core::parseUrl(to.url).url) {
    ev_init(&patience, [](struct ev_loop*, ev_timer* watcher, int) {
      static_cast<NativeTransport*>(watcher->data)->endRefused();
    });
    patience.data = &transport;
  }

  // The server has refused, and its explanation may still arrive.
  struct Refusal {
    internal::TransportEnd end;
    BodyExcerpt words;
  };

  const Endpoint& endpoint;
  const core::Url url;
  std::string key;
  std::optional<Dialer> dialer;
  std::shared_ptr<SSL_CTX> trust;
  std::optional<ResponseHeadReader> head;  // From the request until the response is validated.
  std::optional<Refusal> refusal;
  ev_timer patience{};
  HandshakeTimes times;
  core::Time stepBegan{};
};

NativeTransport::NativeTransport(NativeLoop& loop, internal::TransportEvents& events)
    : loop_(loop), events_(events), wire_(static_cast<Wire::Owner&>(*this)) {}

NativeTransport::~NativeTransport() {
  abort();
}

// Open.

void NativeTransport::open(const Endpoint& endpoint, const Options& options) {
  handshake_ = std::make_unique<Handshake>(*this, endpoint);
  const core::Url& url = handshake_->url;
  decoder_.emplace(options.maxMessageBytes);
  if (const std::optional<core::Ending> lacking = loop_.prepare()) {
    refuse(lacking->cause, lacking->detail);
    return;
  }
  handshake_->dialer.emplace(loop_, static_cast<Dialer::Client&>(*this));
  std::optional<std::string> key = newKey(loop_.maskKeys());
  if (!key) {
    refuse(CloseCause::ConnectFailed, kNoRandomness);
  } else if (url.secure && OPENSSL_init_ssl(0, nullptr) != 1) {
    refuse(CloseCause::Unavailable, "OpenSSL could not start, or has cleaned up because the program ends");
  } else if (Trust trust = url.secure ? trustFor(options.tls) : Trust(); !trust.fault.empty()) {
    refuse(CloseCause::Unavailable, std::move(trust.fault));
  } else {
    handshake_->trust = std::move(trust.context);
    handshake_->key = *std::move(key);
    handshake_->dialer->start(url);
  }
}

void NativeTransport::refuse(CloseCause cause, std::string detail) {
  loop_.post([this, cause, alive = alive(), detail = std::move(detail)] {
    if (!alive.expired()) {
      fail(cause, detail);
    }
  });
}

std::weak_ptr<bool> NativeTransport::alive() {
  if (alive_ == nullptr) {
    alive_ = std::make_shared<bool>();
  }
  return alive_;
}

void NativeTransport::dialed(Socket socket, std::string address, std::optional<core::Duration> lookUp,
                             core::Duration connect) {
  wire_.attach(loop_, socket);
  wire_.startReading();
  address_ = std::move(address);
  handshake_->stepBegan = loop_.now();
  if (lookUp) {
    handshake_->times.lookUp = inMicroseconds(*lookUp);
  }
  handshake_->times.connect = inMicroseconds(connect);
  begin();
}

void NativeTransport::dialFailed(std::string detail) {
  fail(CloseCause::ConnectFailed, std::move(detail));
}

/// TCP stands.
void NativeTransport::begin() {
  const core::Url& url = handshake_->url;
  if (!url.secure) {
    sendRequest();
    return;
  }
  std::unique_ptr<Tls> tls = Tls::make(handshake_->trust, tlsNameOf(url));
  if (tls == nullptr) {
    fail(CloseCause::ConnectFailed,
         "OpenSSL does not take the host name " + core::inQuotes(url.host) + ", or lacks memory");
    return;
  }
  wire_.secure(std::move(tls));
  decrypt({});
}

void NativeTransport::sendRequest() {
  Handshake& handshake = *handshake_;
  const core::Time now = loop_.now();
  if (handshake.url.secure) {
    handshake.times.tls = inMicroseconds(now - handshake.stepBegan);
  }
  handshake.stepBegan = now;
  handshake.head.emplace();
  const std::string request =
      handshakeRequest(handshake.url, handshake.endpoint.subprotocols, handshake.endpoint.headers, handshake.key);
  writer_.control().append(std::as_bytes(std::span(request)));
  writeOut();
}

/// Consumes the part of `bytes` that belongs to the handshake response. The rest are frames: a server may send them in
/// the same segment.
void NativeTransport::readHead(std::span<const std::byte>& bytes) {
  if (handshake_ == nullptr || !handshake_->head) {
    return;
  }
  bytes = bytes.subspan(handshake_->head->feed(bytes));
  if (handshake_->head->state() != ResponseHeadReader::State::Reading) {
    judgeAnswer();
    if (handshake_ != nullptr) {
      handshake_->head.reset();
    }
  }
}

void NativeTransport::judgeAnswer() {
  const ResponseHeadReader& reader = *handshake_->head;
  const ResponseHead& head = reader.head();
  switch (reader.state()) {
    case ResponseHeadReader::State::NotHttp:
      return fail(CloseCause::ConnectFailed, "the server does not speak HTTP: it answered \"" + reader.offending() +
                                                 "\"" + std::string(tlsHint(reader.offending())));
    case ResponseHeadReader::State::Invalid:
      return refuseAnswer("the server's answer is not a valid HTTP/1 response: \"" + reader.offending() + "\"");
    case ResponseHeadReader::State::TooLong:
      return tooLong();
    case ResponseHeadReader::State::Reading:
    case ResponseHeadReader::State::Complete:
      break;
  }
  const HandshakeAnswer answer = answerOf(head);
  if (std::string fault = checkAnswer(answer, handshake_->key, handshake_->endpoint.subprotocols); !fault.empty()) {
    return refuseAnswer(answer.status == 101 ? std::move(fault) : refusalText(head));
  }
  const std::unique_ptr<Handshake> done = std::move(handshake_);
  done->times.upgrade = inMicroseconds(loop_.now() - done->stepBegan);
  writer_.shrink();
  open_ = true;
  // Reading may have been stopped before the connection was open, but the handshake response had to be read.
  if (!reading_) {
    wire_.stopReading();
  }
  events_.transportOpened(answer.subprotocol, done->times);
}

void NativeTransport::tooLong() {
  const ResponseHead& head = handshake_->head->head();
  const std::string limit = " exceeded " + std::to_string(kMaxHeadBytes / 1024) + " KiB";
  if (head.isFinal()) {
    refuseAnswer(head.summary() + ", whose header" + limit);
  } else {
    fail(CloseCause::ConnectFailed, "the header of the server's answer" + limit);
  }
}

void NativeTransport::refuseAnswer(std::string detail) {
  const ResponseHeadReader& reader = *handshake_->head;
  const ResponseHead& head = reader.head();
  handshake_->refusal.emplace(Handshake::Refusal{.end = {.cause = CloseCause::HandshakeRefused,
                                                         .detail = std::move(detail),
                                                         .httpStatus = head.status,
                                                         .retryAfter = retryAfter(answerOf(head), loop_.wallTime())},
                                                 .words = BodyExcerpt(head)});
  if (reader.state() != ResponseHeadReader::State::Complete || head.status == 101) {
    endRefused();  // Following bytes are no explanation.
    return;
  }
  // The first words of the body explain the refusal, for `CloseInfo::detail`; they may come in a later segment.
  ev_now_update(loop_.events());
  ev_timer_set(&handshake_->patience, kBodySeconds, 0.);
  ev_timer_start(loop_.events(), &handshake_->patience);
}

void NativeTransport::readRefusal(std::span<const std::byte> bytes) {
  BodyExcerpt& words = handshake_->refusal->words;
  words.feed(bytes);
  if (words.complete()) {
    endRefused();
  }
}

void NativeTransport::endRefused() {
  if (!over_) {
    end(takeRefusal());
  }
}

internal::TransportEnd NativeTransport::takeRefusal() {
  Handshake::Refusal& refusal = *handshake_->refusal;
  ev_timer_stop(loop_.events(), &handshake_->patience);
  internal::TransportEnd refused = std::move(refusal.end);
  if (const std::string words = withoutQueryOf(handshake_->url, refusal.words.text()); !words.empty()) {
    refused.detail += ": \"" + words + '"';
  }
  return refused;
}

std::optional<internal::TransportEnd> NativeTransport::takeKnownEnd() {
  if (!isRefused() || std::exchange(over_, true)) {
    return std::nullopt;
  }
  return takeRefusal();
}

bool NativeTransport::isRefused() const {
  return handshake_ != nullptr && handshake_->refusal;
}

// Receive.

/// Reads while the system has more than fits into one read, but not for ever: other connections have their turn.
void NativeTransport::wireReadable() {
  for (std::size_t left = kReadsInTurn; left > 0 && readOnce(); --left) {
  }
}

/// Returns whether there may be more to read now.
bool NativeTransport::readOnce() {
  const bool secure = wire_.tls() != nullptr;
  const std::span<std::byte> direct = secure ? std::span<std::byte>() : place();
  const std::span<std::byte> buffer = loop_.readBuffer();
  const SocketReceived received = wire_.receive(direct, buffer);
  if (received.ended) {
    reset_ = wire_.wasReset();
    wire_.cut();
    wireClosed();
    return false;
  }
  if (received.bytes == 0) {
    return false;
  }
  const std::size_t placed = std::min(received.bytes, direct.size());
  const std::span<const std::byte> bytes = buffer.first(received.bytes - placed);
  if (secure) {
    decrypt(bytes);
  } else {
    plainArrived(placed, bytes);
  }
  return received.bytes == direct.size() + buffer.size() && !over_ && reading_ && wire_.exists();
}

void NativeTransport::wireClosed() {
  ended_ = true;
  continueReading();
}

/// Where the rest of a large message is received without a copy; often nowhere.
std::span<std::byte> NativeTransport::place() {
  return open_ && reading_ && held_.empty() && !ending_ ? decoder_->place() : std::span<std::byte>();
}

/// Decrypts everything, even while reading is stopped: OpenSSL would keep the rest, and no event would report it again.
/// The caller holds the plain bytes.
void NativeTransport::decrypt(std::span<const std::byte> bytes) {
  Tls& tls = *wire_.tls();
  tls.feed(bytes);
  if (tls.state() == Tls::State::Ready && handshake_ != nullptr && !handshake_->times.tls) {
    sendRequest();
  }
  while (decryptOnce(tls)) {
  }
  if (over_) {
    return;  // `tls` may have gone.
  }
  wire_.flush();
  if (wire_.blocked()) {
    wire_.awaitWritable();
  }
  if (tls.state() == Tls::State::Failed && !open_) {
    fail(tls.isUntrusted() ? CloseCause::UntrustedCertificate : CloseCause::ConnectFailed, tls.failure());
  } else if (tls.state() == Tls::State::Failed || tls.state() == Tls::State::Ended) {
    ended_ = true;
    endIfRead();
  }
}

/// Returns whether more may be left to decrypt.
bool NativeTransport::decryptOnce(Tls& tls) {
  const std::span<std::byte> direct = place();
  const std::size_t placed = tls.read(direct);
  if (placed < direct.size()) {
    plainArrived(placed, {});
    return false;
  }
  const std::span<std::byte> buffer = loop_.plainBuffer();
  const std::size_t count = tls.read(buffer);
  plainArrived(placed, buffer.first(count));
  return !over_ && count == buffer.size();
}

/// `placed`: how many bytes, before `bytes`, were received in `place`.
void NativeTransport::plainArrived(std::size_t placed, std::span<const std::byte> bytes) {
  readHead(bytes);
  if (isRefused() && !over_) {
    readRefusal(bytes);
  }
  if (!open_ || over_ || (placed == 0 && bytes.empty())) {
    return;
  }
  // Keep the order of arrival: behind the held bytes.
  if (!reading_ || !held_.empty()) {
    held_.insert(held_.end(), bytes.begin(), bytes.end());
    continueReading();
  } else {
    decode(placed, bytes);
  }
}

void NativeTransport::setReading(bool reading) {
  reading_ = reading;
  if (open_ && reading) {
    wire_.startReading();
  } else if (open_) {
    wire_.stopReading();
  }
  // Not inside this call: the client calls it, and must not get events meanwhile.
  if (reading && !held_.empty()) {
    loop_.post([this, alive = alive()] {
      if (!alive.expired()) {
        continueReading();
      }
    });
  }
}

void NativeTransport::continueReading() {
  if (reading_ && !held_.empty()) {
    decode(0, std::exchange(held_, {}));
  }
  endIfRead();
}

/// Reports the end of the stream once all received bytes are decoded: messages may precede it.
void NativeTransport::endIfRead() {
  if (ended_ && !over_ && held_.empty()) {
    lost();
  }
}

void NativeTransport::decode(std::size_t placed, std::span<const std::byte> bytes) {
  if (over_ || ending_) {
    return;
  }
  events_.arrivalBegan();
  if (placed > 0) {
    decoder_->feedPlaced(placed, bytes);
  } else {
    decoder_->feed(bytes);
  }
  CodecEvent event;
  for (decoder_->next(event); event.type != CodecEvent::Type::NeedMore; decoder_->next(event)) {
    onEvent(event);
  }
  events_.arrivalEnded();
  // Only now: between `arrivalBegan` and `arrivalEnded` the client must not end the transport.
  if (ending_) {
    end(std::move(*ending_));
  }
}

void NativeTransport::onEvent(const CodecEvent& event) {
  switch (event.type) {
    case CodecEvent::Type::Message: {
      // A small one is cheaper to copy than to keep with its memory.
      Message message = event.payload.size() < kCopiedBytes
                            ? internal::MessageAccess::view(event.kind, event.payload)
                            : internal::MessageAccess::in(event.kind, event.payload, &reassembled_);
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
      ending_ = std::make_unique<internal::TransportEnd>(internal::TransportEnd{
          .cause = CloseCause::ClosedByPeer, .code = event.code, .reason = std::string(event.text)});
      break;
    case CodecEvent::Type::Violation:
      close(event.code, event.text);
      ending_ = std::make_unique<internal::TransportEnd>(internal::TransportEnd{.cause = causeOf(event.code),
                                                                                .code = event.code,
                                                                                .reason = std::string(event.text),
                                                                                .detail = std::string(event.text)});
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
  const std::span<std::byte> frame = internal::PayloadStore::frame(message);
  if (!encoder_.encodesLate()) {
    encoder_.add(frame, message.sizeBytes, std::move(message.payload));
  } else if (const std::optional<std::uint32_t> key = maskKey()) {
    encoder_.addLate(frame.data(), *key);
  }
}

/// Early frames lie one behind the other and are added together; late ones are made one by one.
internal::Transport::Sent NativeTransport::sendFrom(internal::PayloadStore::Batch& batch) {
  if (encoder_.encodesLate()) {
    return Transport::sendFrom(batch);
  }
  Sent sent;
  while (room() > 0) {
    auto stretch = batch.nextStretch();
    if (!stretch) {
      break;
    }
    sent.messages += stretch->messages;
    sent.bytes += stretch->payloadBytes;
    encoder_.add(stretch->frames, stretch->payloadBytes, std::move(stretch->keep));
    flush();  // A write that the system accepts frees the room for the next stretch.
  }
  return sent;
}

std::size_t NativeTransport::bufferedBytes() const {
  // The unwritten part of a write may be headers or payload; counting all of it is the safe answer.
  return writer_.payloadBytes() + (wire_.exists() && blocked() ? writer_.lastPayloadBytes() : 0);
}

void NativeTransport::awaitBuffered(std::size_t most) {
  awaited_ = most;
  wire_.awaitWritable();
}

void NativeTransport::flush() {
  if (!open_ || over_) {
    return;
  }
  usedUp_ = usedUp_ || (!closeSent_ && room() == 0);
  if (!blocked()) {
    writeOut();
  }
}

void NativeTransport::ping(std::span<const std::byte> payload) {
  if (const std::optional<std::uint32_t> key = maskKey()) {
    appendPing(writer_.control(), payload, *key);
  }
}

/// Without a key no frame may be sent (RFC 6455 section 10.3), and the connection ends.
std::optional<std::uint32_t> NativeTransport::maskKey() {
  const std::optional<std::uint32_t> key = loop_.maskKeys().next();
  if (!key) {
    refuse(CloseCause::ConnectionLost, kNoRandomness);
  }
  return key;
}

void NativeTransport::answerPing(std::span<const std::byte> payload) {
  if (closeSent_) {
    return;
  }
  if (writer_.control().size() < kAheadBytes) {
    if (const std::optional<std::uint32_t> key = maskKey()) {
      appendPong(writer_.control(), payload, *key);
    }
    return;
  }
  // A peer that floods Pings and does not read must not make the buffer grow: only its newest Ping is answered (RFC
  // 6455 section 5.5.3).
  pendingPong_ = std::make_unique<PendingPong>(PendingPong{.payload = {}, .size = payload.size()});
  std::ranges::copy(payload, pendingPong_->payload.begin());
}

void NativeTransport::wireWritable() {
  if (over_) {
    return;
  }
  wire_.flush();
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
  const auto write = [this](std::span<const std::byte> bytes) { return wire_.write(bytes); };
  writer_.writeOut(write);
  if (pendingPong_ && !closeSent_ && !blocked()) {
    if (const std::optional<std::uint32_t> key = maskKey()) {
      appendPong(writer_.control(), std::span(pendingPong_->payload).first(pendingPong_->size), *key);
    }
    pendingPong_.reset();
    writer_.writeOut(write);
  }
  // If nothing is blocked there is room and nothing is buffered: the next writable callback reports it.
  if (blocked() || usedUp_ || awaited_) {
    wire_.awaitWritable();
  }
}

// End.

void NativeTransport::close(std::uint16_t code, std::string_view reason) {
  usedUp_ = false;  // There is no room any more, and no caller waits for it.
  if (std::exchange(closeSent_, true)) {
    return;
  }
  if (const std::optional<std::uint32_t> key = maskKey()) {
    appendClose(writer_.closing(), code, reason, *key);
  }
}

void NativeTransport::leave(std::uint16_t code, std::string_view reason) {
  close(code, reason);
  ending_ = std::make_unique<internal::TransportEnd>();
  abort();
}

void NativeTransport::abort() {
  over_ = true;
  if (handshake_ != nullptr) {
    if (loop_.events() != nullptr) {
      ev_timer_stop(loop_.events(), &handshake_->patience);  // Also an expired one, whose callback is still to come.
    }
    handshake_->dialer.reset();
  }
  if (!wire_.exists()) {
    return;
  }
  // After the exchange of Close frames the rest is still written: a reset could overtake our Close frame.
  if (closeSent_ && ending_) {
    ByteBuffer rest;
    writer_.writeOut([&rest](std::span<const std::byte> bytes) {
      rest.append(bytes);
      return bytes.size();
    });
    loop_.lingerOut(std::move(wire_), std::move(rest));
  } else {
    wire_.cut();
  }
}

/// The stream has ended.
void NativeTransport::lost() {
  const std::string ended = address_ + (reset_ || wire_.broken() ? " reset the connection " : " ended the connection ");
  if (open_) {
    fail(CloseCause::ConnectionLost, ended + "without a Close frame");
  } else if (wire_.tls() != nullptr && !handshake_->times.tls) {
    fail(CloseCause::ConnectFailed, ended + "in the TLS handshake");
  } else {
    fail(CloseCause::ConnectFailed, ended + "before it answered the handshake");
  }
}

std::string NativeTransport::awaited() const {
  if (open_ || over_) {
    return {};
  }
  if (address_.empty()) {
    return handshake_ != nullptr && handshake_->dialer ? handshake_->dialer->awaited() : "";
  }
  return (wire_.tls() != nullptr && !handshake_->times.tls ? "the TLS handshake with " : "the HTTP answer of ") +
         address_;
}

void NativeTransport::fail(CloseCause cause, std::string detail) {
  if (isRefused()) {
    endRefused();
  } else if (!ending_) {
    end({.cause = cause, .detail = std::move(detail)});
  }
}

void NativeTransport::end(internal::TransportEnd end) {
  if (!std::exchange(over_, true)) {
    events_.transportEnded(std::move(end));
  }
}

}  // namespace tidewire::native
