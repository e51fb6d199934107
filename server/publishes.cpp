#include "server/publishes.hpp"

#include <algorithm>

namespace tidewire::server {

std::optional<std::uint64_t> Publishes::find(std::uint64_t id) const {
  if (id > highestId_) {  // As a rule: ids rise.
    return std::nullopt;
  }
  const auto found = std::ranges::find(answers_, id, &std::pair<std::uint64_t, std::uint64_t>::first);
  return found != answers_.end() ? std::optional(found->second) : std::nullopt;
}

bool Publishes::isWaiting(std::uint64_t id) const {
  return std::ranges::any_of(waiting_, [id](const Waiting& each) { return each.publish.id == id; });
}

void Publishes::expectAnswer(std::uint64_t id) {
  for (Waiting& each : waiting_) {
    each.publish.answersDue += each.publish.id == id ? 1 : 0;
  }
}

bool Publishes::keepsOrder(std::string_view channel) const {
  return waiting_.empty() || waiting_.back().publish.channel == channel;
}

std::uint64_t Publishes::begin(std::optional<std::uint64_t> id, const std::string& channel) {
  waiting_.push_back({++tickets_, {.id = id, .channel = channel, .answersDue = id ? 1U : 0U}});
  return tickets_;
}

Publishes::Settled Publishes::settle(std::uint64_t ticket) {
  const auto found = std::ranges::find(waiting_, ticket, &Waiting::ticket);
  Settled settled = std::move(found->publish);
  waiting_.erase(found);
  return settled;
}

void Publishes::expectNoAnswers() {
  for (Waiting& each : waiting_) {
    each.publish.answersDue = 0;
  }
}

void Publishes::limit(std::size_t maxAnswers) {
  maxAnswers_ = maxAnswers;
  while (answers_.size() > maxAnswers_) {
    answers_.pop_front();
  }
}

void Publishes::remember(std::uint64_t id, std::uint64_t seq) {
  highestId_ = std::max(highestId_, id);
  answers_.emplace_back(id, seq);
  limit(maxAnswers_);
}

}  // namespace tidewire::server
