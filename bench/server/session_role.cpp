// As much of "tidewire.v1" as one subscription needs; the events are prepared and differ only in their numbers.

#include <nlohmann/json.hpp>

#include "connection.hpp"
#include "request.hpp"

namespace bench {
namespace {

constexpr std::size_t kJoinedBytes = 64 * 1024;
constexpr char kSeparator = '\x1e';

std::string eventsOf(std::size_t messages, std::size_t bytes, bool joined) {
  const std::string body(bytes, 'x');
  std::string out;
  std::string pending;
  for (std::size_t seq = 1; seq <= messages; ++seq) {
    const std::string event =
        R"({"op":"event","channel":"load","seq":)" + std::to_string(seq) + R"(,"ts":1700000000000})" + "\n" + body;
    if (!pending.empty() && (!joined || pending.size() + event.size() + 1 > kJoinedBytes)) {
      appendFrame(out, Opcode::Text, pending);
      pending.clear();
    }
    pending += pending.empty() ? event : kSeparator + event;
  }
  appendFrame(out, Opcode::Text, pending);
  return out;
}

class SessionRole : public Role {
 public:
  SessionRole(std::size_t messages, std::size_t bytes, bool joined)
      : events_(std::make_shared<const std::string>(eventsOf(messages, bytes, joined))) {}

  [[nodiscard]] bool keepsPayload() const override { return true; }

  void onFrame(Connection& connection, const Frame& frame) override {
    std::string text;
    frame.appendTo(text);
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find(kSeparator, begin), text.size());
      onMessage(connection, text.substr(begin, end - begin));
      begin = end + 1;
    }
  }

 private:
  void onMessage(Connection& connection, const std::string& message) {
    const auto head = nlohmann::json::parse(message.substr(0, message.find('\n')), nullptr, false);
    const std::string op = head.value("op", "");
    if (op == "hello") {
      appendFrame(connection.out(), Opcode::Text, R"({"op":"welcome","v":1,"resumed":false,"now":1700000000000})");
    } else if (op == "subscribe") {
      const nlohmann::json answer = {
          {"op", "subscribed"}, {"id", head["id"]}, {"epoch", "e"}, {"seq", 0}, {"recovered", true}};
      appendFrame(connection.out(), Opcode::Text, answer.dump());
      connection.flood(events_, events_->size());
    }
  }

  std::shared_ptr<const std::string> events_;
};

}  // namespace

std::unique_ptr<Role> makeSession(const Request& request) {
  return std::make_unique<SessionRole>(request.number("messages", 1), request.number("bytes", 100),
                                       request.has("joined"));
}

}  // namespace bench
