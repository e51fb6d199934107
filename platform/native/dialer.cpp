#include "dialer.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace tidewire::native {
namespace {

// RFC 8305 section 5 recommends it.
constexpr double kHeadStartSeconds = 0.25;
constexpr std::size_t kMostNamed = 8;  // Of the addresses that were tried.

/// As in a URL's authority (RFC 3986 section 3.2).
std::string addressText(const std::string& address, std::uint16_t port) {
  const bool isIpv6 = address.find(':') != std::string::npos;
  return (isIpv6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

std::string listOf(const std::vector<std::string>& texts, std::string_view between) {
  std::string list;
  for (std::size_t i = 0; i < std::min(texts.size(), kMostNamed); ++i) {
    list.append(i == 0 ? "" : between).append(texts[i]);
  }
  return texts.size() <= kMostNamed ? list : list + "; and " + std::to_string(texts.size() - kMostNamed) + " more";
}

}  // namespace

/// One connection in the race.
class Dialer::ConnectionAttempt {
 public:
  ConnectionAttempt(Dialer& dialer, const std::string& address)
      : dialer_(dialer), name_(addressText(address, dialer.url_->port)) {
    ev_init(&watcher_,
            [](struct ev_loop*, ev_io* watcher, int) { static_cast<ConnectionAttempt*>(watcher->data)->connected(); });
    watcher_.data = this;
    start(address);
  }
  ConnectionAttempt(const ConnectionAttempt&) = delete;
  ConnectionAttempt& operator=(const ConnectionAttempt&) = delete;
  ~ConnectionAttempt() { cut(); }

  [[nodiscard]] bool over() const { return socket_ == kNoSocket; }
  /// The address and the port.
  [[nodiscard]] const std::string& name() const { return name_; }
  /// Why it is over; empty if it was cut.
  [[nodiscard]] const std::string& error() const { return error_; }

  /// Returns the socket, which is the caller's to close.
  Socket release() {
    ev_io_stop(dialer_.loop_.events(), &watcher_);
    return std::exchange(socket_, kNoSocket);
  }

  void cut() {
    if (!over()) {
      closeSocket(release());
    }
  }

 private:
  void start(const std::string& address) {
    Connecting connecting = startConnecting(address, dialer_.url_->port, dialer_.loop_.table());
    socket_ = connecting.socket;
    if (over()) {
      fail(connecting.error);
      return;
    }
    ev_io_set(&watcher_, socket_, EV_WRITE);
    ev_io_start(dialer_.loop_.events(), &watcher_);
  }

  void connected() {
    const std::optional<ConnectError> error = connectError(socket_);
    if (!error) {
      dialer_.won(*this);
      return;
    }
    fail(*error);
    cut();
    dialer_.startNext();
  }

  void fail(const ConnectError& error) {
    error_ = error.isRefusal ? "connection refused by " + name_ : name_ + ": " + error.text;
  }

  Dialer& dialer_;
  const std::string name_;
  Socket socket_ = kNoSocket;
  ev_io watcher_{};
  std::string error_;
};

Dialer::Dialer(NativeLoop& loop, Client& client)
    : loop_(loop), client_(client), self_(std::make_shared<Dialer*>(this)) {
  ev_init(&headStart_,
          [](struct ev_loop*, ev_timer* watcher, int) { static_cast<Dialer*>(watcher->data)->startNext(); });
  headStart_.data = this;
}

Dialer::~Dialer() {
  stop();
}

void Dialer::start(const core::Url& url) {
  url_ = &url;
  startedAt_ = loop_.now();
  // A look-up cannot be cancelled and may end after this object: `self_` then holds null. Both ways go through the
  // loop, because the client must not be called from inside `start`, nor on the look-up's thread.
  auto deliver = [self = self_](Addresses addresses) {
    if (*self != nullptr) {
      (*self)->lookedUp(std::move(addresses));
    }
  };
  if (std::optional<Addresses> known = withoutLookUp(url.host)) {
    loop_.post([deliver, addresses = std::move(*known)] { deliver(addresses); });
    return;
  }
  hasLookedUp_ = true;
  lookUp_ = LookUp(url.host, [weak = loop_.weak_from_this(), deliver = std::move(deliver)](Addresses addresses) {
    if (const auto loop = weak.lock()) {
      loop->post([deliver, addresses = std::move(addresses)] { deliver(addresses); });
    }
  });
}

void Dialer::stop() {
  *self_ = nullptr;
  lookUp_ = LookUp();
  finished_ = true;
  ev_timer_stop(loop_.events(), &headStart_);
  cutOthers();
}

void Dialer::lookedUp(Addresses addresses) {
  lookedUpAt_ = loop_.now();
  if (addresses.numeric.empty()) {
    finished_ = true;
    client_.dialFailed(std::move(addresses.error));
    return;
  }
  addresses_ = std::move(addresses.numeric);
  startNext();
}

/// Starts attempts until one is under way. Reports when there is none left.
void Dialer::startNext() {
  ev_timer_stop(loop_.events(), &headStart_);
  while (!finished_ && nextAddress_ < addresses_.size()) {
    if (!attempts_.emplace_back(std::make_unique<ConnectionAttempt>(*this, addresses_[nextAddress_++]))->over()) {
      ev_now_update(loop_.events());
      ev_timer_set(&headStart_, kHeadStartSeconds, 0.);
      ev_timer_start(loop_.events(), &headStart_);
      return;
    }
  }
  const bool allOver = std::ranges::all_of(attempts_, [](const auto& attempt) { return attempt->over(); });
  if (!finished_ && allOver) {
    finished_ = true;
    client_.dialFailed(errors());
  }
}

std::string Dialer::errors() const {
  std::vector<std::string> errors;
  for (const auto& attempt : attempts_) {
    if (attempt->over()) {
      errors.push_back(attempt->error());
    }
  }
  return listOf(errors, "; ");
}

std::string Dialer::awaited() const {
  if (url_ == nullptr) {
    return {};
  }
  if (addresses_.empty()) {
    return "the look-up of " + url_->host;
  }
  std::vector<std::string> names;
  for (const auto& attempt : attempts_) {
    if (!attempt->over()) {
      names.push_back(attempt->name());
    }
  }
  const std::string failed = errors();
  return "a connection to " + listOf(names, " and ") + (failed.empty() ? "" : "; ") + failed;
}

void Dialer::won(ConnectionAttempt& attempt) {
  finished_ = true;
  ev_timer_stop(loop_.events(), &headStart_);
  const Socket socket = attempt.release();
  cutOthers();
  const auto lookUp = hasLookedUp_ ? std::optional(lookedUpAt_ - startedAt_) : std::nullopt;
  client_.dialed(socket, attempt.name(), lookUp, loop_.now() - lookedUpAt_);
}

void Dialer::cutOthers() {
  for (const auto& attempt : attempts_) {
    attempt->cut();
  }
}

}  // namespace tidewire::native
