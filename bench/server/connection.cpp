#include "connection.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "request.hpp"

namespace bench {
namespace {

constexpr std::size_t kWriteBytes = 512 * 1024;
// After so many bytes the other connections have their turn.
constexpr std::size_t kTurnBytes = 8 * 1024 * 1024;

}  // namespace

Connection::Connection(int socket, SSL_CTX* tls) : socket_(socket) {
  if (tls != nullptr) {
    ssl_ = SSL_new(tls);
    SSL_set_fd(ssl_, socket);
    SSL_set_accept_state(ssl_);
  }
}

Connection::~Connection() {
  SSL_free(ssl_);
  close(socket_);
}

bool Connection::turn(std::uint32_t events, std::vector<char>& shared) {
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !readAll(shared)) {
    return false;
  }
  return writeAll() && !(closing_ && !wantsToWrite());
}

bool Connection::wantsToWrite() const {
  return written_ < out_.size() || toFlood_ > 0;
}

void Connection::flood(std::shared_ptr<const std::string> cycle, std::size_t bytes) {
  cycle_ = std::move(cycle);
  cycleOffset_ = 0;
  toFlood_ = bytes;
}

bool Connection::readAll(std::vector<char>& shared) {
  for (std::size_t budget = kTurnBytes; budget > 0;) {
    if (partial_.size() * 2 > shared.size()) {
      shared.resize(partial_.size() * 2);
    }
    std::memcpy(shared.data(), partial_.data(), partial_.size());
    const std::size_t room = shared.size() - partial_.size();
    const ssize_t got = readSome(shared.data() + partial_.size(), room);
    if (got <= 0) {
      return got < 0;
    }
    const std::size_t size = partial_.size() + static_cast<std::size_t>(got);
    partial_.clear();
    if (!consume({shared.data(), size})) {
      return false;
    }
    // A read that does not fill the buffer has emptied the socket; TLS reads record by record.
    if (ssl_ == nullptr && static_cast<std::size_t>(got) < room) {
      return true;
    }
    budget -= std::min(budget, static_cast<std::size_t>(got));
  }
  return true;
}

bool Connection::consume(std::string_view bytes) {
  if (role_ == nullptr) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) {
      partial_ = bytes;
      return true;
    }
    const Request request(bytes.substr(0, end + 2));
    role_ = makeRole(request);
    if (role_ == nullptr) {
      return false;
    }
    out_ += request.answer();
    role_->begin(*this);
    bytes.remove_prefix(end + 4);
  }
  while (!bytes.empty()) {
    const std::size_t used = consumeFrame(bytes);
    if (used == 0) {
      partial_ = bytes;
      break;
    }
    bytes.remove_prefix(used);
  }
  return true;
}

std::size_t Connection::consumeFrame(std::string_view bytes) {
  if (toSkip_ > 0) {
    const std::size_t now = std::min(toSkip_, bytes.size());
    toSkip_ -= now;
    if (toSkip_ == 0) {
      role_->onFrame(*this, skipped_);
    }
    return now;
  }
  Frame frame;
  const std::size_t header = readHeader(bytes, frame);
  if (header == 0) {
    return 0;
  }
  if (bytes.size() - header >= frame.size) {
    frame.payload = reinterpret_cast<const std::uint8_t*>(bytes.data()) + header;
    onWhole(frame);
    return header + frame.size;
  }
  if (frame.opcode >= Opcode::Close || role_->keepsPayload()) {
    return 0;
  }
  skipped_ = frame;
  toSkip_ = frame.size - (bytes.size() - header);
  return bytes.size();
}

void Connection::onWhole(const Frame& frame) {
  if (frame.opcode >= Opcode::Close) {
    onControl(frame);
  } else {
    role_->onFrame(*this, frame);
  }
}

void Connection::onControl(const Frame& frame) {
  if (frame.opcode == Opcode::Pong) {
    return;
  }
  if (frame.opcode == Opcode::Ping && toFlood_ > 0) {
    return;  // A Pong would go out within a frame; the flood is sign of life enough.
  }
  appendHeader(out_, frame.opcode == Opcode::Ping ? Opcode::Pong : Opcode::Close, frame.size);
  frame.appendTo(out_);
  if (frame.opcode == Opcode::Close) {
    closing_ = true;
    toFlood_ = 0;
  }
}

bool Connection::writeAll() {
  while (written_ < out_.size()) {
    const ssize_t wrote = writeSome(out_.data() + written_, out_.size() - written_);
    if (wrote <= 0) {
      return wrote < 0;
    }
    written_ += static_cast<std::size_t>(wrote);
  }
  out_.clear();
  written_ = 0;
  return writeFlood();
}

bool Connection::writeFlood() {
  for (std::size_t budget = kTurnBytes; toFlood_ > 0 && budget > 0;) {
    const std::size_t size = std::min({toFlood_, kWriteBytes, cycle_->size() - cycleOffset_});
    const ssize_t wrote = writeSome(cycle_->data() + cycleOffset_, size);
    if (wrote <= 0) {
      return wrote < 0;
    }
    const auto count = static_cast<std::size_t>(wrote);
    cycleOffset_ = (cycleOffset_ + count) % cycle_->size();
    toFlood_ -= count;
    budget -= std::min(budget, count);
  }
  return true;
}

// Both return 0 at the end of the connection, and -1 if nothing is possible now.

ssize_t Connection::readSome(char* data, std::size_t size) {
  if (ssl_ == nullptr) {
    const ssize_t got = recv(socket_, data, size, 0);
    return got >= 0 ? got : errno == EAGAIN ? -1 : 0;
  }
  std::size_t got = 0;
  if (SSL_read_ex(ssl_, data, size, &got) == 1) {
    return static_cast<ssize_t>(got);
  }
  const int error = SSL_get_error(ssl_, 0);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? -1 : 0;
}

ssize_t Connection::writeSome(const char* data, std::size_t size) {
  if (ssl_ == nullptr) {
    const ssize_t wrote = send(socket_, data, size, MSG_NOSIGNAL);
    return wrote >= 0 ? wrote : errno == EAGAIN ? -1 : 0;
  }
  std::size_t wrote = 0;
  if (SSL_write_ex(ssl_, data, size, &wrote) == 1) {
    return static_cast<ssize_t>(wrote);
  }
  const int error = SSL_get_error(ssl_, 0);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? -1 : 0;
}

}  // namespace bench
