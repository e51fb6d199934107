#include "dialer.hpp"

#include <algorithm>
#include <utility>

#include "process.hpp"

namespace tidewire::native {
namespace {

// RFC 8305 section 5 recommends it.
constexpr double kHeadStartSeconds = 0.25;

}  // namespace

/// One connection in the race.
class Dialer::Leg final : public WsiOwner {
 public:
  Leg(Dialer& dialer, std::string address) : dialer_(dialer), address_(std::move(address)) {}

  void start() {
    lws_client_connect_info info{};
    info.context = dialer_.loop_.context();
    info.vhost = dialer_.loop_.vhost();
    info.address = address_.c_str();
    info.port = dialer_.url_->port;
    info.host = address_.c_str();
    info.path = "/";
    info.method = "RAW";
    info.local_protocol_name = kProtocol;
    info.opaque_user_data = static_cast<WsiOwner*>(this);
    info.pwsi = &wsi_;
    starting_ = true;
    const bool started = lws_client_connect_via_info(&info) != nullptr;
    starting_ = false;
    if (!started && !over_) {
      over_ = true;
      const std::string fault = descriptorFault(dialer_.loop_.table());
      error_ = address_ + ": " + (fault.empty() ? "could not start" : fault);
    }
    if (over_) {
      wsi_ = nullptr;
    }
  }

  int onCallback(lws* wsi, lws_callback_reasons reason, void* in, std::size_t length) override {
    switch (reason) {
      case LWS_CALLBACK_RAW_CONNECTED:
        dialer_.won(*this, wsi);
        return 0;
      case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        fail(in == nullptr ? "could not connect" : std::string(static_cast<const char*>(in), length));
        return 0;
      default:
        return 0;
    }
  }

  [[nodiscard]] bool over() const { return over_; }
  [[nodiscard]] const std::string& error() const { return error_; }

  /// The connection is the dialer's client's now.
  void hand(lws* wsi, WsiOwner* owner) {
    lws_set_opaque_user_data(wsi, owner);
    wsi_ = nullptr;
    over_ = true;
  }

  void cut() {
    if (wsi_ != nullptr && !over_) {
      dialer_.loop_.cut(std::exchange(wsi_, nullptr));
    }
    over_ = true;
  }

 private:
  void fail(std::string detail) {
    over_ = true;
    wsi_ = nullptr;
    error_ = address_ + ": " + detail;
    // A failure may come from inside `start`; who called it looks for itself.
    if (!starting_) {
      dialer_.lost(*this, error_);
    }
  }

  Dialer& dialer_;
  std::string address_;
  lws* wsi_ = nullptr;
  bool starting_ = false;
  bool over_ = false;
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

/// Starts legs until one is under way. Reports when there is none left.
void Dialer::startNext() {
  ev_timer_stop(loop_.events(), &headStart_);
  while (!finished_ && nextAddress_ < addresses_.size()) {
    Leg& leg = *legs_.emplace_back(std::make_unique<Leg>(*this, addresses_[nextAddress_++]));
    leg.start();
    if (finished_) {
      return;
    }
    if (!leg.over()) {
      ev_now_update(loop_.events());
      ev_timer_set(&headStart_, kHeadStartSeconds, 0.);
      ev_timer_start(loop_.events(), &headStart_);
      return;
    }
    lastError_ = leg.error();
  }
  const bool allOver = std::ranges::all_of(legs_, [](const auto& leg) { return leg->over(); });
  if (!finished_ && allOver) {
    finished_ = true;
    client_.dialFailed(lastError_);
  }
}

void Dialer::won(Leg& leg, lws* wsi) {
  if (std::exchange(finished_, true)) {
    return;
  }
  ev_timer_stop(loop_.events(), &headStart_);
  const auto lookUp = hasLookedUp_ ? std::optional(lookedUpAt_ - startedAt_) : std::nullopt;
  leg.hand(wsi, client_.dialed(wsi, lookUp, loop_.now() - lookedUpAt_));
  lws_callback_on_writable(wsi);
  cutOthers();
}

void Dialer::lost(Leg&, std::string detail) {
  lastError_ = std::move(detail);
  if (!finished_) {
    startNext();
  }
}

void Dialer::cutOthers() {
  for (const auto& leg : legs_) {
    leg->cut();
  }
}

}  // namespace tidewire::native
