#include "native_loop.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "os/descriptors.hpp"
#include "os/randomness.hpp"
#include "os/signals.hpp"
#include "os/sockets.hpp"
#include "rfc6455/spare_memory.hpp"

namespace tidewire::native {
namespace {

// One read. 32 KiB was measured to be 15 to 25 % slower at messages of 1 KiB.
constexpr std::size_t kReadBytes = 128 * 1024;
// libwebsockets reads nothing for us.
constexpr unsigned kUnusedBufferBytes = 1024;
// Our deadlines are the only ones: libwebsockets' own must never come first.
constexpr unsigned kNoTimeoutSeconds = 60 * 60 * 24 * 365;
// How often both clocks are looked at while there are clients, in seconds.
constexpr double kClocksSeconds = 5;
// How many posted functions a turn runs at most, so that open connections have their turn among a thousand dials.
constexpr std::size_t kFunctionsAtOnce = 64;

// What libev and libwebsockets need to start, with some to spare: libev ends the process where it gets none.
constexpr std::size_t kDescriptorsToStart = 16;

// The name of our libwebsockets protocol.
constexpr const char* kProtocol = "tidewire";

core::Ending noDescriptors() {
  return {.cause = CloseCause::ConnectFailed,
          .detail = "no file descriptors are left for an event loop; RLIMIT_NOFILE is too low, or they are all in use"};
}

/// Every loop of the process, to be stopped when it ends. Never destroyed: the last may go after `main`.
struct Registry {
  std::mutex mutex;
  std::vector<std::weak_ptr<NativeLoop>> loops;
  bool over = false;

  static Registry& instance() {
    static Registry* const registry = new Registry;
    return *registry;
  }
};

}  // namespace

std::shared_ptr<NativeLoop> NativeLoop::shared(MakeTransport makeTransport) {
  static const std::shared_ptr<NativeLoop>* const instance = [makeTransport] {
    auto* const made = new std::shared_ptr<NativeLoop>(new NativeLoop(true, makeTransport));
    (void)enlist(*made);
    return made;
  }();
  return *instance;
}

std::shared_ptr<NativeLoop> NativeLoop::make(MakeTransport makeTransport) {
  std::shared_ptr<NativeLoop> made(new NativeLoop(false, makeTransport));
  return made->events_ != nullptr && enlist(made) ? made : nullptr;
}

/// Returns false if the program has ended; then the loop is stopped.
bool NativeLoop::enlist(const std::shared_ptr<NativeLoop>& loop) {
  // The first runs before OpenSSL cleans up, whenever that is; the second if OpenSSL was never used. Handlers run in
  // reverse order, so that loops have stopped when OpenSSL's generator is given up.
  static const bool registered = [] {
    prepareManyRandom();
    return OPENSSL_atexit(&NativeLoop::stopAll) == 1 && std::atexit(&NativeLoop::stopAll) == 0;
  }();
  (void)registered;
  Registry& all = Registry::instance();
  const std::lock_guard lock(all.mutex);
  loop->stopping_ = all.over;
  std::erase_if(all.loops, [](const auto& each) { return each.expired(); });
  all.loops.push_back(loop);
  return !all.over;
}

void NativeLoop::stopAll() {
  Registry& all = Registry::instance();
  std::unique_lock lock(all.mutex);
  all.over = true;
  const auto loops = std::exchange(all.loops, {});
  lock.unlock();  // `stop` waits for callbacks, and a callback may make a loop, which takes this lock.
  for (const std::weak_ptr<NativeLoop>& each : loops) {
    if (const auto loop = each.lock()) {
      loop->stop();
    }
  }
}

NativeLoop::NativeLoop(bool hasThread, MakeTransport makeTransport)
    : hasThread_(hasThread), makeTransport_(makeTransport) {
  ev_async_init(&wake_,
                [](struct ev_loop*, ev_async* watcher, int) { static_cast<NativeLoop*>(watcher->data)->doPosted(); });
  ev_init(&timer_, [](struct ev_loop*, ev_timer* watcher, int) { static_cast<NativeLoop*>(watcher->data)->doDue(); });
  ev_init(&clocks_,
          [](struct ev_loop*, ev_timer* watcher, int) { static_cast<NativeLoop*>(watcher->data)->watchClocks(); });
  ev_init(&patience_, [](struct ev_loop*, ev_timer*, int) {});
  wake_.data = timer_.data = clocks_.data = this;
  // Within one turn bytes are read before a deadline is processed: they may prove that a connection is alive.
  ev_set_priority(&timer_, EV_MINPRI);
  // On the application's thread: this changes the disposition of SIGPIPE and the soft limit of descriptors for a
  // moment, which should not happen concurrently with the application.
  (void)prepare();
}

NativeLoop::~NativeLoop() {
  closeConnections();
  unmake();
}

/// Ends all connections; none can be made afterwards.
void NativeLoop::closeConnections() {
  if (context_ != nullptr) {
    lws_context_destroy(std::exchange(context_, nullptr));
  }
  lingering_.clear();
}

void NativeLoop::unmake() {
  std::unique_lock lock(mutex_);
  struct ev_loop* const events = std::exchange(events_, nullptr);
  lock.unlock();
  if (events != nullptr) {
    ev_loop_destroy(events);
  }
}

bool NativeLoop::turns() {
  const std::lock_guard lock(mutex_);
  return !stopping_ && (!hasThread_ || startThread());
}

/// Requires: the lock.
bool NativeLoop::startThread() {
  return thread_.started() || thread_.start([this] { run(); });
}

void NativeLoop::run() {
  turner_ = std::this_thread::get_id();
  if (events_ == nullptr) {
    runWithoutEvents();
  }
  if (events_ != nullptr) {
    ev_run(events_, 0);
  }
}

/// Serves clients without an event loop, so that their attempts end and are retried. Returns when an attempt has made
/// the event loop, or the program ends.
void NativeLoop::runWithoutEvents() {
  const auto isAwake = [this] { return stopping_ || !tasks_.empty() || !functions_.empty(); };
  std::unique_lock lock(mutex_);
  while (events_ == nullptr && !stopping_) {
    if (due_.empty()) {
      posted_.wait(lock, isAwake);
    } else {
      posted_.wait_for(lock, due_.earliest() - now(), isAwake);
    }
    lock.unlock();
    doPosted();
    doDue();
    lock.lock();
  }
}

// Turning.

void NativeLoop::turn(std::chrono::milliseconds timeout) {
  const std::lock_guard turning(turning_);
  if (events_ == nullptr) {
    return;  // The program has ended.
  }
  turner_ = std::this_thread::get_id();
  if (timeout > std::chrono::milliseconds::zero()) {
    ev_now_update(events_);
    ev_timer_set(&patience_, std::chrono::duration<double>(timeout).count(), 0.);
    ev_timer_start(events_, &patience_);
    ev_run(events_, EVRUN_ONCE);
    ev_timer_stop(events_, &patience_);
  } else {
    ev_run(events_, EVRUN_NOWAIT);
  }
  turner_ = std::thread::id();
}

void NativeLoop::interrupt() {
  std::unique_lock lock(mutex_);
  signal(lock);
}

/// May release the lock: the thread that wakes up takes it.
void NativeLoop::signal(std::unique_lock<std::mutex>& lock) {
  struct ev_loop* const events = events_;
  if (hasThread_) {
    lock.unlock();  // The events of another loop may be freed as soon as it is not held.
  }
  if (events != nullptr) {
    ev_async_send(events, &wake_);
  } else {
    posted_.notify_one();
  }
}

void NativeLoop::abandon() {
  std::vector<std::shared_ptr<internal::LoopTask>> tasks;
  std::deque<std::function<void()>> functions;  // Destroyed without the lock.
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    tasks.swap(tasks_);
    functions.swap(functions_);
  }
  // Each takes itself out.
  while (!attached_.empty()) {
    attached_.back()->loopGone();
  }
  // Remaining clients keep this object alive, but it is never turned again: only now can the peers see the end.
  closeConnections();
}

/// Called at the end of the program, before OpenSSL cleans up: connections use OpenSSL, so none may be left.
void NativeLoop::stop() {
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    signal(lock);
  }
  if (onLoopThread()) {
    return;  // exit() was called in a callback, which still uses everything that would be freed here.
  }
  if (thread_.started()) {
    thread_.join();
  }
  const std::lock_guard turning(turning_);
  abandon();
  if (!hasThread_) {
    unmake();
  }
}

core::WallTime NativeLoop::wallTime() const {
  return std::chrono::duration_cast<core::WallTime>(std::chrono::system_clock::now().time_since_epoch());
}

core::Time NativeLoop::now() const {
  return core::Time(std::chrono::steady_clock::now().time_since_epoch());
}

std::optional<std::uint64_t> NativeLoop::randomSeed() {
  std::uint64_t seed = 0;
  return drawRandom(std::as_writable_bytes(std::span(&seed, 1))) ? std::optional(seed) : std::nullopt;
}

std::unique_ptr<internal::Transport> NativeLoop::makeTransport(internal::TransportEvents& events) {
  return makeTransport_(*this, events);
}

// Wake-up.

void NativeLoop::wake(std::shared_ptr<internal::LoopTask> task) {
  std::unique_lock lock(mutex_);
  if (stopping_) {
    return;
  }
  if (hasThread_) {
    (void)startThread();  // Without one the task waits for a later call.
  }
  const bool isFirst = tasks_.empty() && functions_.empty();
  tasks_.push_back(std::move(task));
  if (isFirst) {
    signal(lock);
  }
}

void NativeLoop::post(std::function<void()> function) {
  std::unique_lock lock(mutex_);
  if (stopping_) {
    return;
  }
  const bool isFirst = tasks_.empty() && functions_.empty();
  functions_.push_back(std::move(function));
  if (isFirst) {
    signal(lock);
  }
}

void NativeLoop::doPosted() {
  std::vector<std::shared_ptr<internal::LoopTask>> tasks = std::move(spareTasks_);
  std::vector<std::function<void()>> functions;
  {
    std::unique_lock lock(mutex_);
    if (stopping_) {
      if (events_ != nullptr) {
        ev_break(events_, EVBREAK_ALL);
      }
      return;
    }
    tasks.swap(tasks_);
    const auto last = functions_.begin() + static_cast<std::ptrdiff_t>(std::min(functions_.size(), kFunctionsAtOnce));
    functions.assign(std::make_move_iterator(functions_.begin()), std::make_move_iterator(last));
    functions_.erase(functions_.begin(), last);
    if (!functions_.empty()) {
      signal(lock);  // The rest runs in the next turn, so that sockets and timers have theirs before.
    }
  }
  for (const auto& function : functions) {
    function();
  }
  for (const auto& task : tasks) {
    task->turn();
  }
  tasks.clear();
  spareTasks_ = std::move(tasks);
}

// Deadlines.

void NativeLoop::setDeadline(internal::LoopTask& task, std::optional<core::Time> deadline) {
  deadline ? due_.set(task, *deadline) : due_.remove(task);
  armTimer();
}

void NativeLoop::doDue() {
  const core::Time until = now();
  while (!due_.empty() && due_.earliest() <= until) {
    internal::LoopTask& task = due_.earliestTask();
    due_.remove(task);
    task.turn();
  }
  armTimer();
}

void NativeLoop::armTimer() {
  if (events_ == nullptr || ev_is_pending(&timer_)) {
    return;  // It runs at the end of this turn, and arms itself again. Stopping it now would delay it turn after turn.
  }
  ev_timer_stop(events_, &timer_);
  if (due_.empty()) {
    return;
  }
  const std::chrono::duration<double> wait = due_.earliest() - now();
  // libev counts from the start of the current turn, which may be long ago.
  const double sinceTurn = ev_time() - ev_now(events_);
  ev_timer_set(&timer_, std::max(0.0, wait.count() + std::max(0.0, sinceTurn)), 0.);
  ev_timer_start(events_, &timer_);
}

// Clients, and what concerns them all.

void NativeLoop::attach(internal::LoopTask& task) {
  if (attached_.empty()) {
    (void)wakeWatch_.notice(now(), wallTime());
    watchClocksSoon();
  }
  task.places.attached = static_cast<std::uint32_t>(attached_.size());
  attached_.push_back(&task);
}

void NativeLoop::detach(internal::LoopTask& task) {
  internal::LoopTask* const last = attached_.back();
  attached_[task.places.attached] = last;
  last->places.attached = task.places.attached;
  attached_.pop_back();
  task.places.attached = internal::LoopTask::Places::kNone;
  if (!attached_.empty()) {
    return;
  }
  if (events_ != nullptr) {
    ev_timer_stop(events_, &clocks_);
  }
  // No client will trim it later. The second call frees what the first has seen in no use.
  trimSpareMemory();
  trimSpareMemory();
}

void NativeLoop::watchClocksSoon() {
  clocksDue_ = now() + std::chrono::duration_cast<core::Duration>(std::chrono::duration<double>(kClocksSeconds));
  if (events_ != nullptr) {
    ev_now_update(events_);
    ev_timer_set(&clocks_, kClocksSeconds, 0.);
    ev_timer_start(events_, &clocks_);
  }
}

void NativeLoop::watchClocks() {
  const core::Time at = now();
  const bool wokeUp = wakeWatch_.notice(at, wallTime(), clocksDue_);
  watchClocksSoon();
  trimSpareMemory();
  if (!wokeUp) {
    return;
  }
  // A hint may attach or end a client, but a task is destroyed only in its own turn.
  const std::vector<internal::LoopTask*> tasks = attached_;
  for (internal::LoopTask* const task : tasks) {
    task->hint(core::Hint::WokeUp);
  }
}

// libwebsockets.

std::optional<core::Ending> NativeLoop::prepare() {
  if (context_ != nullptr) {
    return std::nullopt;
  }
  if (!descriptorsFree(kDescriptorsToStart)) {
    return noDescriptors();
  }
  if (events_ == nullptr) {
    makeEvents();
  }
  if (events_ != nullptr) {
    makeContext();
  }
  if (context_ != nullptr) {
    return std::nullopt;
  }
  // Another thread may have taken the descriptors meanwhile; that is not a missing plugin.
  if (!descriptorsFree(kDescriptorsToStart)) {
    return noDescriptors();
  }
  return core::Ending{.cause = CloseCause::Unavailable,
                      .detail =
                          "libwebsockets could not start; it needs its libev plugin (Debian: "
                          "libwebsockets-evlib-ev)"};
}

void NativeLoop::makeEvents() {
  struct ev_loop* const made = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
  if (made == nullptr) {
    return;
  }
  ev_async_start(made, &wake_);
  {
    std::unique_lock lock(mutex_);
    events_ = made;
    // Commands queued before now were signalled on `posted_`, and no event would report them.
    if (!tasks_.empty() || !functions_.empty()) {
      signal(lock);
    }
  }
  armTimer();
  if (!attached_.empty()) {
    watchClocksSoon();
  }
}

void NativeLoop::makeContext() {
  quietLibwebsockets();
  const DescriptorLimitFits limit;
  const SigpipeKept sigpipe;
  table_ = limit.table();

  void* foreignLoops[] = {events_};
  lws_context_creation_info info{};
  info.port = CONTEXT_PORT_NO_LISTEN;
  info.options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
  info.foreign_loops = foreignLoops;
  info.user = this;
  info.pt_serv_buf_size = kUnusedBufferBytes + LWS_PRE;
  info.timeout_secs = kNoTimeoutSeconds;
  context_ = lws_create_context(&info);
  if (context_ != nullptr) {
    vhost_ = makeVhost();
  }
}

lws_vhost* NativeLoop::makeVhost() {
  static const lws_protocols protocols[] = {
      {kProtocol, &NativeLoop::onCallback, 0, 0, 0, nullptr, 0},
      {nullptr, nullptr, 0, 0, 0, nullptr, 0},
  };
  lws_context_creation_info info{};
  info.port = CONTEXT_PORT_NO_LISTEN;
  info.vhost_name = kProtocol;
  info.protocols = protocols;
  info.timeout_secs = kNoTimeoutSeconds;
  return lws_create_vhost(context_, &info);
}

std::span<std::byte> NativeLoop::readBuffer() {
  readBuffer_.reserve(kReadBytes);
  return readBuffer_.room();
}

std::span<std::byte> NativeLoop::plainBuffer() {
  plainBuffer_.reserve(kReadBytes);
  return plainBuffer_.room();
}

lws* NativeLoop::adopt(Socket socket, WsiOwner& owner) {
  lws_sock_file_fd_type descriptor{};
  descriptor.sockfd = socket;
  lws* const wsi = lws_adopt_descriptor_vhost(vhost_, LWS_ADOPT_SOCKET, descriptor, kProtocol, nullptr);
  if (wsi != nullptr) {
    lws_set_opaque_user_data(wsi, &owner);
    // Its own watcher would cost one more look at all sockets for each event.
    lws_rx_flow_control(wsi, 0);
  }
  return wsi;
}

void NativeLoop::cut(lws* wsi) {
  lws_set_opaque_user_data(wsi, nullptr);
  // Shut down first, so that the peer sees the end now and libwebsockets in the next turn: connections that it closes
  // asynchronously wait for an idle turn, and a busy loop has none.
  lws_rx_flow_control(wsi, 1);
  endBoth(lws_get_socket_fd(wsi));
  lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
  lws_cancel_service(context_);
}

void NativeLoop::lingerOut(Wire&& wire, ByteBuffer rest) {
  Lingering::Owner& owner = *this;
  auto lingering = std::make_unique<Lingering>(owner, events_, std::move(wire), std::move(rest));
  if (lingering->start()) {
    const Lingering* const key = lingering.get();
    lingering_.emplace(key, std::move(lingering));
  }
}

/// Returns -1 to end the connection.
int NativeLoop::onCallback(lws* wsi, lws_callback_reasons reason, void*, void*, std::size_t) {
  if (reason != LWS_CALLBACK_RAW_WRITEABLE && reason != LWS_CALLBACK_RAW_CLOSE) {
    return 0;
  }
  const bool isWritable = reason == LWS_CALLBACK_RAW_WRITEABLE;
  auto* const owner = static_cast<WsiOwner*>(lws_get_opaque_user_data(wsi));
  if (owner == nullptr) {
    return isWritable ? -1 : 0;
  }
  isWritable ? owner->wsiWritable() : owner->wsiClosed();
  return 0;
}

}  // namespace tidewire::native
