#include "support/late_log.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace tidewire::server::test {

class LateEngine::LateLog final : public ChannelLog, private LogListener, public std::enable_shared_from_this<LateLog> {
 public:
  LateLog(std::string channel, std::shared_ptr<ChannelLog> log, LateLogPlan& plan)
      : log(std::move(log)), channel_(std::move(channel)), plan_(plan) {
    this->log->add(*this);
  }
  LateLog(const LateLog&) = delete;
  LateLog& operator=(const LateLog&) = delete;
  ~LateLog() override { log->remove(*this); }

  void append(const Draft& draft, AppendDone done) override {
    plan_.defer("calls " + channel_, [self = shared_from_this(), type = draft.type, body = std::string(draft.body),
                                      ts = draft.ts, done = std::move(done)] {
      self->answer(done, self->appendNow({.type = type, .body = body, .ts = ts}));
    });
  }

  void read(const Query& query, ReadDone done) override {
    plan_.defer("calls " + channel_, [self = shared_from_this(), query, done = std::move(done)] {
      self->answer(done, self->readNow(query));
    });
  }

  void add(LogListener& listener) override { listeners_.push_back(&listener); }
  void remove(LogListener& listener) override { std::ranges::replace(listeners_, &listener, nullptr); }

  const std::shared_ptr<ChannelLog> log;

 private:
  AppendResult appendNow(const Draft& draft) {
    const Fate fate = plan_.fateOfAppend();
    AppendResult result = LogFailure::Unavailable;
    if (fate == Fate::Done || fate == Fate::DoneUnknown) {
      log->append(draft, [&result](const AppendResult& appended) { result = appended; });
      plan_.appended(channel_, pageOf(*log), draft.body);
    }
    return fate == Fate::DoneUnknown || fate == Fate::NotDoneUnknown ? LogFailure::Unknown : result;
  }

  ReadResult readNow(const Query& query) {
    if (plan_.fateOfRead() != Fate::Done) {
      return LogFailure::Unavailable;
    }
    Page page = pageOf(*log, query);
    const std::string epoch = page.epoch;
    const auto isHidden = [&](const EventPointer& event) { return plan_.hides(channel_, epoch, event->seq()); };
    if (std::ranges::none_of(page.events, isHidden)) {
      return page;
    }
    if (!query.after) {  // The newest of those that it still has.
      page.events = pageOf(*log, {.newest = SIZE_MAX, .maxBytes = SIZE_MAX}).events;
    }
    std::erase_if(page.events, isHidden);
    const std::size_t wanted = query.after ? page.events.size() : query.newest;
    page.events.erase(page.events.begin(), page.events.end() - std::min(wanted, page.events.size()));
    return page;
  }

  template <class Done, class Result>
  void answer(const Done& done, Result result) {
    if (done) {
      plan_.defer("answers " + channel_, [done, result = std::move(result)] { done(result); });
    }
  }

  void appended(const EventPointer& event, std::uint64_t oldest) override {
    plan_.defer("news " + channel_, [weak = weak_from_this(), event, oldest] {
      if (const auto self = weak.lock()) {
        self->announce(event, oldest);
      }
    });
  }

  void announce(const EventPointer& event, std::uint64_t oldest) {
    if (plan_.hides(channel_, pageOf(*log).epoch, event->seq())) {
      return;
    }
    const std::size_t count = listeners_.size();
    for (std::size_t i = 0; i < count; ++i) {
      if (listeners_[i] != nullptr) {
        listeners_[i]->appended(event, oldest);
      }
    }
    std::erase(listeners_, nullptr);
  }

  std::string channel_;
  LateLogPlan& plan_;
  std::vector<LogListener*> listeners_;  // Null where one has gone.
};

std::shared_ptr<ChannelLog> LateEngine::open(const std::string& channel, const std::string& maker) {
  std::shared_ptr<ChannelLog> log = engine_.open(channel, maker);
  if (!log) {
    return nullptr;
  }
  std::weak_ptr<LateLog>& place = logs_[channel];
  std::shared_ptr<LateLog> late = place.lock();
  if (!late || late->log != log) {
    late = std::make_shared<LateLog>(channel, std::move(log), plan_);
    place = late;
  }
  return late;
}

Page pageOf(ChannelLog& log, const Query& query) {
  Page page;
  log.read(query, [&page](const ReadResult& result) { page = std::get<Page>(result); });
  return page;
}

}  // namespace tidewire::server::test
