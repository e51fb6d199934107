#pragma once

#include <ev.h>
#include <openssl/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "loop.hpp"
#include "lws.hpp"
#include "mask_keys.hpp"
#include "tidewire/options.hpp"

namespace tidewire::native {

/// The name of our libwebsockets protocol.
inline constexpr const char* kProtocol = "tidewire";

/// The one thread and the one libwebsockets context that serve every client of the process, on a libev loop of ours.
///
/// Made with the first client, and never unmade: clients may outlive `main`. At exit its thread is stopped before the
/// libraries under it go away.
class NativeLoop final : public internal::Loop {
 public:
  [[nodiscard]] static std::shared_ptr<NativeLoop> shared();

  // As `Loop` says.
  [[nodiscard]] core::Time now() const override;
  [[nodiscard]] bool onLoopThread() const override { return std::this_thread::get_id() == thread_.get_id(); }
  [[nodiscard]] bool acceptsThisThread() const override { return true; }
  void wake(std::shared_ptr<internal::LoopTask> task) override;
  void setDeadline(internal::LoopTask& task, std::optional<core::Time> deadline) override;
  [[nodiscard]] std::unique_ptr<internal::Transport> makeTransport(internal::TransportEvents& events) override;
  [[nodiscard]] std::uint64_t randomSeed() override;
  [[nodiscard]] bool sendsPings() const override { return true; }
  [[nodiscard]] bool pausesReading() const override { return true; }
  [[nodiscard]] bool choosesTrust() const override { return true; }

  /// Has `function` called on the loop thread. Any thread.
  void post(std::function<void()> function);

  // Loop thread, for the transport.

  /// Null if libwebsockets could not be set up; `failure` then says why.
  [[nodiscard]] lws_context* context() const { return context_; }
  [[nodiscard]] const std::string& failure() const { return failure_; }
  /// The virtual host that trusts what `tls` says; null if its certificates cannot be read.
  [[nodiscard]] lws_vhost* vhostFor(const TlsOptions& tls);
  [[nodiscard]] struct ev_loop* events() const { return events_; }
  [[nodiscard]] MaskKeys& maskKeys() { return maskKeys_; }
  /// Where a read goes; shared, since one read is dealt with before the next.
  [[nodiscard]] std::span<char> readBuffer() { return readBuffer_; }

  /// Cuts a connection and forgets it. None of its callbacks reaches its owner any more.
  void cut(lws* wsi);
  /// Ends a connection whose Close frames are exchanged: what was written still leaves, what still comes is dropped.
  void lingerOut(lws* wsi);

 private:
  NativeLoop();

  void run();
  void stop();
  void setUpLibwebsockets();
  void doPosted();
  void doDue();
  void armTimer();

  static int onCallback(lws* wsi, lws_callback_reasons reason, void* user, void* in, std::size_t length);
  static int onOrphan(lws* wsi, lws_callback_reasons reason);
  void addTrust(ssl_ctx_st* sslContext);
  static bool addCertificates(ssl_ctx_st* sslContext, bio_st* source);

  struct ev_loop* events_ = nullptr;
  ev_async wake_{};
  ev_timer timer_{};
  lws_context* context_ = nullptr;
  std::string failure_;
  // Each set of TLS options has a virtual host, because libwebsockets keeps trust there.
  std::map<std::pair<std::string, std::string>, lws_vhost*> vhosts_;
  // What the virtual host that is being made shall trust, and whether it could be loaded.
  struct Trust {
    const TlsOptions* options = nullptr;
    bool loaded = false;
  };
  Trust trust_;
  MaskKeys maskKeys_;
  std::vector<char> readBuffer_;

  std::set<std::pair<core::Time, internal::LoopTask*>> due_;
  std::unordered_map<internal::LoopTask*, core::Time> deadlines_;

  std::mutex mutex_;
  std::vector<std::shared_ptr<internal::LoopTask>> tasks_;
  std::vector<std::function<void()>> functions_;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace tidewire::native
