// What a connection does, by its path:
//
//   /receive?messages=N&bytes=B[&text=1]   N messages to the client, from prepared frames
//   /sink?messages=N                       counts N messages, then sends "done"
//   /batches?messages=N&batch=K            sends "go" for K messages, two in advance; after N messages "done"
//   /echo                                  sends each message back
//   /idle                                  answers Ping and Close only
//   /session?messages=N&bytes=B&joined=1   speaks as much of "tidewire.v1" as one subscription needs

#include <algorithm>
#include <map>

#include "connection.hpp"
#include "request.hpp"

namespace bench {

std::unique_ptr<Role> makeSession(const Request& request);

namespace {

constexpr std::size_t kCycleBytes = 512 * 1024;

/// Prepared once for each kind of message, and shared by all connections.
std::shared_ptr<const std::string> cycleOf(Opcode opcode, std::size_t bytes) {
  static std::map<std::pair<Opcode, std::size_t>, std::shared_ptr<const std::string>> cycles;
  auto& cycle = cycles[{opcode, bytes}];
  if (cycle == nullptr) {
    std::string frame;
    appendFrame(frame, opcode, std::string(bytes, 'x'));
    std::string many;
    do {
      many += frame;
    } while (many.size() < kCycleBytes);
    cycle = std::make_shared<const std::string>(std::move(many));
  }
  return cycle;
}

class Source : public Role {
 public:
  Source(std::size_t messages, std::size_t bytes, bool text)
      : messages_(messages), bytes_(bytes), opcode_(text ? Opcode::Text : Opcode::Binary) {}

  void begin(Connection& connection) override {
    std::string header;
    appendHeader(header, opcode_, bytes_);
    connection.flood(cycleOf(opcode_, bytes_), messages_ * (header.size() + bytes_));
  }

 private:
  const std::size_t messages_;
  const std::size_t bytes_;
  const Opcode opcode_;
};

class Sink : public Role {
 public:
  Sink(std::size_t messages, std::size_t batch) : messages_(messages), batch_(batch) {}

  void begin(Connection& connection) override {
    if (batch_ > 0) {
      appendFrame(connection.out(), Opcode::Text, "go");
      appendFrame(connection.out(), Opcode::Text, "go");
    }
  }

  void onFrame(Connection& connection, const Frame& frame) override {
    if (!frame.final) {
      return;
    }
    ++count_;
    if (batch_ > 0 && count_ % batch_ == 0 && count_ + batch_ < messages_) {
      appendFrame(connection.out(), Opcode::Text, "go");
    }
    if (count_ == messages_) {
      appendFrame(connection.out(), Opcode::Text, "done");
    }
  }

 private:
  const std::size_t messages_;
  const std::size_t batch_;
  std::size_t count_ = 0;
};

class Echo : public Role {
 public:
  [[nodiscard]] bool keepsPayload() const override { return true; }
  void onFrame(Connection& connection, const Frame& frame) override {
    appendHeader(connection.out(), frame.opcode, frame.size);
    frame.appendTo(connection.out());
  }
};

}  // namespace

std::unique_ptr<Role> makeRole(const Request& request) {
  const std::string& path = request.path();
  const std::size_t messages = request.number("messages", 1);
  if (path == "/receive") {
    return std::make_unique<Source>(messages, request.number("bytes", 64), request.has("text"));
  }
  if (path == "/sink" || path == "/batches") {
    return std::make_unique<Sink>(messages, request.number("batch", 0));
  }
  if (path == "/echo") {
    return std::make_unique<Echo>();
  }
  if (path == "/session") {
    return makeSession(request);
  }
  return path == "/idle" ? std::make_unique<Role>() : nullptr;
}

}  // namespace bench
