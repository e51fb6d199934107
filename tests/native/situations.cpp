// Programs in situations that a test cannot bring about in its own process. `situations NAME` runs one; it prints what
// is wrong, and its exit code is 1 if anything is.

#include <dlfcn.h>
#include <fcntl.h>
#include <libwebsockets.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <clocale>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/names.hpp"
#include "support/ticker_server.hpp"
#include "tidewire/tidewire.hpp"

namespace {

std::atomic<bool> noThreads = false;
std::atomic<bool> noRandomness = false;

}  // namespace

// What the system gives, as the situation has it.

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*function)(void*),
                              void* argument) {
  static const auto system = reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
  return noThreads ? EAGAIN : system(thread, attributes, function, argument);
}

extern "C" ssize_t getrandom(void* buffer, size_t length, unsigned flags) {
  static const auto system = reinterpret_cast<decltype(&getrandom)>(dlsym(RTLD_NEXT, "getrandom"));
  if (noRandomness) {
    errno = ENOSYS;
    return -1;
  }
  return system(buffer, length, flags);
}

namespace {

using namespace std::chrono_literals;
using tidewire::Client;
using tidewire::CloseCause;
using tidewire::ConnectResult;
using tidewire::SendResult;
using tidewire::Session;
using tidewire::WaitResult;

constexpr auto kPatience = 30s;

int failures = 0;

void check(bool holds, const std::string& what) {
  if (!holds) {
    ++failures;
    std::printf("wrong: %s\n", what.c_str());
    std::fflush(stdout);
  }
}

/// What a client was told, in which it can be waited. It may go before the client.
class Told {
 public:
  explicit Told(Client& client) {
    client.onMessage([log = log_](const tidewire::Message& message) { log->add(std::string(message.text())); });
    client.onClose([log = log_](const tidewire::CloseInfo& info) {
      log->add(std::string(nameOf(info.cause)) + (info.willRetry ? " retried: " : " final: ") + info.detail);
    });
  }

  /// Waits for one more that begins like this and contains that.
  void await(const std::string& start, const std::string& part = {}) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    std::string last = "nothing";
    std::unique_lock lock(log_->mutex);
    for (;;) {
      for (; seen_ < log_->told.size(); ++seen_) {
        last = log_->told[seen_];
        if (last.starts_with(start) && last.find(part) != std::string::npos) {
          ++seen_;
          return;
        }
      }
      if (log_->more.wait_until(lock, deadline) == std::cv_status::timeout) {
        return check(false, "waited for \"" + start + " ... " + part + "\", last was \"" + last + "\"");
      }
    }
  }

 private:
  struct Log {
    std::mutex mutex;
    std::condition_variable more;
    std::vector<std::string> told;

    void add(std::string what) {
      const std::lock_guard lock(mutex);
      told.push_back(std::move(what));
      more.notify_all();
    }
  };

  const std::shared_ptr<Log> log_ = std::make_shared<Log>();
  std::size_t seen_ = 0;
};

tidewire::Options quick(const std::string& url) {
  return {.url = url, .reconnect = {.firstDelay = 20ms, .maxDelay = 20ms}};
}

void checkEcho(Client& client, Told& told, const std::string& text) {
  check(client.send(text) == SendResult::Queued, "a message is queued");
  told.await(text);
}

// Signals.

/// SIGSEGV in a callback reaches the application's handler, as a crash reporter has it.
void faultInCallback() {
  support::TickerServer server;
  struct sigaction action {};
  action.sa_handler = [](int) { _exit(EXIT_SUCCESS); };
  sigaction(SIGSEGV, &action, nullptr);
  Client client({.url = server.url("/echo")});
  auto* const forbidden = static_cast<volatile char*>(mmap(nullptr, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  client.onOpen([forbidden](const tidewire::Opened&) { *forbidden = 1; });
  client.connect();
  (void)client.waitOpen(kPatience);
  check(false, "the handler ran");
}

/// On the thread of the callbacks signals that an instruction raises are open, and all others blocked.
void maskOfCallbacks() {
  support::TickerServer server;
  sigset_t mask;
  sigemptyset(&mask);
  Client client({.url = server.url("/echo")});
  client.onOpen([&mask](const tidewire::Opened&) { pthread_sigmask(SIG_SETMASK, nullptr, &mask); });
  client.connect();
  check(client.waitOpen(kPatience) == WaitResult::Reached, "the client opens");
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT}) {
    check(sigismember(&mask, fault) == 0, strsignal(fault));
  }
  for (const int other : {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGUSR1, SIGPIPE, SIGALRM, SIGRTMIN}) {
    check(sigismember(&mask, other) == 1, strsignal(other));
  }
}

// What is lacking, and comes back.

/// Takes every descriptor that the process may have.
class NoDescriptors {
 public:
  NoDescriptors() {
    for (int taken = open("/dev/null", O_RDONLY | O_CLOEXEC); taken >= 0; taken = open("/dev/null", O_RDONLY)) {
      taken_.push_back(taken);
    }
  }
  ~NoDescriptors() {
    for (const int taken : taken_) {
      close(taken);
    }
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  std::vector<int> taken_;
};

/// Without descriptors attempts end and are retried, before there is an event loop and after; with them they open.
void noDescriptors() {
  support::TickerServer server;
  const rlimit few{64, 64};
  setrlimit(RLIMIT_NOFILE, &few);
  auto lack = std::make_unique<NoDescriptors>();
  check(tidewire::Loop::make() == nullptr, "there is no loop for the application to turn");
  Client client(quick(server.url("/echo")));
  Told told(client);
  client.connect();
  told.await("ConnectFailed retried", "descriptors");
  told.await("ConnectFailed retried", "descriptors");
  lack.reset();
  check(client.waitOpen(kPatience) == WaitResult::Reached, "the client opens once descriptors are free");
  checkEcho(client, told, "first");
  check(tidewire::Loop::make() != nullptr, "there is a loop for the application to turn");

  lack = std::make_unique<NoDescriptors>();
  Client late(quick(server.url("/echo")));
  Told toldLate(late);
  late.connect();
  toldLate.await("ConnectFailed retried");
  checkEcho(client, told, "the open one goes on");
  lack.reset();
  check(late.waitOpen(kPatience) == WaitResult::Reached, "a later client opens once descriptors are free");
}

/// Without descriptors for the look-up of a name, which the system's resolver opens files and sockets for.
void noDescriptorsForNames() {
  support::TickerServer server;
  Client first(quick(server.url("/echo")));
  first.connect();
  check(first.waitOpen(kPatience) == WaitResult::Reached, "a client opens");
  rlimit few{64, 64};
  setrlimit(RLIMIT_NOFILE, &few);
  const NoDescriptors lack;
  Client client(quick("ws://tidewire.invalid/"));
  Told told(client);
  client.connect();
  told.await("ConnectFailed retried", "tidewire.invalid");
}

/// Without threads `connect` says so, and what was called meanwhile is done once there are some.
void noThread() {
  support::TickerServer server;
  noThreads = true;
  {
    Client gone(quick(server.url("/echo")));
    check(gone.connect() == ConnectResult::Unavailable, "connect: Unavailable");
    check(gone.close() == tidewire::CloseResult::AlreadyClosed, "close: AlreadyClosed");
  }
  Client client(quick(server.url("/echo")));
  Told told(client);
  check(client.connect() == ConnectResult::Unavailable, "connect: Unavailable");
  check(client.connectFault().find("thread") != std::string::npos, "connectFault names the thread");
  check(client.state() == tidewire::State::Idle, "nothing began");
  check(client.send("kept") == SendResult::Queued, "a message waits");
  Session session({.url = server.url("/stream")});
  check(session.connect() == ConnectResult::Unavailable, "a session: Unavailable");
  noThreads = false;
  check(client.connect() == ConnectResult::Started, "connect: Started once there are threads");
  check(session.connect() == ConnectResult::Started, "a session: Started");
  told.await("kept");
  check(session.waitOpen(kPatience) == WaitResult::Reached, "the session opens");
}

/// Without a thread to look a name up an attempt ends and is retried; with one it opens.
void noThreadForNames() {
  support::TickerServer server({"--allow-host", "alive.scripted"});
  support::Names names;
  names.answer("alive.scripted", "127.0.0.1");
  Client client(quick("ws://alive.scripted:" + std::to_string(server.port()) + "/echo"));
  Told told(client);
  check(client.connectFault().empty(), "there is a thread for clients");
  noThreads = true;
  client.connect();
  told.await("ConnectFailed retried", "thread");
  noThreads = false;
  check(client.waitOpen(kPatience) == WaitResult::Reached, "the client opens");
}

/// Without randomness nothing is queued or sent, and attempts end and are retried; with it they open.
void noRandomNumbers() {
  support::TickerServer server;
  noRandomness = true;
  Client client(quick(server.url("/echo")));
  Told told(client);
  check(client.send("predictable") == SendResult::Unavailable, "send: Unavailable");
  client.connect();
  told.await("ConnectFailed retried", "random");
  Session session({.url = server.url("/stream"), .reconnect = {.firstDelay = 20ms, .maxDelay = 20ms}});
  session.connect();
  check(session.waitOpen(200ms) == WaitResult::TimedOut, "a session does not open");
  noRandomness = false;
  check(client.waitOpen(kPatience) == WaitResult::Reached, "the client opens");
  checkEcho(client, told, "unpredictable");
  check(session.waitOpen(kPatience) == WaitResult::Reached, "the session opens");
}

/// OpenSSL's generator fails: what does not need OpenSSL goes on, with randomness of the system's.
void noRandomNumbersOfOpenssl() {
  support::TickerServer server;
  static const RAND_METHOD failing{.seed = nullptr,
                                   .bytes = [](unsigned char*, int) { return 0; },
                                   .cleanup = nullptr,
                                   .add = nullptr,
                                   .pseudorand = [](unsigned char*, int) { return 0; },
                                   .status = [] { return 0; }};
  RAND_set_rand_method(&failing);
  Client client(quick(server.url("/echo")));
  Told told(client);
  client.connect();
  checkEcho(client, told, "masked");
  Session session({.url = server.url("/stream")});
  session.connect();
  check(session.waitOpen(kPatience) == WaitResult::Reached, "a session opens");
}

// After main.

/// Calls everything that a client, a session or a loop has.
void callAll(Client& client) {
  check(client.send("bye") == SendResult::Closed, "send after main: Closed");
  (void)client.sendBinary(std::as_bytes(std::span("bye")));
  check(client.state() == tidewire::State::Closed, "state after main: Closed");
  check(client.connect() == ConnectResult::Unavailable, "connect after main: Unavailable");
  (void)client.connectFault();
  (void)client.bufferedAmount();
  client.reconnect();
  client.heartbeat();
  client.pause();
  client.resume();
  (void)client.waitOpen(1ms);
  (void)client.waitClosed(1ms);
  (void)client.stats();
  (void)client.flightRecord();
  (void)client.poll();
  client.onMessage([](const tidewire::Message&) {});
  client.onClose(nullptr);
  client.close();
  Client moved(std::move(client));
  client = std::move(moved);
}

void callAll(Session& session, tidewire::Subscription& subscription, tidewire::Request& request) {
  check(session.connect() == ConnectResult::Unavailable, "connect of a session after main: Unavailable");
  (void)session.connectFault();
  (void)session.publish("chat/lobby", "bye", {.ack = true}, [](const tidewire::Ack&) {});
  (void)session.request("quote", "{}", {}, [](const tidewire::Reply&) {});
  const auto late = session.subscribe("ticker/ACME", {}, {});
  (void)session.authenticate("token");
  session.reconnect();
  session.heartbeat();
  (void)session.waitOpen(1ms);
  (void)session.waitClosed(1ms);
  (void)session.state();
  (void)session.stats();
  (void)session.flightRecord();
  (void)session.serverTime();
  (void)session.poll();
  session.onOpen(nullptr);
  (void)subscription.channel();
  (void)subscription.isLive();
  (void)subscription.position();
  (void)subscription.age();
  subscription.unsubscribe();
  request.cancel();
  session.close();
}

/// Made before the first client, and so destroyed after everything that Tidewire has done at the end.
struct Farewell {
  std::optional<Client> client;
  std::optional<Client> secured;
  std::optional<Client> turned;
  std::optional<Client> never;
  std::optional<Session> session;
  tidewire::Subscription subscription;
  tidewire::Request request;
  std::shared_ptr<tidewire::Loop> loop;
  std::optional<tidewire::EndpointRequest> probe;

  ~Farewell() {
    if (!client) {
      return;
    }
    loop->wake();
    loop->turn();
    loop->turn(1ms);
    callAll(*client);
    callAll(*secured);
    callAll(*turned);
    callAll(*session, subscription, request);
    probe->answer({.url = "ws://127.0.0.1:1/"});
    probe.reset();
    check(never->connect() == ConnectResult::Unavailable, "connect after main: Unavailable");
    (void)never->send("bye");
    never->close();
    Client late({.url = "ws://127.0.0.1:1/"});
    check(late.connect() == ConnectResult::Unavailable, "connect of a client made after main: Unavailable");
    (void)late.send("bye");
    check(tidewire::Loop::make() == nullptr, "no loop after main");
    Session lateSession({.url = "ws://127.0.0.1:1/"});
    lateSession.connect();
    loop->turn();
    loop.reset();
    turned.reset();
    if (failures > 0) {
      _exit(EXIT_FAILURE);
    }
  }
};
Farewell farewell;

void callsAfterMain() {
  support::TickerServer server;
  farewell.loop = tidewire::Loop::make();
  farewell.client.emplace(quick(server.url("/echo")));
  farewell.secured.emplace(quick("wss://127.0.0.1:1/"));
  tidewire::Options own = quick(server.url("/echo"));
  own.loop = farewell.loop;
  farewell.turned.emplace(std::move(own));
  farewell.never.emplace(quick(server.url("/echo")));
  farewell.session.emplace(tidewire::Options{.url = server.url("/stream")});
  farewell.subscription = farewell.session->subscribe("ticker/ACME", {}, {});
  farewell.request = farewell.session->request("quote", "{}", {}, [](const tidewire::Reply&) {});
  Client asking({.endpoint = [](const tidewire::EndpointRequest& request) { farewell.probe = request; }});
  Told told(*farewell.secured);
  asking.connect();
  farewell.client->connect();
  farewell.secured->connect();
  farewell.turned->connect();
  farewell.session->connect();
  check(farewell.client->waitOpen(kPatience) == WaitResult::Reached, "the client opens");
  check(farewell.session->waitOpen(kPatience) == WaitResult::Reached, "the session opens");
  told.await("ConnectFailed");
  farewell.secured->onMessage(nullptr);
  farewell.secured->onClose(nullptr);
  while (farewell.turned->state() != tidewire::State::Open) {
    farewell.loop->turn(10ms);
  }
  OPENSSL_init_ssl(0, nullptr);  // It cleans up before `farewell` goes.
}

/// exit() in a callback.
void exitInCallback() {
  support::TickerServer server;
  static std::optional<Client> client;
  client.emplace(quick(server.url("/echo")));
  client->onOpen([](const tidewire::Opened&) { std::exit(EXIT_SUCCESS); });
  client->connect();
  ::alarm(kPatience.count());  // Its signal is a failure.
  ::pause();
}

// What the process has.

int logLines = 0;

/// An application's log level and function of libwebsockets stay, whichever is set first.
void foreignLog() {
  lws_set_log_level(LLL_ERR | LLL_WARN, [](int, const char*) { ++logLines; });
  lwsl_warn("before the client\n");
  { Client client({.url = "ws://127.0.0.1:1/"}); }
  lwsl_warn("after the client\n");
  check(logLines == 2, "two lines, before and after the client, and not " + std::to_string(logLines));
  lws_set_log_level(LLL_ERR | LLL_WARN | LLL_NOTICE, [](int, const char*) { ++logLines; });
  { const auto loop = tidewire::Loop::make(); }
  logLines = 0;
  lwsl_notice("after the loop\n");
  lwsl_info("not to be seen\n");
  check(logLines == 1, "a line after the loop, at the level that was set after the client");
}

/// All that a process has to itself, as far as a library could change it.
struct Footprint {
  std::string environment;
  std::string locale = std::setlocale(LC_ALL, nullptr);
  std::string folder = std::filesystem::current_path();
  mode_t umask = ::umask(0);
  std::vector<rlim_t> limits;
  sigset_t mask{};
  int log = 0;

  Footprint() {
    ::umask(umask);
    for (char** each = environ; *each != nullptr; ++each) {
      environment += *each + std::string("\n");
    }
    for (int which = 0; which < RLIMIT_NLIMITS; ++which) {
      rlimit limit{};
      getrlimit(static_cast<__rlimit_resource>(which), &limit);
      limits.insert(limits.end(), {limit.rlim_cur, limit.rlim_max});
    }
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    for (int bit = 0; bit < LLL_COUNT; ++bit) {
      log |= (1 << bit) == LLL_NOTICE ? 0 : lwsl_visible(1 << bit);  // `docs/platforms.md` says why.
    }
  }
};

/// Whatever a process has is as before, a program it starts inherits no descriptor, and nothing is printed.
void footprint() {
  rlimit soft{};
  getrlimit(RLIMIT_NOFILE, &soft);
  soft.rlim_cur = 256;
  setrlimit(RLIMIT_NOFILE, &soft);
  support::TickerServer server;
  const auto inherited = [] {
    FILE* const list = popen("ls /proc/self/fd | wc -l", "r");
    int count = 0;
    check(std::fscanf(list, "%d", &count) == 1, "the descriptors of a child are listed");
    pclose(list);
    return count;
  };
  const int before = inherited();
  int ends[2];
  check(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0, "there is a pipe");
  const int error = dup(STDERR_FILENO);
  dup2(ends[1], STDERR_FILENO);
  const Footprint first;
  {
    Client client(quick(server.url("/echo")));
    Told told(client);
    Client refused(quick("wss://localhost:1/"));
    Told toldRefused(refused);
    const auto loop = tidewire::Loop::make();
    client.connect();
    refused.connect();
    checkEcho(client, told, "hello");
    toldRefused.await("ConnectFailed");
    close(error);
    check(inherited() == before, "a child inherits no descriptor");
    const Footprint second;
    check(second.environment == first.environment, "environment");
    check(second.locale == first.locale, "locale");
    check(second.folder == first.folder, "folder");
    check(second.umask == first.umask, "umask");
    check(second.limits == first.limits, "limits");
    check(std::memcmp(&second.mask, &first.mask, sizeof first.mask) == 0, "signal mask");
    check(second.log == first.log, "log level of libwebsockets");
  }
  char printed[1024];
  const ssize_t count = read(ends[0], printed, sizeof printed);
  check(count < 0, "nothing is printed: " + std::string(printed, count > 0 ? static_cast<std::size_t>(count) : 0));
}

/// Beyond what the process may have, an attempt ends with a text that names the limit.
void descriptorLimit() {
  support::TickerServer server;
  rlimit soft{};
  getrlimit(RLIMIT_NOFILE, &soft);
  soft.rlim_cur = 64;
  setrlimit(RLIMIT_NOFILE, &soft);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 64; ++i) {
    clients.push_back(std::make_unique<Client>(quick(server.url("/echo"))));
    if (i == 63) {
      Told told(*clients.back());
      clients.back()->connect();
      told.await("ConnectFailed retried", "RLIMIT_NOFILE");
      soft.rlim_cur = 256;
      setrlimit(RLIMIT_NOFILE, &soft);
      check(clients.back()->waitOpen(kPatience) == WaitResult::Reached, "it opens once the limit is raised");
      clients.back().reset();
    } else {
      clients.back()->connect();
      (void)clients.back()->waitOpen(i < 40 ? std::chrono::milliseconds(kPatience) : 20ms);
    }
  }
}

const std::map<std::string, void (*)()> kSituations{
    {"fault-in-callback", &faultInCallback},
    {"mask-of-callbacks", &maskOfCallbacks},
    {"no-descriptors", &noDescriptors},
    {"no-descriptors-for-names", &noDescriptorsForNames},
    {"no-thread", &noThread},
    {"no-thread-for-names", &noThreadForNames},
    {"no-random-numbers", &noRandomNumbers},
    {"no-random-numbers-of-openssl", &noRandomNumbersOfOpenssl},
    {"calls-after-main", &callsAfterMain},
    {"exit-in-callback", &exitInCallback},
    {"foreign-log", &foreignLog},
    {"footprint", &footprint},
    {"descriptor-limit", &descriptorLimit},
};

}  // namespace

int main(int argc, char** argv) {
  const auto situation = kSituations.find(argc > 1 ? argv[1] : "");
  if (situation == kSituations.end()) {
    std::puts("no such situation");
    return EXIT_FAILURE;
  }
  situation->second();
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
