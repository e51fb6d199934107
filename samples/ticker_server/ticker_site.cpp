#include "ticker_site.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "closing_connection.hpp"
#include "connection.hpp"
#include "echo_connection.hpp"
#include "json.hpp"
#include "market.hpp"
#include "parse_number.hpp"
#include "request.hpp"
#include "server/utf8.hpp"
#include "stream/service.hpp"
#include "stream_connection.hpp"
#include "text.hpp"
#include "ticker_connection.hpp"
#include "turn_clock.hpp"

namespace ticker {

namespace {

using Backends = TickerSite::Backends;

constexpr lws_usec_t kMaxLag = LWS_US_PER_SEC / 10;
constexpr double kDefaultRate = 10;
constexpr double kMaxRate = 1000;
constexpr std::uint16_t kPolicyViolation = 1008;  // RFC 6455 section 7.4.1
constexpr std::size_t kMaxReasonBytes = 123;      // RFC 6455 section 5.5

// A page cannot see a refused handshake, so the refusal comes as a message and a Close frame.
std::unique_ptr<Connection> refuse(lws* socket, const std::string& error) {
  return std::make_unique<ClosingConnection>(socket, errorToJson(error), kPolicyViolation, error);
}

std::unique_ptr<Connection> openEcho(lws* socket, const Request& /*request*/, const Backends& /*backends*/) {
  return std::make_unique<EchoConnection>(socket);
}

// Appends what `symbols=` names, everything if it is absent.
//
// Returns: the name that is unknown, if one is.
std::optional<std::string> chooseSymbols(const Request& request, const Market& market,
                                         std::vector<std::size_t>& chosen) {
  const std::optional<std::string_view> list = request.parameter("symbols");
  if (!list) {
    chosen.resize(market.symbolCount());
    std::iota(chosen.begin(), chosen.end(), std::size_t{0});
    return std::nullopt;
  }
  for (std::size_t begin = 0; begin <= list->size();) {
    const std::size_t end = std::min(list->find(',', begin), list->size());
    const std::string_view name = list->substr(begin, end - begin);
    const std::optional<std::size_t> symbol = market.indexOf(name);
    if (!symbol) {
      return std::string(name);
    }
    if (std::ranges::find(chosen, *symbol) == chosen.end()) {
      chosen.push_back(*symbol);
    }
    begin = end + 1;
  }
  return std::nullopt;
}

std::unique_ptr<Connection> openTicker(lws* socket, const Request& request, const Backends& backends) {
  Market& market = backends.market;
  std::vector<std::size_t> symbols;
  if (const std::optional<std::string> unknown = chooseSymbols(request, market, symbols)) {
    return refuse(socket, "unknown symbol: " + quoted(*unknown));
  }
  const std::optional<std::string_view> rateText = request.parameter("rate");
  const std::optional<double> rate = rateText ? parseNumber<double>(*rateText) : kDefaultRate;
  if (!rate || !(*rate > 0) || !(*rate <= kMaxRate)) {
    return refuse(socket, "bad rate: " + quoted(*rateText) + " (more than 0, at most 1000)");
  }
  return std::make_unique<TickerConnection>(socket, market, symbols, *rate);
}

// Codes that an endpoint may send (RFC 6455 section 7.4).
bool maySend(unsigned code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

std::unique_ptr<Connection> openClose(lws* socket, const Request& request, const Backends& /*backends*/) {
  const std::string_view codeText = request.parameter("code").value_or("1000");
  const std::optional<std::uint16_t> code = parseNumber<std::uint16_t>(codeText);
  if (!code || !maySend(*code)) {
    return refuse(socket, "bad code: " + quoted(codeText));
  }
  const std::string_view reason = request.parameter("reason").value_or("");
  if (reason.size() > kMaxReasonBytes) {
    return refuse(socket, "bad reason: more than 123 bytes");
  }
  if (!tidewire::server::isUtf8(reason)) {
    return refuse(socket, "bad reason: not UTF-8");
  }
  return std::make_unique<ClosingConnection>(socket, "", *code, reason);
}

std::unique_ptr<Connection> openStream(lws* socket, const Request& /*request*/, const Backends& backends) {
  return std::make_unique<StreamConnection>(socket, backends.stream.hub(), backends.clock);
}

constexpr const char* kEcho = "echo";  // Any would do: what these endpoints speak has no name.

struct Endpoint {
  std::string_view path;
  std::unique_ptr<Connection> (*open)(lws* socket, const Request& request, const Backends& backends);
  Subprotocol subprotocol;
};

constexpr std::array<Endpoint, 4> kEndpoints{{
    {"/echo", openEcho, {.name = kEcho, .required = false}},
    {"/ticker", openTicker, {.name = kEcho, .required = false}},
    {"/close", openClose, {.name = kEcho, .required = false}},
    {"/stream", openStream, {.name = "tidewire.v1", .required = true}},
}};

const Endpoint* endpointAt(std::string_view path) {
  const auto* const found = std::ranges::find(kEndpoints, path, &Endpoint::path);
  return found == kEndpoints.end() ? nullptr : found;
}

}  // namespace

TickerSite::TickerSite(const Backends& backends, TickLog log) : backends_(backends), log_(std::move(log)) {
  stepTimer_.site = this;
}

void TickerSite::started(lws_context* context) {
  context_ = context;
  nextStep_ = lws_now_usecs();
  stepMarket();
}

void TickerSite::stopping() {
  lws_sul_cancel(&stepTimer_.entry);
}

void TickerSite::stepTimerFired(lws_sorted_usec_list_t* entry) {
  reinterpret_cast<Timer*>(entry)->site->stepMarket();
}

void TickerSite::stepMarket() {
  backends_.clock.beginTurn();
  backends_.market.step(backends_.clock.wall(), log_);
  const lws_usec_t now = lws_now_usecs();
  nextStep_ += static_cast<lws_usec_t>(static_cast<double>(LWS_US_PER_SEC) / backends_.market.stepsPerSecond());
  nextStep_ = std::max(nextStep_, now - kMaxLag);  // After a standstill the market goes on, it does not catch up.
  lws_sul_schedule(context_, 0, &stepTimer_.entry, stepTimerFired, std::max<lws_usec_t>(1, nextStep_ - now));
}

std::optional<Subprotocol> TickerSite::subprotocolOf(std::string_view path) const {
  const Endpoint* const endpoint = endpointAt(path);
  return endpoint == nullptr ? std::nullopt : std::optional(endpoint->subprotocol);
}

std::unique_ptr<Connection> TickerSite::open(lws* socket, const Request& request) {
  return endpointAt(request.path)->open(socket, request, backends_);
}

}  // namespace ticker
