#include "web_loop.hpp"

#include <emscripten/em_macros.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "glue.hpp"
#include "tidewire/loop.hpp"
#include "web_transport.hpp"

namespace tidewire::web {

namespace {
using Milliseconds = std::chrono::duration<double, std::milli>;
}

const std::shared_ptr<WebLoop>& WebLoop::ofThisThread() {
  static thread_local const auto loop = std::make_shared<WebLoop>();
  return loop;
}

core::Time WebLoop::now() const {
  return core::Time(std::chrono::duration_cast<core::Duration>(Milliseconds(tidewire_js_now())));
}

bool WebLoop::onLoopThread() const {
  return ofThisThread().get() == this;
}

bool WebLoop::acceptsThisThread() const {
  return onLoopThread();
}

void WebLoop::attach(internal::LoopTask& task) {
  if (attached_.empty()) {
    tidewire_js_watch(1);
  }
  attached_.push_back({&task, kNever});
}

void WebLoop::detach(internal::LoopTask& task) {
  attached_.erase(entryOf(task));
  if (attached_.empty()) {
    tidewire_js_watch(0);
  }
}

void WebLoop::hintAll(core::Hint hint) {
  // A copy, because a callback may attach a client. A client that it destroys is detached only in its own turn.
  const std::vector<Entry> entries = attached_;
  for (const Entry& entry : entries) {
    entry.task->hint(hint);
  }
}

/// Timers of a hidden page are always late, so a late timer is no sign of a sleep; only the clocks are compared.
void WebLoop::watchClocks() {
  const core::WallTime wall(static_cast<std::int64_t>(tidewire_js_wall_now()));
  if (wakeWatch_.notice(now(), wall)) {
    hintAll(core::Hint::WokeUp);
  }
}

void WebLoop::wake(std::shared_ptr<internal::LoopTask> task) {
  woken_.push_back(std::move(task));
  if (woken_.size() == 1) {
    tidewire_js_request_turn();
  }
}

void WebLoop::setDeadline(internal::LoopTask& task, std::optional<core::Time> deadline) {
  entryOf(task)->deadline = deadline.value_or(kNever);
  setTimer();
}

std::unique_ptr<internal::Transport> WebLoop::makeTransport(internal::TransportEvents& events) {
  return std::make_unique<WebTransport>(events);
}

std::optional<std::uint64_t> WebLoop::randomSeed() {
  const std::uint64_t high = tidewire_js_random();
  return high << 32 | tidewire_js_random();
}

void WebLoop::runTurns() {
  // Tasks woken from here on get another microtask.
  auto woken = std::exchange(woken_, {});
  watchClocks();
  for (; !woken.empty(); woken.pop_front()) {
    woken.front()->turn();
  }
}

void WebLoop::runDeadlines() {
  timer_.reset();
  watchClocks();
  const core::Time limit = now();
  for (auto entry = earliest(); entry != attached_.end() && entry->deadline <= limit; entry = earliest()) {
    entry->deadline = kNever;
    entry->task->turn();
  }
  setTimer();
}

std::vector<WebLoop::Entry>::iterator WebLoop::entryOf(const internal::LoopTask& task) {
  return std::find_if(attached_.begin(), attached_.end(), [&task](const Entry& each) { return each.task == &task; });
}

std::vector<WebLoop::Entry>::iterator WebLoop::earliest() {
  return std::min_element(attached_.begin(), attached_.end(),
                          [](const Entry& left, const Entry& right) { return left.deadline < right.deadline; });
}

// A deadline moves with nearly every message, mostly to later. Then the timer stays unchanged, fires early, and is set
// again, which costs less than setting it each time.
void WebLoop::setTimer() {
  const auto next = earliest();
  if (next == attached_.end() || next->deadline == kNever) {
    if (timer_) {
      timer_.reset();
      tidewire_js_set_timer(-1);
    }
  } else if (!timer_ || next->deadline < *timer_) {
    timer_ = next->deadline;
    tidewire_js_set_timer(std::max(0.0, Milliseconds(next->deadline - now()).count()));
  }
}

}  // namespace tidewire::web

std::shared_ptr<tidewire::internal::Loop> tidewire::internal::platformLoop() {
  return web::WebLoop::ofThisThread();
}

namespace tidewire {

// A page has only the browser's loop: `make` returns null, so the others cannot be called.
std::shared_ptr<Loop> Loop::make() {
  return nullptr;
}
Loop::~Loop() = default;
void Loop::turn() {}
void Loop::turn(std::chrono::milliseconds) {}
void Loop::wake() {}

}  // namespace tidewire

extern "C" {
EMSCRIPTEN_KEEPALIVE void tidewire_on_hint(int hint) {
  tidewire::web::WebLoop::ofThisThread()->hintAll(static_cast<tidewire::core::Hint>(hint));
}

EMSCRIPTEN_KEEPALIVE void tidewire_on_turn() {
  tidewire::web::WebLoop::ofThisThread()->runTurns();
}

EMSCRIPTEN_KEEPALIVE void tidewire_on_timer() {
  tidewire::web::WebLoop::ofThisThread()->runDeadlines();
}
}
