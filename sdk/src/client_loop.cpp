#include "client_loop.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>
#include <utility>

#include "core/bytes.hpp"
#include "core/close_code.hpp"
#include "core/decimal.hpp"
#include "core/dispatch.hpp"
#include "core/ending_texts.hpp"
#include "core/one_line.hpp"
#include "journal_texts.hpp"
#include "message_access.hpp"

namespace tidewire::internal {
namespace {

/// Jitter is no secret: without randomness the clock keeps clients apart.
std::uint64_t jitterSeed(Loop& loop) {
  return loop.randomSeed().value_or(static_cast<std::uint64_t>(loop.now().time_since_epoch().count()));
}

}  // namespace

ClientLoop::ClientLoop(ClientLoopHost& host, const ClientParts& parts, const MakeLayer& makeLayer)
    : host_(host),
      parts_(parts),
      layer_(programHasLayers() && makeLayer ? makeLayer(*this) : nullptr),
      layerState_(layer_ != nullptr ? std::make_unique<LayerState>() : nullptr),
      connection_(parts.options, parts.loop.sendsPings() || layer_ != nullptr, jitterSeed(parts.loop)),
      link_(parts_, connection_, layer_),
      watch_(parts.options.callbacks) {
  parts_.loop.attach(host_);
}

ClientLoop::~ClientLoop() {
  parts_.loop.setDeadline(host_, std::nullopt);
  parts_.loop.detach(host_);
}

bool ClientLoop::turn() {
  link_.freeCut();
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
  if (connection_.state() == State::Connecting && deadline && *deadline <= roundBegan_) {
    if (std::optional<TransportEnd> known = link_.takeKnownEnd()) {
      endAttempt(*std::move(known));
      performActions();
    }
  }
  connection_.tick(roundBegan_);
}

void ClientLoop::hint(core::Hint hint) {
  beginRound();
  log(LogLevel::Debug, std::string(describe(hint)));
  connection_.hint(parts_.loop.now(), hint);
  endRound();
}

// Transport events. Each is one round: one input, then everything that follows from it.

void ClientLoop::transportOpened(std::string_view subprotocol, const HandshakeTimes& times) {
  beginRound();
  if (layer_ != nullptr) {
    *layerState_ = {.subprotocol = std::string(subprotocol), .times = times};
    layer_->transportOpened(parts_.loop.now());
  } else {
    connection_.transportOpened(parts_.loop.now(), subprotocol, times);
  }
  dialled_.reset();
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
  if (parts_.journal.recordsPayloads()) {
    parts_.journal.notePayload(roundBegan_, Journal::Direction::Received, message);
  }
  if (layer_ != nullptr) {
    layer_->messageArrived(roundBegan_, message);
  } else {
    parts_.outlet.deliver(message);
  }
}

/// Looks at the size first, since looking at the text may copy it.
bool ClientLoop::isAnswer(const Message& message) {
  return message.isText() && MessageAccess::knownSize(message) <= connection_.longestAnswer() &&
         connection_.answerArrived(parts_.loop.now(), message.text());
}

void ClientLoop::pongArrived(std::span<const std::byte> payload) {
  connection_.pongArrived(parts_.loop.now(), payload);
  performActions();
}

void ClientLoop::arrivalEnded() {
  parts_.journal.noteMessages(roundBegan_, Journal::Direction::Received, received_.messages, received_.bytes);
  arriving_ = false;
  endIfLayerFailed();
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
    link_.endBehindArrivals(std::move(end));
  } else {
    endAttempt(std::move(end));
  }
  endRound();
}

void ClientLoop::endAttempt(TransportEnd end) {
  if (layer_ != nullptr) {
    layer_->judge(end);
  }
  connection_.transportEnded(parts_.loop.now(), std::move(end));
}

/// Continues with arrived messages once there is room for their events.
void ClientLoop::readOn() {
  if (!layer_->holdsArrived() || !takesMore()) {
    return;
  }
  arriving_ = true;
  layer_->goOn(parts_.loop.now());
  arriving_ = false;
  if (!endIfLayerFailed() && link_.endsBehindArrivals() && !layer_->holdsArrived()) {
    endAttempt(*link_.takeEndBehind());
  }
}

bool ClientLoop::endIfLayerFailed() {
  if (layerState_ == nullptr || !layerState_->ending) {
    return false;
  }
  connection_.transportEnded(parts_.loop.now(), *std::exchange(layerState_->ending, std::nullopt));
  return true;
}

// Calls of the layer.

/// Before the connection is open there is nothing that fills the queue, and only what arrives opens it.
bool ClientLoop::takesMore() const {
  return connection_.state() == State::Connecting || !parts_.outlet.isFull();
}

void ClientLoop::note(LogLevel level, std::string text) {
  log(level, text);
}

void ClientLoop::layerOpened(bool resumed, core::Duration heartbeat) {
  layerState_->resumed = resumed;
  connection_.transportOpened(parts_.loop.now(), layerState_->subprotocol, layerState_->times, heartbeat);
  performActions();
}

void ClientLoop::layerAnswered(std::uint64_t number) {
  connection_.probeAnswered(parts_.loop.now(), number);
  performActions();
}

void ClientLoop::layerFailed(std::uint16_t code, std::string why) {
  std::string reason = core::oneLine(why, core::kMaxReasonBytes);
  layerState_->parting = core::SendClose{code, reason};
  core::Ending ending{
      .cause = CloseCause::ProtocolError, .code = code, .reason = std::move(reason), .detail = std::move(why)};
  if (arriving_) {
    // The transport is not to be cut while it hands out what has arrived.
    layerState_->ending = std::move(ending);
  } else {
    connection_.transportEnded(parts_.loop.now(), std::move(ending));
    performActions();
  }
}

void ClientLoop::layerMoves(std::optional<std::string> url) {
  if (connection_.state() != State::Open) {
    return;  // The application closes, and that counts.
  }
  moveTo_ = std::move(url);
  layerState_->parting = core::SendClose{1000, {}};
  connection_.reconnect(parts_.loop.now());
  performActions();
}

// Rounds.

void ClientLoop::beginRound() {
  parts_.mailbox.hold();
  parts_.outlet.begin();
  roundBegan_ = parts_.loop.now();
}

void ClientLoop::endRound() {
  performActions();
  doPosted();
  sendAll();
  reportDrained();
  limitReading();
  parts_.outlet.end();
  host_.roundEnded();
  if (const auto warning = watch_.roundEnded(roundBegan_, parts_.loop.now(), parts_.outlet)) {
    log(LogLevel::Warning, *warning);
  }
  setDeadline();
  parts_.counters.count(link_.takeSent(), std::exchange(received_, {}));
  if (!parts_.mailbox.settle(link_.behind())) {
    host_.turnAgain();
  }
}

void ClientLoop::doPosted() {
  Mailbox::Batch batch = parts_.mailbox.take();
  report(DropReason::Displaced, batch.dropped.displaced);
  report(DropReason::Expired, batch.dropped.expired);
  report(DropReason::Refused, batch.dropped.refused);
  connectsAhead_ = std::count_if(batch.commands.begin(), batch.commands.end(), isConnect);
  enqueueFirst(batch);
  taken_ = std::move(batch.messages);
  std::size_t messages = 0;
  for (auto command = batch.commands.begin(); command != batch.commands.end(); ++command) {
    for (const std::size_t before = messagesBefore(command, batch.commands.end()); messages < before; ++messages) {
      std::optional<core::Outgoing> message = taken_.next();
      if (!message) {
        break;
      }
      connection_.enqueue(parts_.loop.now(), std::move(*message));
    }
    doCommand(*command);
    performActions();
  }
  link_.sendPosted(roundBegan_, taken_);
}

/// How many of the batch's messages the connection has to have before this command. Where it may end the connection for
/// good, these are all that were accepted for it, so that they are dropped with it and reported.
std::size_t ClientLoop::messagesBefore(std::vector<Command>::const_iterator command,
                                       std::vector<Command>::const_iterator end) {
  if (command->kind != Command::Kind::Probe && command->kind != Command::Kind::EndpointFailed) {
    return command->messagesBefore;
  }
  const auto border = std::find_if(command, end, [](const Command& each) {
    return each.kind == Command::Kind::Connect || each.kind == Command::Kind::Close;
  });
  return border == end ? std::numeric_limits<std::size_t>::max() : border->messagesBefore;
}

/// Messages that onOpen of an older connection sent are stale: onOpen of the present one sends them again.
void ClientLoop::enqueueFirst(Mailbox::Batch& batch) {
  Dropped stale{.reason = DropReason::Stale};
  for (const Mailbox::FirstRun& run : batch.firstRuns) {
    for (std::size_t left = run.messages; left > 0; --left) {
      core::Outgoing message = *batch.first.next();
      if (connection_.takesFirst(run.attempt)) {
        connection_.enqueueFirst(parts_.loop.now(), std::move(message));
      } else {
        ++stale.messages;
        stale.bytes += message.sizeBytes;
      }
    }
  }
  droppedPosted_ = {};  // These belong to no ending.
  perform(stale);
}

void ClientLoop::doCommand(Command& command) {
  const core::Time now = parts_.loop.now();
  switch (command.kind) {
    case Command::Kind::Connect:
      --connectsAhead_;
      connection_.connect(now);
      break;
    case Command::Kind::Close:
      parts_.journal.note(now, LogLevel::Debug, "close() was called");
      connection_.close(now, command.code, command.text);
      break;
    case Command::Kind::Reconnect:
      parts_.journal.note(now, LogLevel::Debug, "reconnect() was called");
      connection_.reconnect(now);
      break;
    case Command::Kind::Probe:
      connection_.probeNow(now);
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
        answered_ = std::make_unique<Endpoint>(std::move(command.endpoint));
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
      // Perhaps inside an event of the transport's: the client is destroyed when the next turn ends.
      destroyed_ = true;
      host_.turnAgain();
      break;
  }
}

void ClientLoop::setPaused(bool paused) {
  paused_ = paused;
  if (parts_.loop.pausesReading()) {
    return;  // `limitReading` sees to it.
  }
  if (paused) {
    parts_.outlet.hold();
  } else {
    // Told by a command, so that what onOpen sent in there is taken first.
    if (const std::uint64_t attempt = parts_.outlet.release(); attempt > 0) {
      host_.openReturned(attempt);
    }
  }
}

void ClientLoop::performActions() {
  while (std::optional<core::Action> action = connection_.takeAction()) {
    core::dispatch(*action, [this](auto& alternative) { perform(alternative); });
  }
}

void ClientLoop::perform(core::RequestEndpoint& action) {
  auto pending = std::make_shared<PendingEndpoint>(host_.endpointAnswers(), configuredEndpoint(parts_.options),
                                                   action.attempt, std::move(action.lastClose));
  parts_.outlet.deliver(Event(PendingEndpoint::request(std::move(pending))));
}

void ClientLoop::perform(core::Dial) {
  dialled_ = std::make_unique<Endpoint>(answered_ != nullptr ? *answered_ : configuredEndpoint(parts_.options));
  if (moveTo_) {
    dialled_->url = *std::exchange(moveTo_, std::nullopt);
  }
  log(LogLevel::Info, "attempt " + core::decimal(connection_.attempt()) + " to " + Journal::shown(dialled_->url));
  if (layerState_ != nullptr) {
    *layerState_ = {};
  }
  link_.dial(*this, *dialled_);
}

void ClientLoop::perform(core::Abort) {
  const auto parting = layerState_ == nullptr ? std::nullopt : std::exchange(layerState_->parting, std::nullopt);
  if (link_.cut(parting)) {
    host_.turnAgain();
  }
}

void ClientLoop::perform(const core::SendPing& action) {
  if (layer_ != nullptr) {
    layer_->probe(parts_.loop.now(), core::numberOf(action));
  } else {
    link_.ping(action);
  }
}

void ClientLoop::perform(const core::SendProbeText& action) {
  link_.sendText(action.text);
}

void ClientLoop::perform(core::Reassure) {
  if (layer_ != nullptr) {
    layer_->reassure();
  }
}

void ClientLoop::perform(const core::SendClose& action) {
  link_.close(action);
}

void ClientLoop::perform(StateChange& event) {
  parts_.counters.count(event);
  // The connection may be a step ahead of its events: out of Closed again.
  const bool reopens = connectsAhead_ > 0 || connection_.state() != State::Closed;
  droppedPosted_ = parts_.mailbox.setState(event.to, reopens, taken_);
  if (layer_ != nullptr && event.from == State::Waiting && event.to == State::Closed) {
    layer_->attemptEnded(parts_.loop.now(), true);  // No close event follows.
  }
  parts_.outlet.deliver(Event(event));
}

void ClientLoop::perform(Opened& event) {
  log(LogLevel::Info, describe(event));
  warnOfNoHeartbeat();
  parts_.counters.count(event);
  event.resumed = layerState_ != nullptr && layerState_->resumed;
  const std::uint64_t attempt = event.attempt;
  if (parts_.outlet.deliver(Event(std::move(event)))) {
    connection_.openReturned(attempt);
  }
}

/// Warns where a heartbeat is wanted and none can be sent.
void ClientLoop::warnOfNoHeartbeat() {
  const HeartbeatOptions& heartbeat = parts_.options.heartbeat;
  const bool isWanted = heartbeat.interval > heartbeat.interval.zero() && heartbeat.silence == heartbeat.silence.zero();
  if (isWanted && !connection_.canProbe() && !std::exchange(warnedOfNoHeartbeat_, true)) {
    parts_.journal.note(
        parts_.loop.now(), LogLevel::Warning,
        "no heartbeat: a page cannot send a WebSocket Ping, and heartbeat.message is empty. Proxies cut quiet "
        "connections, often after 60 s, and a dead one stays unnoticed. Set heartbeat.message and "
        "heartbeat.answer to texts that the server knows, or heartbeat.interval to 0 to have none");
  }
}

void ClientLoop::perform(Dropped& event) {
  if (event.reason == DropReason::Closed || event.reason == DropReason::Stale) {
    event.messages += droppedPosted_.messages;
    event.bytes += droppedPosted_.bytes;
  }
  if (event.messages > 0) {
    log(LogLevel::Warning, describe(event));
    parts_.counters.count(event);
    parts_.outlet.deliver(Event(event));
  }
}

void ClientLoop::perform(CloseInfo& event) {
  const std::string awaited = link_.takeAwaited();
  if (event.cause == CloseCause::ConnectTimeout && !awaited.empty()) {
    event.detail += "; still waiting for " + awaited;
  }
  const DroppedCount posted = std::exchange(droppedPosted_, {});
  event.droppedMessages += event.willRetry ? 0 : posted.messages;
  log(levelOf(event), describe(event));
  parts_.counters.count(event);
  if (layer_ != nullptr) {
    layer_->attemptEnded(parts_.loop.now(), !event.willRetry);
  }
  parts_.outlet.deliver(Event(std::move(event)));
}

void ClientLoop::perform(HeartbeatInfo& event) {
  log(LogLevel::Debug, describe(event));
  parts_.counters.count(event);
  parts_.outlet.deliver(Event(event));
}

void ClientLoop::report(DropReason reason, const DroppedCount& count) {
  Dropped dropped{reason, count.messages, count.bytes};
  perform(dropped);
}

// Sending.

void ClientLoop::sendAll() {
  if (layer_ != nullptr) {
    link_.sendLayer(roundBegan_);
  }
  if (layer_ == nullptr || layer_->mayClose()) {
    link_.sendQueued(roundBegan_);
  }
  connection_.trimQueue();
  performActions();
  link_.flush();
}

/// Without a transport nothing drains: the messages were dropped, and the close event was the last one.
void ClientLoop::reportDrained() {
  const Mailbox::Behind behind = link_.behind();
  if (behind.transportBytes > 0) {
    link_.awaitBuffered(behind.transportBytes, parts_.options.sendQueue.lowWaterBytes);
  }
  if (parts_.mailbox.hasDrained(behind) && link_.exists() && parts_.outlet.wantsDrained()) {
    parts_.outlet.deliver(Event(Drained{behind.bytes + behind.transportBytes}));
  }
}

// Limits.

void ClientLoop::limitReading() {
  if (!link_.exists()) {
    return;
  }
  const bool full = layer_ == nullptr ? parts_.outlet.isFull() : layer_->holdsArrived() || !takesMore();
  if (parts_.loop.pausesReading()) {
    link_.pauseReading(full || paused_);
  } else {
    link_.pauseReading(layer_ != nullptr && layer_->holdsArrived());
    endSlowReader();
  }
}

/// A page cannot pause its peer. The messages that the layer holds are still read, and the end comes behind them.
void ClientLoop::endSlowReader() {
  const std::size_t limit = parts_.options.deliveryQueueBytes;
  const bool tooMuch = layer_ == nullptr ? parts_.outlet.isFull() : layer_->bytesBehind() > limit;
  if (!tooMuch || link_.endsBehindArrivals()) {
    return;
  }
  TransportEnd slow{.cause = CloseCause::SlowConsumer,
                    .detail = "more waits for callbacks than " + core::limitText("deliveryQueueBytes", limit) +
                              ", and a page cannot pause its server"};
  if (layer_ != nullptr) {
    link_.cutBehindArrivals(std::move(slow));
  } else {
    connection_.transportEnded(parts_.loop.now(), std::move(slow));
    performActions();
  }
}

void ClientLoop::setDeadline() {
  std::optional<core::Time> deadline = connection_.deadline();
  const auto consider = [&deadline](core::Time time) { deadline = deadline ? std::min(*deadline, time) : time; };
  if (const auto unpolled = watch_.deadline()) {
    consider(*unpolled);
  }
  if (const auto layers = layer_ != nullptr ? layer_->deadline() : std::nullopt) {
    consider(*layers);
  }
  if (deadline != deadline_) {
    deadline_ = deadline;
    parts_.loop.setDeadline(host_, deadline);
  }
}

}  // namespace tidewire::internal
