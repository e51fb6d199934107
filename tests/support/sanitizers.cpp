// Settings of the sanitizers, which call these functions when a test program starts. They are there in every build: no
// macro names the sanitizers in every compiler, and without them nothing calls these.

// A socket that is closed while a test forks stays open in the child until that runs its program, and so stays in the
// kernel's set. Libev answers what comes for it with an epoll_ctl() for a descriptor that it no longer has, is told so,
// and makes its set anew; the number may be another loop's by then, which the sanitizer takes for a race.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "race:epoll_ctl\n";
}
