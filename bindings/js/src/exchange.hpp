#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tidewire/tidewire.hpp"

// What crosses between C++ and JavaScript. Numbers only: text and payloads cross as slots of glue.js's table. Counts,
// times and sizes are doubles, since JavaScript has no other number and none of them reaches 2^53. A client or a
// session is known by the address of its handle on both sides.

// connection.js defines these, of clients and sessions alike.
extern "C" {
void tidewire_js_state(const void* handle, int from, int to);
/// For the next call that tells of a close.
void tidewire_js_close_info(int cause, int code, std::uint32_t reasonSlot, std::uint32_t detailSlot, int wasOpen,
                            double retryInMs, double attempt, double droppedMessages, double unconfirmedMessages,
                            int neverOpened);
void tidewire_js_close(const void* handle);
void tidewire_js_heartbeat(const void* handle, double roundTripMs, double smoothedMs, double minMs);
void tidewire_js_log(const void* handle, int level, std::uint32_t clientSlot, std::uint32_t textSlot);
}

namespace exchange {

/// Takes the slot.
std::string textOf(std::uint32_t slot);

/// For JavaScript, which releases it.
std::uint32_t slotOf(std::string_view text);

/// Text that is held in the table for the length of a call.
class HeldText {
 public:
  explicit HeldText(std::string_view text);
  HeldText(const HeldText&) = delete;
  HeldText& operator=(const HeldText&) = delete;
  ~HeldText();

  [[nodiscard]] std::uint32_t slot() const { return slot_; }

 private:
  std::uint32_t slot_;
};

inline double inMilliseconds(std::chrono::microseconds time) {
  return static_cast<double>(time.count()) / 1000;
}

/// A negative time says that there is none.
inline double inMilliseconds(const std::optional<std::chrono::microseconds>& time) {
  return time ? inMilliseconds(*time) : -1;
}

inline std::chrono::milliseconds milliseconds(double value) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(value));
}

inline std::size_t size(double value) {
  return static_cast<std::size_t>(std::min(value, double{std::numeric_limits<std::size_t>::max()}));
}

/// Tells what the next call to JavaScript is about.
void tellClose(const tidewire::CloseInfo& info);

/// A log's sink that leads to JavaScript.
tidewire::Callback<const tidewire::LogRecord&> sinkOf(const void* handle);

/// Has JavaScript told what clients and sessions tell in the same way.
template <class Peer>
void tellCommonEvents(Peer& peer, const void* handle) {
  peer.onStateChange([handle](const tidewire::StateChange& change) {
    tidewire_js_state(handle, static_cast<int>(change.from), static_cast<int>(change.to));
  });
  peer.onClose([handle](const tidewire::CloseInfo& info) {
    tellClose(info);
    tidewire_js_close(handle);
  });
  peer.onHeartbeat([handle](const tidewire::HeartbeatInfo& info) {
    tidewire_js_heartbeat(handle, inMilliseconds(info.roundTrip), inMilliseconds(info.roundTrips.smoothed),
                          inMilliseconds(info.roundTrips.min));
  });
}

/// As statsFrom in values.js reads them, until the next call.
const double* numbersOf(const tidewire::Stats& stats);

/// What JavaScript wants of a client or a session. Of its functions only that there are any: they stay on its side.
struct Wanted {
  tidewire::Options options = {};  ///< Those of sessions too, as far as they are called the same.
  tidewire::SessionOptions session;
  bool endpoint = false;
  bool token = false;
  bool log = false;
};

/// The options of the next client or session, or the next answer of an endpoint function, given one by one. The numbers
/// are those of OPTIONS and SESSION_OPTIONS in options.js.
class OptionsBuilder {
 public:
  void setNumber(int option, double value);
  void setText(int option, std::string text);
  [[nodiscard]] Wanted take() { return std::exchange(wanted_, {}); }

 private:
  Wanted wanted_;
};

OptionsBuilder& builder();

}  // namespace exchange
