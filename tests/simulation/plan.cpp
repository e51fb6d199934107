#include "plan.hpp"

namespace tidewire::simulation {
namespace {

using namespace std::chrono_literals;
using Milliseconds = std::chrono::milliseconds;

HeartbeatOptions drawHeartbeat(Dice& dice) {
  HeartbeatOptions heartbeat;
  heartbeat.interval = dice.oneOf<Milliseconds>({0ms, 500ms, 2s, 10s});
  heartbeat.timeout = dice.oneOf<Milliseconds>({200ms, 1s, 5s});
  heartbeat.wakeTimeout = dice.oneOf<Milliseconds>({100ms, 1s, 3s});
  heartbeat.silence = dice.oneOf<Milliseconds>({0ms, 0ms, 1s, 8s});
  heartbeat.onWake = dice.chance(50) ? OnWake::Reconnect : OnWake::Trust;
  if (dice.chance(40)) {
    const bool numbered = dice.chance(50);
    heartbeat.message = numbered ? "ping {n}" : "ping";
    heartbeat.answer = numbered ? "pong {n}" : "pong";
  }
  return heartbeat;
}

ReconnectOptions drawReconnect(Dice& dice) {
  ReconnectOptions reconnect;
  reconnect.enabled = dice.chance(88);
  reconnect.firstDelay = dice.oneOf<Milliseconds>({0ms, 1ms, 100ms, 500ms, 2s});
  reconnect.maxDelay = dice.oneOf<Milliseconds>({50ms, 1s, 5s, 20s});
  reconnect.resetAfter = dice.oneOf<Milliseconds>({0ms, 500ms, 2s, 30s});
  reconnect.maxAttempts = dice.oneOf<std::uint64_t>({0, 0, 0, 1, 2, 4});
  reconnect.maxRetryAfter = dice.oneOf<Milliseconds>({0ms, 2s, 60s});
  if (dice.chance(40)) {
    reconnect.finalCodes = {4000, 1011};
  }
  return reconnect;
}

SendQueueOptions drawSendQueue(Dice& dice) {
  SendQueueOptions queue;
  queue.maxMessages = dice.oneOf<std::size_t>({1, 2, 5, 20});
  queue.maxBytes = dice.oneOf<std::size_t>({60, 200, 2000});
  queue.maxAge = dice.oneOf<Milliseconds>({0ms, 0ms, 300ms, 3s});
  queue.whenFull = dice.chance(50) ? WhenFull::DropOldest : WhenFull::Reject;
  queue.lowWaterBytes = dice.oneOf<std::size_t>({0, 50});
  return queue;
}

}  // namespace

Plan drawPlan(Dice& dice) {
  Plan plan;
  plan.options.url = "ws://simulated.test/";
  plan.options.connectTimeout = dice.oneOf<Milliseconds>({200ms, 2s, 10s});
  plan.options.closeTimeout = dice.oneOf<Milliseconds>({0ms, 200ms, 2s});
  plan.options.heartbeat = drawHeartbeat(dice);
  plan.options.reconnect = drawReconnect(dice);
  plan.options.sendQueue = drawSendQueue(dice);
  plan.options.callbacks = dice.chance(60) ? Callbacks::Automatic : Callbacks::Poll;
  if (dice.chance(35)) {
    // Never called: the driver answers for it.
    plan.options.endpoint = [](const EndpointRequest&) {};
  }
  plan.isPage = dice.chance(30);
  plan.connectionSeed = dice.next();
  plan.options.sendQueue.whenNotOpen = plan.connectionSeed % 3 == 0 ? WhenNotOpen::Refuse : WhenNotOpen::Queue;
  plan.refuses = dice.oneOf<unsigned>({5, 30, 60, 95});
  plan.breaks = dice.oneOf<unsigned>({1, 5, 15});
  plan.calls = dice.oneOf<unsigned>({10, 30, 50});
  plan.closes = dice.oneOf<unsigned>({2, 8, 16});
  if (plan.canProbe() && dice.chance(30)) {
    plan.awaited = dice.oneOf<Milliseconds>({300ms, 2s, 8s});
  }
  return plan;
}

}  // namespace tidewire::simulation
