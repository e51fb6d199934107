#pragma once

#include <csignal>

// Signal dispositions and masks belong to the application. Each class here changes one temporarily and restores it.
namespace tidewire::native {

/// Blocks signals sent to the process in threads that are started meanwhile. Signals raised by an instruction of the
/// thread itself stay unblocked: blocked, they would end the process before the application's handler, or a
/// sanitizer's, could report them.
class AsynchronousSignalsBlocked {
 public:
  AsynchronousSignalsBlocked() {
    sigset_t blocked;
    sigfillset(&blocked);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT}) {
      sigdelset(&blocked, fault);
    }
    pthread_sigmask(SIG_SETMASK, &blocked, &before_);
  }
  ~AsynchronousSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AsynchronousSignalsBlocked(const AsynchronousSignalsBlocked&) = delete;
  AsynchronousSignalsBlocked& operator=(const AsynchronousSignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

/// Restores the disposition of SIGPIPE, which libwebsockets sets to ignore.
class SigpipeKept {
 public:
  SigpipeKept() { sigaction(SIGPIPE, nullptr, &before_); }
  ~SigpipeKept() { sigaction(SIGPIPE, &before_, nullptr); }
  SigpipeKept(const SigpipeKept&) = delete;
  SigpipeKept& operator=(const SigpipeKept&) = delete;

 private:
  struct sigaction before_ {};
};

}  // namespace tidewire::native
