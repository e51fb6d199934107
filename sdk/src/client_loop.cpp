#include "client_loop.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>
#include <utility>

#include "core/bytes.hpp"
#include "core/close_code.hpp"
#include "core/ending_texts.hpp"
#include "core/one_line.hpp"
#include "journal_texts.hpp"
#include "message_access.hpp"

namespace tidewire::internal {
namespace {

// A callback that holds the thread longer delays every other client; a client that nobody polls is forgotten.
constexpr core::Duration kSlowCallbacks = std::chrono::milliseconds(100);
constexpr core::Duration kUnpolled = std::chrono::seconds(5);

/// Jitter is no secret: without randomness the clock keeps clients apart.
std::uint64_t jitterSeed(Loop& loop) {
  return loop.randomSeed().value_or(static_cast<std::uint64_t>(loop.now().time_since_epoch().count()));
}

}  // namespace

ClientLoop::ClientLoop(ClientLoopHost& host, const ClientParts& parts, const MakeLayer& makeLayer)
    : host_(host),
      options_(parts.options),
      configured_(parts.configured),
      loop_(parts.loop),
      mailbox_(parts.mailbox),
      delivery_(parts.delivery),
      journal_(parts.journal),
      layer_(makeLayer ? makeLayer(*this) : nullptr),
      connection_(options_, loop_.sendsPings() || layer_ != nullptr, jitterSeed(loop_)),
      endpoint_(configured_) {
  loop_.attach(host_);
}

ClientLoop::~ClientLoop() {
  if (transport_ != nullptr) {
    transport_->abort();
  }
  loop_.setDeadline(host_, std::nullopt);
  loop_.detach(host_);
}

bool ClientLoop::turn() {
  aborted_.clear();
  beginRound();
  if (deadline_ && roundBegan_ >= *deadline_) {
    deadline_.reset();  // The loop has forgotten it.
  }
  tick();
  if (layer_ != nullptr) {
    layer_->tick(roundBegan_);
    readOn();
  }
  endRound();
  return !destroyed_;
}

/// An end that the transport knows counts more than the time that is over.
void ClientLoop::tick() {
  const std::optional<core::Time> deadline = connection_.deadline();
  if (connection_.state() == State::Connecting && deadline && *deadline <= roundBegan_ && hasLiveTransport()) {
    if (std::optional<TransportEnd> known = transport_->takeKnownEnd()) {
      endAttempt(*std::move(known));
      performActions();
    }
  }
  connection_.tick(roundBegan_);
}

void ClientLoop::hint(core::Hint hint) {
  beginRound();
  journal_.note(loop_.now(), LogLevel::Debug, std::string(describe(hint)));
  connection_.hint(loop_.now(), hint);
  endRound();
}

// Transport events. Each is one round: one input, then everything that follows from it.

void ClientLoop::transportOpened(std::string_view subprotocol, const HandshakeTimes& times) {
  beginRound();
  if (layer_ != nullptr) {
    layerState_ = {.subprotocol = std::string(subprotocol), .times = times};
    layer_->transportOpened(loop_.now());
  } else {
    connection_.transportOpened(loop_.now(), subprotocol, times);
  }
  endRound();
}

void ClientLoop::arrivalBegan() {
  beginRound();
  arriving_ = true;
  connection_.bytesArrived(roundBegan_);
}

void ClientLoop::messageArrived(Message& message) {
  if (connection_.expectsAnswer() && isAnswer(message)) {
    performActions();
    return;
  }
  ++received_.messages;
  received_.bytes += MessageAccess::knownSize(message);
  if (journal_.recordsPayloads()) {
    journal_.notePayload(roundBegan_, Journal::Direction::Received, message);
  }
  if (layer_ != nullptr) {
    layer_->messageArrived(loop_.now(), message);
  } else {
    delivery_.deliver(message);
  }
}

/// Looks at the size first, since looking at the text may copy it.
bool ClientLoop::isAnswer(const Message& message) {
  return message.isText() && MessageAccess::knownSize(message) <= connection_.longestAnswer() &&
         connection_.answerArrived(loop_.now(), message.text());
}

void ClientLoop::pongArrived(std::span<const std::byte> payload) {
  connection_.pongArrived(loop_.now(), payload);
  performActions();
}

void ClientLoop::arrivalEnded() {
  stats_.messagesReceived += received_.messages;
  stats_.bytesReceived += received_.bytes;
  journal_.noteMessages(roundBegan_, Journal::Direction::Received, received_.messages, received_.bytes);
  received_ = {};
  arriving_ = false;
  if (layerState_.ending) {
    connection_.transportEnded(loop_.now(), *std::exchange(layerState_.ending, std::nullopt));
  }
  // In a hidden tab timers come late; what arrives moves the heartbeat on.
  if (deadline_ && roundBegan_ >= *deadline_) {
    connection_.tick(roundBegan_);
    if (layer_ != nullptr) {
      layer_->tick(roundBegan_);
    }
  }
  endRound();
}

void ClientLoop::transportWritable() {
  beginRound();
  endRound();
}

void ClientLoop::transportEnded(TransportEnd end) {
  beginRound();
  if (layer_ != nullptr && layer_->holdsArrived()) {
    endBehind_ = std::move(end);
  } else {
    endAttempt(std::move(end));
  }
  endRound();
}

void ClientLoop::endAttempt(TransportEnd end) {
  if (layer_ != nullptr) {
    layer_->judge(end);
  }
  connection_.transportEnded(loop_.now(), std::move(end));
}

/// There may be room again for what has arrived.
void ClientLoop::readOn() {
  if (!layer_->holdsArrived() || !takesMore()) {
    return;
  }
  arriving_ = true;
  layer_->goOn(loop_.now());
  arriving_ = false;
  if (layerState_.ending) {
    connection_.transportEnded(loop_.now(), *std::exchange(layerState_.ending, std::nullopt));
  } else if (endBehind_ && !layer_->holdsArrived()) {
    endAttempt(*std::exchange(endBehind_, std::nullopt));
  }
}

// What the layer asks.

/// Before the connection is open there is nothing that fills the queue, and only what arrives opens it.
bool ClientLoop::takesMore() const {
  return connection_.state() == State::Connecting || !delivery_.isFull();
}

void ClientLoop::note(LogLevel level, std::string text) {
  journal_.note(loop_.now(), level, std::move(text));
}

void ClientLoop::layerOpened(bool resumed, core::Duration heartbeat) {
  layerState_.resumed = resumed;
  connection_.transportOpened(loop_.now(), layerState_.subprotocol, layerState_.times, heartbeat);
  performActions();
}

void ClientLoop::layerAnswered(std::uint64_t number) {
  connection_.questionAnswered(loop_.now(), number);
  performActions();
}

void ClientLoop::layerFailed(std::uint16_t code, std::string why) {
  std::string reason = core::oneLine(why, core::kMaxReasonBytes);
  layerState_.parting = core::SendClose{code, reason};
  core::Ending ending{
      .cause = CloseCause::ProtocolError, .code = code, .reason = std::move(reason), .detail = std::move(why)};
  if (arriving_) {
    // The transport is not to be cut while it hands out what has arrived.
    layerState_.ending = std::move(ending);
  } else {
    connection_.transportEnded(loop_.now(), std::move(ending));
    performActions();
  }
}

void ClientLoop::layerMoves(std::optional<std::string> url) {
  if (connection_.state() != State::Open) {
    return;  // The application closes, and that counts.
  }
  moveTo_ = std::move(url);
  layerState_.parting = core::SendClose{1000, {}};
  connection_.reconnect(loop_.now());
  performActions();
}

// Rounds.

void ClientLoop::beginRound() {
  mailbox_.hold();
  delivery_.begin();
  roundBegan_ = loop_.now();
}

void ClientLoop::endRound() {
  performActions();
  doPosted();
  sendQueued();
  reportDrained();
  limitReading();
  delivery_.end();
  watchCallbacks();
  setDeadline();
  if (!mailbox_.settle(behind(), stats_)) {
    host_.turnAgain();
  }
}

void ClientLoop::doPosted() {
  Mailbox::Batch batch = mailbox_.take();
  if (batch.displaced.messages > 0) {
    Dropped dropped{DropReason::Displaced, batch.displaced.messages, batch.displaced.bytes};
    perform(dropped);
  }
  connectsAhead_ = std::count_if(batch.commands.begin(), batch.commands.end(), isConnect);
  enqueueFirst(batch);
  std::size_t messages = 0;
  for (auto command = batch.commands.begin(); command != batch.commands.end(); ++command) {
    for (const std::size_t before = messagesBefore(command, batch.commands.end()); messages < before; ++messages) {
      std::optional<core::Outgoing> message = batch.messages.next();
      if (!message) {
        break;
      }
      connection_.enqueue(loop_.now(), std::move(*message));
    }
    doCommand(*command);
    performActions();
  }
  sendPosted(batch.messages);
}

/// How many of the batch's messages the connection has to have before this command. Where it may end the connection for
/// good, these are all that were accepted for it, so that they are dropped with it and told.
std::size_t ClientLoop::messagesBefore(std::vector<Command>::const_iterator command,
                                       std::vector<Command>::const_iterator end) {
  if (command->kind != Command::Kind::Ask && command->kind != Command::Kind::EndpointFailed) {
    return command->messagesBefore;
  }
  const auto border = std::find_if(command, end, [](const Command& each) {
    return each.kind == Command::Kind::Connect || each.kind == Command::Kind::Close;
  });
  return border == end ? std::numeric_limits<std::size_t>::max() : border->messagesBefore;
}

/// What onOpen of an older connection sends is not wanted any more: onOpen of the present one sends it again.
void ClientLoop::enqueueFirst(Mailbox::Batch& batch) {
  Dropped stale{.reason = DropReason::Stale};
  for (const Mailbox::FirstRun& run : batch.firstRuns) {
    for (std::size_t left = run.messages; left > 0; --left) {
      core::Outgoing message = *batch.first.next();
      if (connection_.takesFirst(run.attempt)) {
        connection_.enqueueFirst(loop_.now(), std::move(message));
      } else {
        ++stale.messages;
        stale.bytes += message.sizeBytes;
      }
    }
  }
  perform(stale);
}

/// Gives the transport what it takes at once; the rest waits in the connection's queue.
void ClientLoop::sendPosted(PayloadStore::Batch& batch) {
  if (hasLiveTransport() && connection_.passesThrough()) {
    const Transport::Sent sent = transport_->sendFrom(batch);
    connection_.handedOver(sent.messages);
    noteSent(sent);
  }
  std::optional<core::Outgoing> message = batch.next();
  if (!message) {
    return;
  }
  const core::Time now = loop_.now();
  for (; message; message = batch.next()) {
    connection_.enqueue(now, std::move(*message));
  }
}

void ClientLoop::doCommand(Command& command) {
  const core::Time now = loop_.now();
  switch (command.kind) {
    case Command::Kind::Connect:
      --connectsAhead_;
      connection_.connect(now);
      break;
    case Command::Kind::Close:
      journal_.note(now, LogLevel::Debug, "close() was called");
      connection_.close(now, command.code, command.text);
      break;
    case Command::Kind::Reconnect:
      journal_.note(now, LogLevel::Debug, "reconnect() was called");
      connection_.reconnect(now);
      break;
    case Command::Kind::Ask:
      connection_.askNow(now);
      break;
    case Command::Kind::Pause:
    case Command::Kind::Resume:
      setPaused(command.kind == Command::Kind::Pause);
      break;
    case Command::Kind::EndpointAnswered:
      if (connection_.awaitsEndpoint(command.attempt)) {
        if (command.post != nullptr) {
          layer_->doPosted(now, *command.post, false);
        }
        endpoint_ = std::move(command.endpoint);
        connection_.endpointAnswered(now, command.attempt);
      }
      break;
    case Command::Kind::EndpointFailed:
      connection_.endpointFailed(now, command.attempt, command.text);
      break;
    case Command::Kind::OpenReturned:
      connection_.openReturned(command.attempt);
      break;
    case Command::Kind::Layer:
      layer_->doPosted(now, *command.post, connection_.state() == State::Closed && connectsAhead_ == 0);
      break;
    case Command::Kind::Destroy:
      // Perhaps inside an event of the transport's: what has to go goes when the next turn ends.
      destroyed_ = true;
      host_.turnAgain();
      break;
  }
}

void ClientLoop::setPaused(bool paused) {
  paused_ = paused;
  if (loop_.pausesReading()) {
    return;  // `limitReading` sees to it.
  }
  if (paused) {
    delivery_.hold();
  } else {
    // Told by a command, so that what onOpen sent in there is taken first.
    if (const std::uint64_t attempt = delivery_.release(); attempt > 0) {
      host_.openReturned(attempt);
    }
  }
}

void ClientLoop::performActions() {
  while (std::optional<core::Action> action = connection_.takeAction()) {
    std::visit([this](auto& alternative) { perform(alternative); }, *action);
  }
}

void ClientLoop::perform(core::AskEndpoint& action) {
  auto question = std::make_shared<EndpointQuestion>(host_.endpointAnswers(), configured_, action.attempt,
                                                     std::move(action.lastClose));
  delivery_.deliver(Event(EndpointQuestion::request(std::move(question))));
}

void ClientLoop::perform(core::Dial) {
  dialled_ = endpoint_;
  if (moveTo_) {
    dialled_.url = *std::exchange(moveTo_, std::nullopt);
  }
  journal_.note(loop_.now(), LogLevel::Info,
                "attempt " + std::to_string(connection_.attempt()) + " to " + Journal::shown(dialled_.url));
  readingPaused_ = false;
  layerState_ = {};
  transport_ = loop_.makeTransport(*this);
  transport_->open(dialled_, options_);
}

void ClientLoop::perform(core::Abort) {
  if (transport_ != nullptr) {
    awaited_ = transport_->awaited();
    if (awaited_.empty() && layer_ != nullptr) {
      awaited_ = "the server's welcome";
    }
    if (const auto parting = std::exchange(layerState_.parting, std::nullopt)) {
      transport_->leave(parting->code, parting->reason);
    } else {
      transport_->abort();
    }
    aborted_.push_back(std::move(transport_));
    host_.turnAgain();
  }
  endBehind_.reset();
}

void ClientLoop::perform(const core::SendPing& action) {
  if (layer_ != nullptr) {
    layer_->ask(loop_.now(), core::numberOf(action));
    return;
  }
  // A Ping may overtake what still waits in the transport.
  connection_.questionHandedOver(transport_->bufferedBytes() == 0);
  transport_->ping(action.payload);
}

void ClientLoop::perform(const core::SendQuestion& action) {
  PayloadStore store;
  if (store.put(MessageKind::Text, core::asBytes(action.text))) {
    transport_->send(*store.take().next());
  }
  connection_.questionHandedOver(true);
}

void ClientLoop::perform(core::Reassure) {
  if (layer_ != nullptr) {
    layer_->reassure();
  }
}

void ClientLoop::perform(const core::SendClose& action) {
  if (hasLiveTransport()) {
    transport_->close(action.code, action.reason);
  }
}

void ClientLoop::perform(StateChange& event) {
  if (event.to == State::Connecting) {
    ++stats_.attempts;
    if (event.from == State::Waiting) {
      ++stats_.reconnects;
      ++stats_.reconnectsByCause[static_cast<std::size_t>(lastCause_)];
    }
  }
  // The connection may be a step ahead of its events: out of Closed again.
  const bool reopens = connectsAhead_ > 0 || connection_.state() != State::Closed;
  droppedPosted_ = mailbox_.setState(event.to, reopens);
  if (layer_ != nullptr && event.from == State::Waiting && event.to == State::Closed) {
    layer_->attemptEnded(loop_.now(), true);  // No close event follows.
  }
  deliverCounted(Event(event));
}

void ClientLoop::perform(Opened& event) {
  journal_.note(loop_.now(), LogLevel::Info, describe(event));
  warnOfNoHeartbeat();
  ++stats_.opens;
  stats_.lastHandshake = event.times;
  event.resumed = layerState_.resumed;
  const std::uint64_t attempt = event.attempt;
  if (deliverCounted(Event(std::move(event)))) {
    connection_.openReturned(attempt);
  }
}

/// Where a heartbeat is wanted, and there is nothing to ask with.
void ClientLoop::warnOfNoHeartbeat() {
  const HeartbeatOptions& heartbeat = options_.heartbeat;
  const bool isWanted = heartbeat.interval > heartbeat.interval.zero() && heartbeat.silence == heartbeat.silence.zero();
  if (isWanted && !connection_.canAsk() && !std::exchange(noHeartbeatTold_, true)) {
    journal_.note(
        loop_.now(), LogLevel::Warning,
        "no heartbeat: a page cannot send a WebSocket Ping, and heartbeat.message is empty. Proxies cut quiet "
        "connections, often after 60 s, and a dead one stays unnoticed. Set heartbeat.message and "
        "heartbeat.answer to texts that the server knows, or heartbeat.interval to 0 to have none");
  }
}

void ClientLoop::perform(Dropped& event) {
  if (event.reason == DropReason::Closed) {
    event.messages += droppedPosted_.messages;
    event.bytes += droppedPosted_.bytes;
  }
  if (event.messages > 0) {
    journal_.note(loop_.now(), LogLevel::Warning, describe(event));
    stats_.droppedMessages += event.messages;
    stats_.droppedBytes += event.bytes;
    deliverCounted(Event(event));
  }
}

void ClientLoop::perform(CloseInfo& event) {
  if (event.cause == CloseCause::ConnectTimeout && !awaited_.empty()) {
    event.detail += "; still waiting for " + awaited_;
  }
  awaited_.clear();
  event.droppedMessages += std::exchange(droppedPosted_, {}).messages;
  journal_.note(loop_.now(), levelOf(event), describe(event));
  lastCause_ = event.cause;
  ++stats_.endingsByCause[static_cast<std::size_t>(event.cause)];
  stats_.unconfirmedMessages += event.unconfirmedMessages;
  if (layer_ != nullptr) {
    layer_->attemptEnded(loop_.now(), !event.willRetry);
  }
  deliverCounted(Event(std::move(event)));
}

void ClientLoop::perform(HeartbeatInfo& event) {
  journal_.note(loop_.now(), LogLevel::Debug, describe(event));
  stats_.roundTrips = event.roundTrips;
  deliverCounted(Event(event));
}

/// Whoever learns of an event finds it in the statistics, in its callback as on another thread.
bool ClientLoop::deliverCounted(Event event) {
  mailbox_.publish(stats_);
  return delivery_.deliver(std::move(event));
}

// Sending.

void ClientLoop::sendQueued() {
  if (layer_ != nullptr) {
    sendLayer();
  }
  if (layer_ == nullptr || layer_->mayClose()) {
    handOver();
  }
  connection_.trimQueue();
  performActions();
  if (hasLiveTransport()) {
    transport_->flush();
  }
}

void ClientLoop::sendLayer() {
  if (hasLiveTransport() && layer_->hasToSend() && transport_->room() > 0) {
    noteSent(layer_->send(loop_.now(), *transport_));
  }
}

/// Gives the transport what it has room for.
void ClientLoop::handOver() {
  if (!connection_.hasOutgoing()) {
    return;  // The clock and a page's socket are not for free, and this is asked after each message that comes.
  }
  Transport::Sent sent;
  const core::Time now = loop_.now();
  while (hasLiveTransport() && transport_->room() > 0) {
    std::optional<core::Outgoing> message = connection_.takeOutgoing(now);
    if (!message) {
      break;
    }
    ++sent.messages;
    sent.bytes += message->sizeBytes;
    transport_->send(std::move(*message));
  }
  noteSent(sent);
}

void ClientLoop::noteSent(const Transport::Sent& sent) {
  stats_.messagesSent += sent.messages;
  stats_.bytesSent += sent.bytes;
  journal_.noteMessages(roundBegan_, Journal::Direction::Sent, sent.messages, sent.bytes);
}

void ClientLoop::reportDrained() {
  const Mailbox::Behind behind = this->behind();
  if (behind.transportBytes > 0) {
    const std::size_t mark = options_.sendQueue.lowWaterBytes;
    transport_->awaitBuffered(behind.transportBytes > mark ? mark : 0);
  }
  // Without a transport nothing drains, but is dropped, and the close event was the last one.
  if (mailbox_.hasDrained(behind) && transport_ != nullptr && delivery_.wants(&Handlers::onDrain)) {
    delivery_.deliver(Event(Drained{behind.bytes + behind.transportBytes}));
  }
}

Mailbox::Behind ClientLoop::behind() const {
  return {.messages = connection_.queue().count(),
          .bytes = connection_.queue().bytes(),
          .transportBytes = transport_ == nullptr ? 0 : transport_->bufferedBytes()};
}

// Limits.

void ClientLoop::limitReading() {
  if (transport_ == nullptr) {
    return;
  }
  const bool full = layer_ == nullptr ? delivery_.isFull() : layer_->holdsArrived() || !takesMore();
  if (loop_.pausesReading()) {
    pauseReading(full || paused_);
  } else {
    pauseReading(layer_ != nullptr && layer_->holdsArrived());
    endSlowReader();
  }
}

/// What proves life may lie among what is not read.
void ClientLoop::pauseReading(bool pause) {
  if (pause == readingPaused_) {
    return;
  }
  readingPaused_ = pause;
  if (hasLiveTransport() && loop_.pausesReading()) {
    transport_->setReading(!pause);
  }
  connection_.readingPaused(loop_.now(), pause);
}

/// A page cannot pause its peer. What a layer holds is still read, and the end comes behind it.
void ClientLoop::endSlowReader() {
  const bool tooMuch = layer_ == nullptr ? delivery_.isFull() : layer_->bytesBehind() > options_.deliveryQueueBytes;
  if (!tooMuch || endBehind_) {
    return;
  }
  TransportEnd slow{.cause = CloseCause::SlowConsumer,
                    .detail = "more waits for callbacks than " +
                              core::limitText("deliveryQueueBytes", options_.deliveryQueueBytes) +
                              ", and a page cannot pause its server"};
  if (layer_ != nullptr) {
    transport_->abort();
    endBehind_ = std::move(slow);
  } else {
    connection_.transportEnded(loop_.now(), std::move(slow));
    performActions();
  }
}

/// Each way to run callbacks asks for something else once a round is over.
void ClientLoop::watchCallbacks() {
  switch (delivery_.mode()) {
    case Callbacks::Automatic:
      tellSlow(loop_.now());
      break;
    case Callbacks::Poll:
      tellUnpolled(loop_.now());
      break;
    case Callbacks::Executor:
      if (delivery_.needsRunner()) {
        host_.scheduleRun();
      }
      break;
  }
}

void ClientLoop::tellSlow(core::Time now) {
  if (const core::Duration held = now - roundBegan_; held > kSlowCallbacks) {
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(held);
    journal_.note(now, LogLevel::Warning,
                  "callbacks held the thread that serves all clients for " + std::to_string(time.count()) + " ms");
  }
}

void ClientLoop::tellUnpolled(core::Time now) {
  const Delivery::Waiting waiting = delivery_.waiting();
  if (waiting.events == 0 || waiting.polls != std::exchange(polls_, waiting.polls)) {
    unpolledSince_.reset();
    unpolledTold_ = false;
  }
  if (waiting.events > 0 && !unpolledSince_) {
    unpolledSince_ = now;
  }
  if (unpolledSince_ && !unpolledTold_ && now - *unpolledSince_ >= kUnpolled) {
    unpolledTold_ = true;
    journal_.note(now, LogLevel::Warning, "nobody has called poll() for 5 s, and callbacks wait");
  }
}

void ClientLoop::setDeadline() {
  std::optional<core::Time> deadline = connection_.deadline();
  const auto consider = [&deadline](core::Time time) { deadline = deadline ? std::min(*deadline, time) : time; };
  if (unpolledSince_ && !unpolledTold_) {
    consider(*unpolledSince_ + kUnpolled);
  }
  if (const auto layers = layer_ != nullptr ? layer_->deadline() : std::nullopt) {
    consider(*layers);
  }
  if (deadline != deadline_) {
    deadline_ = deadline;
    loop_.setDeadline(host_, deadline);
  }
}

}  // namespace tidewire::internal
