#pragma once

#include <csignal>
#include <ctime>

// What the process does with signals is the application's to say. Each of these changes something for a while and puts
// it back.
namespace tidewire::native {

/// Keeps a signal away from the threads that are started meanwhile.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

/// libwebsockets sets SIGPIPE to be ignored; what the process does with it is not ours to change.
class SigpipeKept {
 public:
  SigpipeKept() { sigaction(SIGPIPE, nullptr, &before_); }
  ~SigpipeKept() { sigaction(SIGPIPE, &before_, nullptr); }
  SigpipeKept(const SigpipeKept&) = delete;
  SigpipeKept& operator=(const SigpipeKept&) = delete;

 private:
  struct sigaction before_ {};
};

/// Keeps SIGPIPE from a thread of the application's while OpenSSL, which writes without MSG_NOSIGNAL, may cause it.
class SigpipeHeldBack {
 public:
  SigpipeHeldBack() {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
    sigset_t pending;
    sigpending(&pending);
    wasPending_ = sigismember(&pending, SIGPIPE) == 1;
  }
  ~SigpipeHeldBack() {
    const timespec now{};
    while (!wasPending_ && sigtimedwait(&sigpipe_, nullptr, &now) == SIGPIPE) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SigpipeHeldBack(const SigpipeHeldBack&) = delete;
  SigpipeHeldBack& operator=(const SigpipeHeldBack&) = delete;

 private:
  sigset_t sigpipe_;
  sigset_t before_;
  bool wasPending_ = false;
};

}  // namespace tidewire::native
