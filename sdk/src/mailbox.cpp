#include "mailbox.hpp"

#include <algorithm>
#include <utility>

namespace tidewire::internal {

ConnectResult Mailbox::connect() {
  Lock lock(mutex_);
  if (wish_ == Wish::Up) {
    return ConnectResult::AlreadyStarted;
  }
  wish_ = Wish::Up;
  post(lock, {.kind = Command::Kind::Connect});
  return ConnectResult::Started;
}

CloseResult Mailbox::close(std::uint16_t code, std::string_view reason) {
  Lock lock(mutex_);
  if (wish_ != Wish::Up) {
    return CloseResult::AlreadyClosed;
  }
  wish_ = Wish::Down;
  post(lock, {.kind = Command::Kind::Close, .code = code, .text = std::string(reason)});
  return CloseResult::Accepted;
}

ReconnectResult Mailbox::reconnect() {
  Lock lock(mutex_);
  if (wish_ != Wish::Up) {
    return ReconnectResult::Closed;
  }
  post(lock, {.kind = Command::Kind::Reconnect});
  return ReconnectResult::Started;
}

HeartbeatResult Mailbox::probe() {
  Lock lock(mutex_);
  if (wish_ != Wish::Up || state_ != State::Open) {
    return HeartbeatResult::NotOpen;
  }
  post(lock, {.kind = Command::Kind::Probe});
  return HeartbeatResult::Sent;
}

void Mailbox::post(Command command) {
  Lock lock(mutex_);
  post(lock, std::move(command));
}

bool Mailbox::postIfUp(std::unique_ptr<LayerCommand> command) {
  Lock lock(mutex_);
  if (wish_ == Wish::Down) {
    return false;
  }
  post(lock, {.kind = Command::Kind::Layer, .post = std::move(command)});
  return true;
}

void Mailbox::destroy() {
  Lock lock(mutex_);
  wish_ = Wish::Down;
  post(lock, {.kind = Command::Kind::Destroy});
}

State Mailbox::state() const {
  const Lock lock(mutex_);
  return state_;
}

std::size_t Mailbox::bufferedAmount() const {
  const Lock lock(mutex_);
  return waiting().bytes + transportBytes_;
}

void Mailbox::addTo(Stats& stats) const {
  const Lock lock(mutex_);
  stats.queuedMessages = waiting().messages;
  stats.queuedBytes = waiting().bytes;
  stats.bufferedBytes = stats.queuedBytes + transportBytes_;
}

WaitResult Mailbox::waitOpen(std::chrono::milliseconds timeout) const {
  Lock lock(mutex_);
  const auto isOver = [this] { return settledState_ == State::Open || isDown(); };
  if (!waitFor(settled_, lock, timeout, isOver)) {
    return WaitResult::TimedOut;
  }
  return settledState_ == State::Open ? WaitResult::Reached : WaitResult::Closed;
}

WaitResult Mailbox::waitClosed(std::chrono::milliseconds timeout) const {
  Lock lock(mutex_);
  return waitFor(settled_, lock, timeout, [this] { return isDown(); }) ? WaitResult::Reached : WaitResult::TimedOut;
}

void Mailbox::hold() {
  const Lock lock(mutex_);
  posted_ = true;
  awaitsRoom_ = false;
  waitingAtHold_ = {waitingMessages_, waitingBytes_};
  const bool isEmpty = commands_.empty() && store_.count() == 0 && first_.count() == 0;
  takesHere_.store(isEmpty && state_ == State::Open && wish_ == Wish::Up, std::memory_order_relaxed);
}

/// Puts the messages of callbacks where they belong: before everything that was posted since.
void Mailbox::joinHere() {
  takesHere_.store(false, std::memory_order_relaxed);
  const std::size_t messages = hereMessages_.exchange(0, std::memory_order_relaxed);
  const std::size_t bytes = hereBytes_.exchange(0, std::memory_order_relaxed);
  if (messages == 0) {
    return;
  }
  putFirst(here_.take(), messages, bytes);
  waitingMessages_ += messages;
  waitingBytes_ += bytes;
  aboveLowWater_ = aboveLowWater_ || admission_.isAboveLowWater(waitingBytes_ + transportBytes_);
}

void Mailbox::giveBack(PayloadStore::Batch messages) {
  const Lock lock(mutex_);
  const std::size_t count = messages.count();
  const std::size_t bytes = messages.payloadBytes();
  putFirst(std::move(messages), count, bytes);
  awaitsRoom_ = true;
}

/// They were sent before everything that is posted now, commands included.
void Mailbox::putFirst(PayloadStore::Batch messages, std::size_t count, std::size_t bytes) {
  store_.giveBack(std::move(messages));
  postedBytes_ += bytes;
  for (Command& command : commands_) {
    command.messagesBefore += count;
  }
}

Mailbox::Batch Mailbox::take() {
  const Lock lock(mutex_);
  joinHere();
  postedBytes_ = 0;
  return {std::exchange(commands_, {}), first_.take(), std::exchange(firstRuns_, {}), store_.take(),
          std::exchange(dropped_, {})};
}

DroppedCount Mailbox::setState(State state, bool reopens, PayloadStore::Batch& taken) {
  const Lock lock(mutex_);
  joinHere();
  const State before = std::exchange(state_, state);
  if (before == State::Open && state == State::Waiting && admission_.endsWithConnection()) {
    return dropPosted(taken);
  }
  const bool connects = std::any_of(commands_.begin(), commands_.end(), isConnect);
  if (state != State::Closed || reopens || connects) {
    return {};
  }
  // The connection may have given up by itself; then connect() has to be called again.
  wish_ = Wish::Down;
  for (Command& command : commands_) {
    command.messagesBefore = 0;
  }
  const DroppedCount dropped{store_.count() + first_.count(), std::exchange(postedBytes_, 0)};
  (void)store_.take();
  (void)first_.take();
  firstRuns_.clear();
  return dropped;
}

/// All but what onOpen sent: that has its own connection.
DroppedCount Mailbox::dropPosted(PayloadStore::Batch& taken) {
  const PayloadStore::Batch posted = store_.take();
  const PayloadStore::Batch earlier = std::exchange(taken, {});
  postedBytes_ -= posted.payloadBytes();
  awaitsRoom_ = false;
  for (Command& command : commands_) {
    command.messagesBefore = 0;
  }
  return {posted.count() + earlier.count(), posted.payloadBytes() + earlier.payloadBytes()};
}

bool Mailbox::hasDrained(const Behind& behind) {
  const Lock lock(mutex_);
  note(behind);
  if (admission_.isAboveLowWater(waitingBytes_ + transportBytes_)) {
    aboveLowWater_ = true;
    return false;
  }
  return std::exchange(aboveLowWater_, false);
}

bool Mailbox::settle(const Behind& behind) {
  Lock lock(mutex_);
  note(behind);
  const bool wantsTurn = !commands_.empty() || first_.count() > 0 || dropped_.expired.messages > 0 ||
                         dropped_.refused.messages > 0 || (store_.count() > 0 && !awaitsRoom_);
  awaitsRoom_ = awaitsRoom_ && !wantsTurn;
  posted_ = wantsTurn || awaitsRoom_;
  const State before = std::exchange(settledState_, state_);
  const bool isAwaited = isDown() || (state_ == State::Open && before != State::Open);
  lock.unlock();  // The thread that wakes up takes it.
  if (isAwaited) {
    settled_.notify_all();
  }
  return !wantsTurn;
}

void Mailbox::note(const Behind& behind) {
  waitingMessages_ = behind.messages + store_.count() + first_.count();
  waitingBytes_ = behind.bytes + postedBytes_;
  transportBytes_ = behind.transportBytes;
}

SendResult Mailbox::judge(std::size_t bytes, const SendMode& mode) {
  using Verdict = core::Admission::Verdict;
  if (wish_ == Wish::Down) {
    return SendResult::Closed;
  }
  if (mode.waited && admission_.hasExpired(*mode.waited)) {
    return SendResult::QueueFull;  // It is reported as expired.
  }
  switch (admission_.judge(bytes, mode.whenNotOpen, state_ == State::Open, waiting())) {
    case Verdict::Accept:
      return SendResult::Queued;
    case Verdict::Displace:
      return makeRoom(bytes) ? SendResult::Queued : SendResult::QueueFull;
    case Verdict::NotOpen:
      return SendResult::NotOpen;
    case Verdict::TooLarge:
      return SendResult::TooLarge;
    case Verdict::Full:
      break;
  }
  return SendResult::QueueFull;
}

void Mailbox::noteRefused(Lock& lock, std::size_t bytes, core::Duration waited) {
  DroppedCount& count = admission_.hasExpired(waited) ? dropped_.expired : dropped_.refused;
  ++count.messages;
  count.bytes += bytes;
  notice(lock);
}

/// Messages sent after close() are for another connection.
PayloadStore& Mailbox::storeForOpen(std::uint64_t onOpenOf) {
  if (closes()) {
    return store_;
  }
  if (firstRuns_.empty() || firstRuns_.back().attempt != onOpenOf) {
    firstRuns_.push_back({onOpenOf, 0});
  }
  ++firstRuns_.back().messages;
  return first_;
}

/// Drops the oldest posted messages until `bytes` more fit. The loop trims the connection's queue in its next round, so
/// both together hold at most twice the limit in between. Messages that onOpen sent are not dropped for later ones.
bool Mailbox::makeRoom(std::size_t bytes) {
  const auto fits = [this, bytes] { return admission_.fits(bytes, {store_.count() + first_.count(), postedBytes_}); };
  while (!fits() && store_.count() > 0) {
    const std::size_t dropped = store_.dropFirst();
    ++dropped_.displaced.messages;
    dropped_.displaced.bytes += dropped;
    --waitingMessages_;
    waitingBytes_ -= dropped;
    postedBytes_ -= dropped;
    for (Command& command : commands_) {
      command.messagesBefore -= command.messagesBefore > 0 ? 1 : 0;
    }
  }
  return fits();
}

bool Mailbox::closes() const {
  return std::any_of(commands_.begin(), commands_.end(),
                     [](const Command& command) { return command.kind == Command::Kind::Close; });
}

void Mailbox::post(Lock& lock, Command command) {
  command.messagesBefore = store_.count();
  commands_.push_back(std::move(command));
  takesHere_.store(false, std::memory_order_relaxed);
  notice(lock, std::exchange(awaitsRoom_, false));
}

}  // namespace tidewire::internal
