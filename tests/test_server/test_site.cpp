#include "test_site.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>
#include <variant>

#include "control_connection.hpp"
#include "request.hpp"
#include "server/utf8.hpp"
#include "test_connection.hpp"

namespace test_server {

namespace {

using tidewire::server::BodyType;

constexpr std::string_view kControl = "/control";

}  // namespace

TestSite::TestSite(const Settings& settings, TestClock& clock, std::function<void()> stop)
    : clock_(clock),
      stop_(std::move(stop)),
      application_(settings.application, clock,
                   [this](std::uint64_t call, std::string_view method, std::string_view body) {
                     report({{"event", "call"}, {"call", call}, {"method", method}}, body);
                   }),
      hub_(settings.hub, clock, application_, journal_) {}

std::optional<ticker::Subprotocol> TestSite::subprotocolOf(std::string_view path) const {
  return ticker::Subprotocol{.name = path == kControl ? "control" : "tidewire.v1", .required = true};
}

std::unique_ptr<ticker::Connection> TestSite::open(lws* socket, const ticker::Request& request) {
  return request.path == kControl ? openControl(socket) : openClient(socket);
}

std::unique_ptr<ticker::Connection> TestSite::openControl(lws* socket) {
  const auto closed = [this] {
    control_ = nullptr;
    if (!stopping_) {
      stop_();
    }
  };
  auto control = std::make_unique<ControlConnection>(
      socket, reports_,
      ControlConnection::Calls{.received = [this](std::string_view message) { command(message); }, .closed = closed});
  control_ = control.get();
  return control;
}

std::unique_ptr<ticker::Connection> TestSite::openClient(lws* socket) {
  const std::uint64_t number = ++connectionCount_;
  TestConnection::Reports reports{
      .message =
          [this, number](bool binary, std::string_view payload) {
            report({{"event", "message"}, {"connection", number}, {"binary", binary}}, payload);
          },
      .closed =
          [this, number](std::uint16_t code) {
            connections_.erase(number);
            report({{"event", "closed"}, {"connection", number}, {"code", code}});
          }};
  auto connection = std::make_unique<TestConnection>(socket, hub_, clock_, std::move(reports));
  connections_.emplace(number, connection.get());
  report({{"event", "opened"}, {"connection", number}});
  return connection;
}

void TestSite::report(const Json& head, std::string_view body) {
  reports_.push_back(head.dump() + '\n');
  reports_.back() += body;
  if (control_ != nullptr) {
    control_->outputWaits();
  }
}

// --- Commands --------------------------------------------------------------------------------------------------------

// libwebsockets is C: nothing may be thrown through it.
void TestSite::command(std::string_view message) {
  const std::size_t end = std::min(message.find('\n'), message.size());
  const std::string body(message.substr(std::min(end + 1, message.size())));
  try {
    report({{"reply", perform(Json::parse(message.substr(0, end)), body)}});
  } catch (const std::exception& error) {
    report({{"fault", error.what()}});
  }
}

TestSite::Json TestSite::perform(const Json& head, const std::string& body) {
  const auto name = head.at("do").get<std::string>();
  if (name == "publish") {
    return publish(head, body);
  }
  if (name == "contents") {
    return reportContents(head);
  }
  if (name == "answer") {
    answer(head, body);
  } else if (name == "send") {
    connection(head).send(head.at("binary").get<bool>(), body);
  } else if (name == "cut") {
    connection(head).cut();
  } else if (name != "nothing") {
    throw std::invalid_argument("no such command: " + name);
  }
  return Json::object();
}

TestSite::Json TestSite::publish(const Json& head, const std::string& body) {
  const BodyType type = head.at("type") == "bytes" ? BodyType::Bytes : BodyType::Text;
  std::uint64_t seq = 0;
  application_.log(head.at("channel").get<std::string>())
      ->append({.type = type, .body = body, .ts = clock_.wall()},
               [&seq](const tidewire::server::AppendResult& result) { seq = std::get<std::uint64_t>(result); });
  return {{"seq", seq}};
}

TestSite::Json TestSite::reportContents(const Json& head) {
  constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
  tidewire::server::Page page;
  application_.log(head.at("channel").get<std::string>())
      ->read({.newest = kAll, .maxBytes = kAll},
             [&page](const tidewire::server::ReadResult& result) { page = std::get<tidewire::server::Page>(result); });
  for (const tidewire::server::EventPointer& event : page.events) {
    report({{"event", "kept"}}, event->packet(0)->bytes);
  }
  return {{"epoch", page.epoch}, {"seq", page.seq}};
}

void TestSite::answer(const Json& head, const std::string& body) {
  const BodyType type = tidewire::server::isUtf8(body) ? BodyType::Text : BodyType::Bytes;
  application_.answer(head.at("call").get<std::uint64_t>(),
                      {.body = body, .type = type, .refusal = head.value("refusal", std::string())});
}

TestConnection& TestSite::connection(const Json& head) {
  return *connections_.at(head.at("connection").get<std::uint64_t>());
}

}  // namespace test_server
