#include "web_transport.hpp"

#include <emscripten/em_macros.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "glue.hpp"
#include "message_access.hpp"
#include "platform/payload_store.hpp"

namespace tidewire::web {

namespace {

/// Finds the transport that a browser event is for. A handle is never given twice, so an event of a socket that is gone
/// finds nothing.
class SocketTable {
 public:
  [[nodiscard]] std::uint32_t add(WebTransport& transport) {
    entries_.push_back({++lastHandle_, &transport});
    return lastHandle_;
  }

  void remove(std::uint32_t handle) {
    const auto entry = lookUp(handle);
    if (entry != entries_.end() && entry->handle == handle) {
      entries_.erase(entry);
    }
  }

  [[nodiscard]] WebTransport* find(std::uint32_t handle) {
    const auto entry = lookUp(handle);
    return entry != entries_.end() && entry->handle == handle ? entry->transport : nullptr;
  }

 private:
  struct Entry {
    std::uint32_t handle;
    WebTransport* transport;
  };

  // Handles grow, so the entries are sorted.
  [[nodiscard]] std::vector<Entry>::iterator lookUp(std::uint32_t handle) {
    return std::lower_bound(entries_.begin(), entries_.end(), handle,
                            [](const Entry& entry, std::uint32_t wanted) { return entry.handle < wanted; });
  }

  std::vector<Entry> entries_;
  std::uint32_t lastHandle_ = 0;
};

SocketTable& sockets() {
  static thread_local SocketTable table;
  return table;
}

/// Text that JavaScript hands over in a slot, such as a reason.
class SlotText {
 public:
  explicit SlotText(std::uint32_t slot) : message_(internal::MessageAccess::ofSlot(MessageKind::Text, slot, 0)) {}

  [[nodiscard]] std::string_view view() const { return message_.text(); }

 private:
  Message message_;
};

/// No Close frame carries these two (RFC 6455 section 7.4.1); any other code proves that there was a connection.
bool mayComeInFrame(std::uint16_t code) {
  return code != 1006 && code != 1015;
}

std::string joined(const std::vector<std::string>& subprotocols) {
  std::string list;
  for (const std::string& subprotocol : subprotocols) {
    list += list.empty() ? "" : ",";
    list += subprotocol;
  }
  return list;
}

}  // namespace

// --- Open ---

void WebTransport::open(const Endpoint& endpoint, const Options& options) {
  handle_ = sockets().add(*this);
  const std::string subprotocols = joined(endpoint.subprotocols);
  tidewire_js_socket_open(handle_, endpoint.url.data(), endpoint.url.size(), subprotocols.data(), subprotocols.size(),
                          options.maxMessageBytes);
}

void WebTransport::opened(std::string_view subprotocol) {
  open_ = true;
  events_.transportOpened(subprotocol, {});
}

// --- Receive ---

void WebTransport::received(Message& message) {
  events_.arrivalBegan();
  events_.messageArrived(message);
  events_.arrivalEnded();
}

void WebTransport::receivedTooMuch() {
  end({.cause = CloseCause::MessageTooBig, .code = 4009, .reason = "message too big"});
}

// --- Send ---

std::size_t WebTransport::room() const {
  if (!open_) {
    return 0;
  }
  const std::size_t buffered = bufferedBytes();
  return buffered < kAheadBytes ? kAheadBytes - buffered : 0;
}

/// The browser is read only where something may be left of what was sent: each arrival leads here.
std::size_t WebTransport::bufferedBytes() const {
  if (handle_ == 0 || !mayBuffer_) {
    return 0;
  }
  const auto bytes = static_cast<std::size_t>(tidewire_js_socket_buffered(handle_));
  mayBuffer_ = bytes > 0;
  return bytes;
}

void WebTransport::awaitBuffered(std::size_t most) {
  tidewire_js_socket_await_buffered(handle_, most);
}

void WebTransport::send(core::Outgoing message) {
  mayBuffer_ = true;
  tidewire_js_socket_send(handle_, internal::PayloadStore::slot(message));
  if (room() == 0) {
    awaitBuffered(kAheadBytes - 1);
  }
}

void WebTransport::writable() {
  events_.transportWritable();
}

// --- End ---

void WebTransport::close(std::uint16_t code, std::string_view reason) {
  tidewire_js_socket_close(handle_, code, reason.data(), reason.size());
}

/// Firefox omits `open` when a Close frame comes right behind the handshake. Nothing can be sent any more, so there is
/// no room while the opening is reported.
void WebTransport::openLate() {
  events_.transportOpened({}, {});
  open_ = handle_ != 0;
}

void WebTransport::closed(std::uint16_t code, std::string_view reason) {
  if (!open_ && mayComeInFrame(code)) {
    openLate();
  }
  if (handle_ == 0) {
    return;  // Aborted by what `open` led to.
  }
  if (!open_) {
    end({.cause = CloseCause::ConnectFailed,
         .detail = "no connection; a browser hides from a page whether the name was not found, no server answered, the "
                   "certificate is not trusted or the server refused"});
  } else if (code == 1006) {
    end({.cause = CloseCause::ConnectionLost, .detail = "the connection ended without a Close frame"});
  } else {
    end({.cause = CloseCause::ClosedByPeer, .code = code, .reason = std::string(reason)});
  }
}

void WebTransport::failed(std::string_view error, Failure failure) {
  const CloseCause usual = open_ ? CloseCause::ConnectionLost : CloseCause::ConnectFailed;
  end({.cause = failure == Failure::Unavailable ? CloseCause::Unavailable : usual,
       .detail = std::string(error),
       .fate = failure == Failure::Forbidden ? core::Fate::Forbidden : core::Fate::AsUsual});
}

/// The step is hidden from a page.
std::string WebTransport::awaited() const {
  return open_ ? "" : "the browser's connection to the server";
}

/// After close() the browser finishes the closing handshake by itself.
void WebTransport::leave(std::uint16_t code, std::string_view reason) {
  close(code, reason);
  abort();
}

void WebTransport::abort() {
  if (handle_ != 0) {
    sockets().remove(handle_);
    tidewire_js_socket_abort(std::exchange(handle_, 0));
    open_ = false;
  }
}

void WebTransport::end(internal::TransportEnd end) {
  sockets().remove(std::exchange(handle_, 0));
  open_ = false;
  events_.transportEnded(std::move(end));
}

}  // namespace tidewire::web

// --- What glue.js calls ---

using tidewire::web::SlotText;
using tidewire::web::sockets;

extern "C" {

EMSCRIPTEN_KEEPALIVE void tidewire_on_opened(std::uint32_t handle, std::uint32_t subprotocolSlot) {
  const SlotText subprotocol(subprotocolSlot);
  if (auto* transport = sockets().find(handle)) {
    transport->opened(subprotocol.view());
  }
}

EMSCRIPTEN_KEEPALIVE void tidewire_on_message(std::uint32_t handle, std::uint32_t slot, int isText,
                                              std::size_t knownBytes) {
  const auto kind = isText != 0 ? tidewire::MessageKind::Text : tidewire::MessageKind::Binary;
  tidewire::Message message = tidewire::internal::MessageAccess::ofSlot(kind, slot, knownBytes);
  if (auto* transport = sockets().find(handle)) {
    transport->received(message);
  }
}

EMSCRIPTEN_KEEPALIVE void tidewire_on_writable(std::uint32_t handle) {
  if (auto* transport = sockets().find(handle)) {
    transport->writable();
  }
}

EMSCRIPTEN_KEEPALIVE void tidewire_on_closed(std::uint32_t handle, int code, std::uint32_t reasonSlot) {
  const SlotText reason(reasonSlot);
  if (auto* transport = sockets().find(handle)) {
    transport->closed(static_cast<std::uint16_t>(code), reason.view());
  }
}

EMSCRIPTEN_KEEPALIVE void tidewire_on_failed(std::uint32_t handle, std::uint32_t errorSlot, int failure) {
  const SlotText error(errorSlot);
  if (auto* transport = sockets().find(handle)) {
    transport->failed(error.view(), static_cast<tidewire::web::Failure>(failure));
  }
}

EMSCRIPTEN_KEEPALIVE void tidewire_on_too_big(std::uint32_t handle) {
  if (auto* transport = sockets().find(handle)) {
    transport->receivedTooMuch();
  }
}
}
