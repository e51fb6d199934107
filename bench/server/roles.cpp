// What a connection does, by its path:
//
//   /receive?messages=N&bytes=B[&text=1]   N messages to the client, from prepared frames; with wait=1 after its first
//   /sink?messages=N                       counts N messages, then sends "done"
//   /batches?messages=N&batch=K            sends "go" for K messages, two in advance; after N messages "done"; with
//                                          wait=1 it begins after a first message, which does not count
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
  explicit Source(const Request& request)
      : messages_(request.number("messages", 1)),
        bytes_(request.number("bytes", 64)),
        opcode_(request.has("text") ? Opcode::Text : Opcode::Binary),
        waits_(request.has("wait")) {}

  void begin(Connection& connection) override {
    if (!waits_) {
      start(connection);
    }
  }

  void onFrame(Connection& connection, const Frame&) override {
    if (waits_) {
      start(connection);
    }
  }

 private:
  void start(Connection& connection) const {
    std::string header;
    appendHeader(header, opcode_, bytes_);
    connection.flood(cycleOf(opcode_, bytes_), messages_ * (header.size() + bytes_));
  }

  const std::size_t messages_;
  const std::size_t bytes_;
  const Opcode opcode_;
  const bool waits_;
};

class Sink : public Role {
 public:
  explicit Sink(const Request& request)
      : messages_(request.number("messages", 1)), batch_(request.number("batch", 0)), waits_(request.has("wait")) {}

  void begin(Connection& connection) override {
    if (batch_ > 0 && !waits_) {
      start(connection);
    }
  }

  void onFrame(Connection& connection, const Frame& frame) override {
    if (!frame.final) {
      return;
    }
    if (waits_) {
      waits_ = false;
      start(connection);
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
  static void start(Connection& connection) {
    appendFrame(connection.out(), Opcode::Text, "go");
    appendFrame(connection.out(), Opcode::Text, "go");
  }

  const std::size_t messages_;
  const std::size_t batch_;
  bool waits_;
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
  if (path == "/receive") {
    return std::make_unique<Source>(request);
  }
  if (path == "/sink" || path == "/batches") {
    return std::make_unique<Sink>(request);
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
