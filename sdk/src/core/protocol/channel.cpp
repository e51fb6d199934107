#include "core/protocol/channel.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <variant>

#include "core/made_by.hpp"

namespace tidewire::core::protocol {
namespace {

std::optional<std::chrono::milliseconds> timeOf(const EventHead& head) {
  return head.ts ? std::optional(std::chrono::milliseconds(*head.ts)) : std::nullopt;
}

/// Made where it is queued: moving each event there was a tenth of its cost.
void pushEvent(ActionQueue& actions, std::string_view channel, std::span<const SubscriberId> to, const EventHead& head,
               std::uint64_t skipped, const ServerMessage& message) {
  const auto make = [&]() -> EventArrived {
    return {.event = {.channel = channel, .seq = head.seq, .time = timeOf(head), .skipped = skipped},
            .to = to,
            .type = head.type,
            .body = message.body};
  };
  actions.emplace_back(std::in_place_type<EventArrived>, MadeBy(make));
}

/// By the number, then by id. Heapsort, since there may be thousands, and it is the shortest in code.
void sort(std::vector<std::pair<std::uint64_t, SubscriberId>>& groups) {
  std::make_heap(groups.begin(), groups.end());
  std::sort_heap(groups.begin(), groups.end());
}

bool areEqual(const std::optional<Position>& left, const std::optional<Position>& right) {
  return left.has_value() == right.has_value() && (!left || (left->epoch == right->epoch && left->seq == right->seq));
}

}  // namespace

bool Channel::join(SubscriberId id, const std::optional<Position>& since, Joining how, ActionQueue& actions) {
  subscribers_.push_back(id);
  if (since) {
    return reachBack(id, *since, how, actions);
  }
  joinFront(id);
  return false;
}

bool Channel::leave(SubscriberId id) {
  const auto at = std::lower_bound(subscribers_.begin(), subscribers_.end(), id);
  if (at == subscribers_.end() || *at != id) {
    return false;
  }
  subscribers_.erase(at);
  std::erase_if(apart_, [id](const Apart& apart) { return apart.id == id; });
  return true;
}

Position Channel::positionOf(SubscriberId id) const {
  const Apart* const apart = findApart(id);
  return apart == nullptr ? *progress_.position() : *apart->at;
}

bool Channel::answered(const Subscribed& head, ActionQueue& actions) {
  const std::optional<Position> before = progress_.position();
  const std::optional<Loss> loss = progress_.subscribed(head);
  if (loss) {
    if (std::optional<Start> start = startOfOthers(*before, head)) {
      progress_.moveTo(before);
      moveTo(std::move(start->position));
      return false;
    }
  }
  place(before, head, loss, actions);
  return true;
}

bool Channel::arrived(const EventHead& head, const ServerMessage& message, ActionQueue& actions) {
  const std::uint64_t before = progress_.position() ? progress_.position()->seq : 0;
  switch (progress_.event(head.seq, head.skipped)) {
    case ChannelProgress::Verdict::Lost:
      progress_.passOver(head.seq);
      passOver(before, head.seq - 1, actions);
      handOut(head.seq - 1, head, message, actions);
      break;
    case ChannelProgress::Verdict::Deliver:
      handOut(before, head, message, actions);
      break;
    case ChannelProgress::Verdict::Drop:
      break;
    case ChannelProgress::Verdict::Hole:
      return false;
  }
  return true;
}

// Subscribers that stand apart.

const Channel::Apart* Channel::findApart(SubscriberId id) const noexcept {
  const auto at = std::lower_bound(apart_.begin(), apart_.end(), id,
                                   [](const Apart& apart, SubscriberId wanted) { return apart.id < wanted; });
  return at == apart_.end() || at->id != id ? nullptr : &*at;
}

/// Puts a new subscriber beside the one that has most: it wants what comes from now on.
void Channel::joinFront(SubscriberId id) {
  std::optional<Position> front = progress_.position();
  for (const Apart& other : apart_) {
    if (front && other.at && other.at->epoch == front->epoch && other.at->seq > front->seq) {
      front = other.at;
    }
  }
  if (front && front->seq > progress_.position()->seq) {
    apart_.push_back({id, std::move(front)});
  }
}

/// Returns whether the channel has to be subscribed to anew, from further back.
bool Channel::reachBack(SubscriberId id, const Position& since, Joining how, ActionQueue& actions) {
  const std::optional<Position>& position = progress_.position();
  const bool known = position && since.epoch == position->epoch;
  if (known && since.seq == position->seq) {
    return false;
  }
  if (position && !known && how.isAnswered && !how.isAnew) {
    actions.push_back(GapFound{{id}, Loss{}});
    joinFront(id);
    return false;
  }
  apart_.push_back({id, since});
  if (!position || (known && since.seq < position->seq)) {
    moveTo(since);
  }
  return true;  // Where it is ahead, the next answer shows whether the server has been there.
}

/// The subscribers stay where they are. The next subscription begins behind `position`.
void Channel::moveTo(std::optional<Position> position) {
  std::vector<Apart> all;
  all.reserve(subscribers_.size());
  auto next = apart_.begin();
  for (const SubscriberId id : subscribers_) {
    const bool isApart = next != apart_.end() && next->id == id;
    Apart stands = isApart ? std::move(*next++) : Apart{id, progress_.position()};
    if (!areEqual(stands.at, position)) {
      all.push_back(std::move(stands));
    }
  }
  apart_ = std::move(all);
  progress_.moveTo(std::move(position));
}

/// Returns from where the others may go on if one subscriber asked for what is gone, so that only that one misses it.
/// Nothing: they stand there too, or where the server does. `before`: the position that was asked for.
std::optional<Channel::Start> Channel::startOfOthers(const Position& before, const Subscribed& head) const {
  std::optional<Position> nearest;
  bool newcomer = false;
  bool known = before.epoch == head.epoch && before.seq > head.seq;
  for (const auto& [id, at] : apart_) {
    newcomer = newcomer || !at;
    const bool isKnown = at && at->epoch == head.epoch;
    known = known || isKnown;
    const bool ahead = isKnown && at->seq < head.seq && (before.epoch != head.epoch || at->seq > before.seq);
    if (ahead && (!nearest || at->seq < nearest->seq)) {
      nearest = at;
    }
  }
  if (nearest) {
    return Start{nearest};
  }
  // The newest events might begin behind where a subscriber stands.
  return newcomer && replay_ > 0 && !known ? std::optional(Start{}) : std::nullopt;
}

/// Reports to each subscriber what it will never get, and where it stands now that the server has answered.
void Channel::place(const std::optional<Position>& before, const Subscribed& head, const std::optional<Loss>& loss,
                    ActionQueue& actions) {
  const Position& position = *progress_.position();
  std::vector<SubscriberId> together;
  for (const SubscriberId id : subscribers_) {
    if (findApart(id) == nullptr) {
      together.push_back(id);
    }
  }
  if (!together.empty()) {
    if (loss) {
      actions.push_back(GapFound{together, *loss});
    }
    actions.push_back(SubscriptionAnswered{std::move(together), position});
  }
  for (Apart& apart : apart_) {
    placeApart(apart, before, head, actions);
  }
  std::erase_if(apart_, [&position](const Apart& apart) { return apart.at->seq == position.seq; });
}

void Channel::placeApart(Apart& apart, const std::optional<Position>& before, const Subscribed& head,
                         ActionQueue& actions) {
  const Position& position = *progress_.position();
  auto& [id, at] = apart;
  if (!at) {
    // It wanted the newest, if any; the others had the channel begin before them.
    const std::uint64_t newest = head.seq - std::min(replay_, head.seq);
    at = Position{head.epoch, before ? std::max(position.seq, newest) : position.seq};
  } else if (at->epoch != head.epoch || at->seq > head.seq) {
    at = Position{head.epoch, std::max(position.seq, head.seq)};
    actions.push_back(GapFound{{id}, Loss{}});
  } else if (at->seq < position.seq) {
    actions.push_back(GapFound{{id}, Loss{Loss::Range{at->seq + 1, position.seq}}});
    at->seq = position.seq;
  }
  actions.push_back(SubscriptionAnswered{{id}, *at});
}

// Events.

/// `before`: where the channel stood.
std::uint64_t Channel::seqOf(SubscriberId id, std::uint64_t before) const noexcept {
  const Apart* const apart = findApart(id);
  return apart == nullptr ? before : apart->at->seq;
}

/// The events behind `before`, up to `last`, are lost to those who do not have them.
void Channel::passOver(std::uint64_t before, std::uint64_t last, ActionQueue& actions) {
  Groups bySeq;
  for (const SubscriberId id : subscribers_) {
    if (const std::uint64_t seq = seqOf(id, before); seq < last) {
      bySeq.emplace_back(seq, id);
    }
  }
  sort(bySeq);
  for (std::size_t at = 0; at < bySeq.size();) {
    const std::uint64_t seq = bySeq[at].first;
    std::vector<SubscriberId> to;
    for (; at < bySeq.size() && bySeq[at].first == seq; ++at) {
      to.push_back(bySeq[at].second);
    }
    actions.push_back(GapFound{std::move(to), Loss{Loss::Range{seq + 1, last}}});
  }
  std::erase_if(apart_, [last](const Apart& apart) { return apart.at->seq <= last; });
}

/// `before`: where the channel stood.
void Channel::handOut(std::uint64_t before, const EventHead& head, const ServerMessage& message, ActionQueue& actions) {
  if (apart_.empty()) {
    pushEvent(actions, name_, subscribers_, head, head.seq - before - 1, message);
    return;
  }
  Groups bySkipped;
  for (const SubscriberId id : subscribers_) {
    const std::uint64_t stands = seqOf(id, before);
    if (stands < head.seq) {
      bySkipped.emplace_back(head.seq - stands - 1, id);
    }
  }
  sort(bySkipped);
  recipients_.clear();
  recipients_.reserve(bySkipped.size());  // So that what a span sees stays where it is.
  for (std::size_t at = 0; at < bySkipped.size();) {
    const std::size_t begin = at;
    const std::uint64_t skipped = bySkipped[begin].first;
    for (; at < bySkipped.size() && bySkipped[at].first == skipped; ++at) {
      recipients_.push_back(bySkipped[at].second);
    }
    pushEvent(actions, name_, std::span(recipients_).subspan(begin), head, skipped, message);
  }
  std::erase_if(apart_, [&head](const Apart& apart) { return apart.at->seq <= head.seq; });
}

}  // namespace tidewire::core::protocol
