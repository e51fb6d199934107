#include "session/model_server.hpp"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "core/bytes.hpp"

namespace tidewire::simulation {

using nlohmann::json;

namespace {

std::string keyOf(const std::string& channel, const std::string& epoch, std::uint64_t seq) {
  return channel + '\n' + epoch + '\n' + std::to_string(seq);
}

std::string inQuotes(std::string_view name) {
  return '"' + std::string(name) + '"';  // Names here need no escapes.
}

std::string textOf(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

struct ModelServer::Head {
  json fields;

  [[nodiscard]] std::string text(const char* name) const { return fields.value(name, std::string()); }
  [[nodiscard]] std::uint64_t number(const char* name) const { return fields.value(name, std::uint64_t{0}); }
};

void ModelServer::receive(std::uint64_t connection, const core::protocol::Framer::Batch& batch) {
  core::protocol::Unframer unframer(batch.kind, core::asBytes(batch.payload));
  while (const auto part = unframer.next()) {
    if (const auto found = connections_.find(connection); found != connections_.end()) {
      found->second.unread.push_back(textOf(part->head) + (part->body ? '\n' + textOf(*part->body) : std::string()));
      read(connection);
    } else {
      handle(connection, *part);
    }
  }
}

/// A server that has much to say to a client stops reading it; TCP holds the client back.
void ModelServer::read(std::uint64_t id) {
  for (auto found = connections_.find(id);
       found != connections_.end() && !found->second.unread.empty() && found->second.waiting < plan_.answers;
       found = connections_.find(id)) {
    const std::string message = std::move(found->second.unread.front());
    found->second.unread.pop_front();
    const std::size_t end = message.find('\n');
    core::protocol::Part part{core::asBytes(std::string_view(message).substr(0, end)), std::nullopt};
    if (end != std::string::npos) {
      part.body = core::asBytes(std::string_view(message).substr(end + 1));
    }
    handle(id, part);
  }
}

void ModelServer::sent(std::uint64_t id) {
  if (const auto found = connections_.find(id); found != connections_.end()) {
    --found->second.waiting;
    read(id);
  }
}

void ModelServer::callSlow(std::uint64_t id) {
  if (connections_.count(id) > 0) {
    drop(id, 4005);
  }
}

void ModelServer::handle(std::uint64_t id, const core::protocol::Part& part) {
  const Head head{json::parse(textOf(part.head))};
  const std::string op = head.text("op");
  if (op == "hello") {
    hello(id, head);
    return;
  }
  const auto found = connections_.find(id);
  if (found == connections_.end()) {
    return;  // Refused, or taken over.
  }
  if (op == "subscribe") {
    subscribe(id, head);
  } else if (op == "unsubscribe") {
    found->second.subscriptions.erase(head.text("channel"));
    say(id, R"({"op":"unsubscribed","id":)" + std::to_string(head.number("id")) + R"(,"channel":)" +
                inQuotes(head.text("channel")) + "}");
  } else if (op == "publish") {
    publish(id, head, part.body ? textOf(*part.body) : std::string());
  } else if (op == "request") {
    ++requested_[part.body ? textOf(*part.body) : std::string()];
    if (head.text("method") == "none") {
      fail(id, head, "unknown-method", false);
    } else {
      say(id, R"({"op":"reply","id":)" + std::to_string(head.number("id")) + "}", part.body ? textOf(*part.body) : "");
    }
  } else if (op == "ping") {
    say(id, R"({"op":"pong","t":)" + std::to_string(head.number("t")) + R"(,"now":1700000000000})");
  } else if (op == "auth") {
    say(id, R"({"op":"ack","id":)" + std::to_string(head.number("id")) + "}");
  }
}

void ModelServer::hello(std::uint64_t id, const Head& head) {
  if (std::exchange(tokenExpired_, false)) {
    say(id, R"({"op":"error","code":"token-expired"})");
    close_(id, 4002);
    return;
  }
  const std::string key = head.text("session");
  std::uint64_t& attempt = attempts_[key];
  if (head.number("attempt") <= attempt) {
    close_(id, 4004);
    return;
  }
  attempt = head.number("attempt");
  for (auto at = connections_.begin(); at != connections_.end(); ++at) {
    if (at->second.key == key) {
      drop(at->first, 4004);
      break;
    }
  }
  Memory& memory = memories_[key];
  if (!memory.lostAt || now_ - *memory.lostAt >= plan_.dedupTime) {
    memory = {.name = "m" + std::to_string(++memoriesMade_)};
  }
  memory.lostAt.reset();
  memory.count = dedupCount_;
  forgetOldest(memory);
  const bool remembers = dedupCount_ > 0 && head.text("memory") == memory.name;
  connections_[id] = {.key = key};
  std::string welcome = R"({"op":"welcome","v":1,"now":1700000000000,"resumed":)";
  welcome += remembers ? "true" : "false";
  welcome += R"(,"requests":)" + std::to_string(plan_.requests);
  if (dedupCount_ > 0 || dice_.chance(50)) {
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(plan_.dedupTime).count();
    welcome += R"(,"memory":)" + inQuotes(memory.name) + R"(,"dedup":{"count":)" + std::to_string(dedupCount_) +
               R"(,"ms":)" + std::to_string(time) + "}";
  }
  say(id, welcome + "}");
}

void ModelServer::subscribe(std::uint64_t id, const Head& head) {
  const std::string name = head.text("channel");
  if (connections_.find(id)->second.subscriptions.count(name) > 0) {
    fail(id, head, "already-subscribed", false);
    return;
  }
  if (name.rfind("nothing/", 0) == 0) {
    fail(id, head, "unknown-channel", false);
    return;
  }
  if (std::exchange(refuses_, false)) {
    const bool temporary = dice_.chance(50);
    fail(id, head, temporary ? "unavailable" : "forbidden", temporary);
    return;
  }
  Channel& channel = at(name);
  Subscription subscription{.conflate = head.fields.value("conflate", false), .sent = channel.seq};
  bool recovered = true;
  std::string from;
  if (head.fields.contains("since")) {
    const json& since = head.fields["since"];
    const auto seq = since.value("seq", std::uint64_t{0});
    const bool known = since.value("epoch", std::string()) == channel.epoch && seq <= channel.seq;
    const std::uint64_t kept = channel.evicted;  // Everything after this is there, but for what it never had.
    const bool enough = subscription.conflate ? seq == channel.seq || !channel.kept.empty() : seq >= kept;
    recovered = known && enough;
    unrecovered_ += recovered ? 0 : 1;
    subscription.sent = recovered ? seq : channel.seq;
  } else if (const std::uint64_t last = head.number("last"); last > 0) {
    subscription.sent = std::max(channel.evicted, channel.seq - std::min(last, channel.seq));
    from = R"(,"from":)" + std::to_string(subscription.sent);
  }
  say(id, R"({"op":"subscribed","id":)" + std::to_string(head.number("id")) + R"(,"epoch":)" + inQuotes(channel.epoch) +
              R"(,"seq":)" + std::to_string(channel.seq) + R"(,"recovered":)" + (recovered ? "true" : "false") + from +
              "}");
  Connection& connection = connections_.find(id)->second;
  Subscription& kept = connection.subscriptions[name] = subscription;
  offer(id, connection, name, kept, channel);
}

void ModelServer::publish(std::uint64_t id, const Head& head, std::string body) {
  const std::uint64_t number = head.number("id");
  Memory& memory = memories_[connections_.find(id)->second.key];
  if (number == 0) {
    notePublished(body);
    (void)append(head.text("channel"), std::move(body));
    return;
  }
  auto known = memory.answers.find(number);
  if (known == memory.answers.end()) {
    known = remember(memory, number);
    if (!std::exchange(refuses_, false)) {
      notePublished(body);
      known->second = append(head.text("channel"), std::move(body));
    }
  }
  const std::uint64_t seq = known->second;
  if (memory.count == 0) {
    memory.answers.clear();
  }
  if (seq == 0) {
    fail(id, head, "rate-limited", true);
  } else {
    acknowledge(id, number, seq);
  }
}

void ModelServer::acknowledge(std::uint64_t id, std::uint64_t number, std::uint64_t seq) {
  std::string ack = R"({"op":"ack","id":)" + std::to_string(number) + R"(,"seq":)" + std::to_string(seq) + "}";
  std::vector<std::string>& held = connections_.find(id)->second.heldAcks;
  if (!healed_ && dice_.chance(plan_.holds)) {
    held.push_back(std::move(ack));
    return;
  }
  say(id, std::move(ack));
  if (!held.empty() && dice_.chance(30)) {
    say(id, std::move(held.back()));
    held.pop_back();
  }
}

void ModelServer::heal() {
  refuses_ = omits_ = loses_ = tokenExpired_ = false;
  healed_ = true;
  for (auto& [id, connection] : connections_) {
    for (std::string& ack : std::exchange(connection.heldAcks, {})) {
      say(id, std::move(ack));
    }
  }
}

void ModelServer::notePublished(const std::string& body) {
  if (++published_[body] == 1) {
    order_.push_back(body);
  }
}

std::map<std::uint64_t, std::uint64_t>::iterator ModelServer::remember(Memory& memory, std::uint64_t number) {
  memory.ids.push_back(number);
  forgetOldest(memory);
  return memory.answers.emplace(number, 0).first;
}

void ModelServer::forgetOldest(Memory& memory) {
  while (memory.ids.size() > memory.count) {
    memory.answers.erase(memory.ids.front());
    memory.ids.pop_front();
  }
}

bool ModelServer::keeps(const std::string& name, std::uint64_t seq) {
  const std::deque<Event>& kept = at(name).kept;
  return std::any_of(kept.begin(), kept.end(), [seq](const Event& event) { return event.seq == seq; });
}

void ModelServer::append(const std::string& channel) {
  (void)append(channel, "e" + std::to_string(++events_));
}

std::uint64_t ModelServer::append(const std::string& name, std::string body) {
  Channel& channel = at(name);
  ++channel.seq;
  everything_[keyOf(name, channel.epoch, channel.seq)] = body;
  if (std::exchange(loses_, false)) {
    ++lost_;
    return channel.seq;
  }
  channel.kept.push_back({channel.seq, std::move(body)});
  if (channel.kept.size() > plan_.history) {
    channel.evicted = channel.kept.front().seq;
    channel.kept.pop_front();
  }
  const bool omits = std::exchange(omits_, false);
  for (auto& [id, connection] : connections_) {
    const auto found = connection.subscriptions.find(name);
    if (found == connection.subscriptions.end()) {
      continue;
    }
    if (omits) {
      found->second.sent = channel.seq;
    } else {
      offer(id, connection, name, found->second, channel);
    }
  }
  return channel.seq;
}

/// Sends what the subscriber has not, of a latest-only channel the newest.
void ModelServer::offer(std::uint64_t id, Connection& connection, const std::string& name, Subscription& subscription,
                        const Channel& channel) {
  subscription.behind = subscription.conflate && connection.slow && subscription.sent < channel.seq;
  if (subscription.behind) {
    return;
  }
  for (const Event& event : channel.kept) {
    if (event.seq <= subscription.sent || (subscription.conflate && event.seq < channel.seq)) {
      continue;
    }
    const std::uint64_t skipped = subscription.conflate ? event.seq - subscription.sent - 1 : 0;
    subscription.sent = event.seq;
    const int times = dice_.chance(2) ? 2 : 1;  // A client drops what it has.
    for (int time = 0; time < times; ++time) {
      say(id,
          R"({"op":"event","channel":)" + inQuotes(name) + R"(,"seq":)" + std::to_string(event.seq) +
              (skipped > 0 ? R"(,"skipped":)" + std::to_string(skipped) : std::string()) + "}",
          event.body);
    }
  }
}

void ModelServer::setSlow(std::uint64_t id, bool slow) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) {
    return;
  }
  found->second.slow = slow;
  for (auto& [name, subscription] : found->second.subscriptions) {
    if (!slow && subscription.behind) {
      offer(id, found->second, name, subscription, at(name));
    }
  }
}

void ModelServer::restart() {
  while (!connections_.empty()) {
    drop(connections_.begin()->first, 1001);
  }
  if (!plan_.forgetsNothing) {
    channels_.clear();
    memories_.clear();
  }
}

void ModelServer::goAway() {
  for (const auto& [id, connection] : connections_) {
    say(id, R"({"op":"goaway","after":10,"spread":100})");
  }
}

void ModelServer::lost(std::uint64_t connection) {
  const auto found = connections_.find(connection);
  if (found != connections_.end()) {
    memories_[found->second.key].lostAt = now_;
    connections_.erase(found);
  }
}

void ModelServer::drop(std::uint64_t id, std::uint16_t code) {
  lost(id);
  close_(id, code);
}

void ModelServer::fail(std::uint64_t id, const Head& head, std::string_view code, bool temporary) {
  say(id, R"({"op":"error","id":)" + std::to_string(head.number("id")) + R"(,"code":)" + inQuotes(code) +
              (temporary ? R"(,"temporary":true})" : "}"));
}

void ModelServer::say(std::uint64_t id, std::string head, std::optional<std::string> body) {
  if (const auto found = connections_.find(id); found != connections_.end()) {
    ++found->second.waiting;
  }
  core::protocol::Framer framer(65'536);
  framer.add(head, body ? std::optional(core::asBytes(*body)) : std::nullopt);
  send_(id, std::move(framer.take().front()));
}

ModelServer::Channel& ModelServer::at(const std::string& name) {
  const auto [found, isNew] = channels_.try_emplace(name);
  if (isNew) {
    found->second.epoch = "e" + std::to_string(++epochs_);
  }
  return found->second;
}

const std::string* ModelServer::body(const std::string& channel, const std::string& epoch, std::uint64_t seq) const {
  const auto found = everything_.find(keyOf(channel, epoch, seq));
  return found == everything_.end() ? nullptr : &found->second;
}

std::uint64_t ModelServer::published(const std::string& body) const {
  const auto found = published_.find(body);
  return found == published_.end() ? 0 : found->second;
}

std::uint64_t ModelServer::requested(const std::string& body) const {
  const auto found = requested_.find(body);
  return found == requested_.end() ? 0 : found->second;
}

}  // namespace tidewire::simulation
