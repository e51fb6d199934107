#include "client_loop.hpp"

#include <algorithm>
#include <utility>

#include "client_shared.hpp"
#include "core/bytes.hpp"
#include "message_access.hpp"

namespace tidewire::internal {

ClientLoop::ClientLoop(ClientShared& shared, const Options& options, Loop& loop, Mailbox& mailbox, Delivery& delivery)
    : shared_(shared),
      options_(options),
      loop_(loop),
      mailbox_(mailbox),
      delivery_(delivery),
      connection_(options, loop.sendsPings(), loop.randomSeed()) {}

ClientLoop::~ClientLoop() {
  if (transport_ != nullptr) {
    transport_->abort();
  }
  loop_.setDeadline(shared_, std::nullopt);
}

bool ClientLoop::turn() {
  aborted_.clear();
  beginRound();
  connection_.tick(loop_.now());
  endRound();
  return !destroyed_;
}

// Transport events. Each is one round: one input, then everything that follows from it.

void ClientLoop::transportOpened(std::string_view subprotocol) {
  beginRound();
  connection_.transportOpened(loop_.now(), subprotocol);
  endRound();
}

void ClientLoop::arrivalBegan() {
  beginRound();
  connection_.bytesArrived();
}

void ClientLoop::messageArrived(Message& message) {
  if (connection_.expectsAnswer() && isAnswer(message)) {
    connection_.answerArrived(loop_.now());
    performActions();
  } else {
    delivery_.deliver(message);
  }
}

/// Looks at the size first, since looking at the text may copy it.
bool ClientLoop::isAnswer(const Message& message) const {
  const std::string& answer = options_.heartbeat.answer;
  return message.isText() && MessageAccess::knownSize(message) <= answer.size() && message.text() == answer;
}

void ClientLoop::pongArrived(std::span<const std::byte> payload) {
  connection_.pongArrived(loop_.now(), payload);
  performActions();
}

void ClientLoop::arrivalEnded() {
  endRound();
}

void ClientLoop::transportWritable() {
  beginRound();
  endRound();
}

void ClientLoop::transportEnded(TransportEnd end) {
  beginRound();
  connection_.transportEnded(loop_.now(), std::move(end));
  endRound();
}

// Rounds.

void ClientLoop::beginRound() {
  mailbox_.hold();
  delivery_.begin();
}

void ClientLoop::endRound() {
  performActions();
  doPosted();
  sendQueued();
  limitReading();
  delivery_.end();
  setDeadline();
  if (!mailbox_.settle(connection_.queue().count(), connection_.queue().bytes())) {
    loop_.wake(shared_.shared_from_this());
  }
}

void ClientLoop::doPosted() {
  Mailbox::Batch batch = mailbox_.take();
  connectsAhead_ = std::count_if(batch.commands.begin(), batch.commands.end(), isConnect);
  std::size_t messages = 0;
  for (const Command& command : batch.commands) {
    for (; messages < command.messagesBefore; ++messages) {
      connection_.enqueue(*batch.messages.next());
    }
    doCommand(command);
    performActions();
  }
  if (transport_ != nullptr && connection_.passesThrough()) {
    transport_->sendFrom(batch.messages);
  }
  while (std::optional<core::Outgoing> message = batch.messages.next()) {
    connection_.enqueue(std::move(*message));
  }
}

void ClientLoop::doCommand(const Command& command) {
  const core::Time now = loop_.now();
  switch (command.kind) {
    case Command::Kind::Connect:
      --connectsAhead_;
      connection_.connect(now);
      break;
    case Command::Kind::Close:
      connection_.close(now, command.code, command.reason);
      break;
    case Command::Kind::Reconnect:
      connection_.reconnect(now);
      break;
    case Command::Kind::Ask:
      connection_.askNow(now);
      break;
    case Command::Kind::Destroy:
      // Perhaps inside an event of the transport's: what has to go goes when the next turn ends.
      destroyed_ = true;
      loop_.wake(shared_.shared_from_this());
      break;
  }
}

void ClientLoop::performActions() {
  while (std::optional<core::Action> action = connection_.takeAction()) {
    std::visit([this](auto& alternative) { perform(alternative); }, *action);
  }
}

void ClientLoop::perform(core::Dial) {
  readingPaused_ = false;
  transport_ = loop_.makeTransport(*this);
  transport_->open(options_);
}

void ClientLoop::perform(core::Abort) {
  if (transport_ != nullptr) {
    transport_->abort();
    aborted_.push_back(std::move(transport_));
    loop_.wake(shared_.shared_from_this());
  }
}

void ClientLoop::perform(const core::SendPing& action) {
  transport_->ping(action.payload);
}

void ClientLoop::perform(core::SendQuestion) {
  PayloadStore store;
  store.put(MessageKind::Text, core::asBytes(options_.heartbeat.message));
  transport_->send(*store.take().next());
}

void ClientLoop::perform(const core::SendClose& action) {
  transport_->close(action.code, action.reason);
}

void ClientLoop::perform(StateChange& event) {
  // The connection may be a step ahead of its events: out of Closed again.
  const bool reopens = connectsAhead_ > 0 || connection_.state() != State::Closed;
  droppedPosted_ = mailbox_.setState(event.to, reopens);
  delivery_.deliver(Event(event));
}

void ClientLoop::perform(CloseInfo& event) {
  event.droppedMessages += std::exchange(droppedPosted_, 0);
  delivery_.deliver(Event(std::move(event)));
}

void ClientLoop::sendQueued() {
  handOver();
  performActions();
  if (transport_ != nullptr) {
    transport_->flush();
  }
}

/// Gives the transport what it has room for.
void ClientLoop::handOver() {
  while (transport_ != nullptr && transport_->room() > 0) {
    std::optional<core::Outgoing> message = connection_.takeOutgoing();
    if (!message) {
      return;
    }
    transport_->send(std::move(*message));
  }
}

void ClientLoop::limitReading() {
  if (transport_ == nullptr || delivery_.isFull() == readingPaused_) {
    return;
  }
  readingPaused_ = !readingPaused_;
  if (loop_.pausesReading()) {
    transport_->setReading(!readingPaused_);
    connection_.readingPaused(loop_.now(), readingPaused_);
  } else if (readingPaused_) {
    connection_.transportEnded(loop_.now(), {.cause = CloseCause::SlowConsumer,
                                             .detail = "the delivery queue is full and a page cannot pause its peer"});
    performActions();
  }
}

void ClientLoop::setDeadline() {
  const std::optional<core::Time> deadline = connection_.deadline();
  if (deadline != deadline_) {
    deadline_ = deadline;
    loop_.setDeadline(shared_, deadline);
  }
}

}  // namespace tidewire::internal
