#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "tidewire/message.hpp"

// The npm package, as C++ reaches it: what crosses is JSON, besides payloads.
namespace contract::javascript {

using Json = nlohmann::json;

/// What JavaScript calls of one object.
struct Listener {
  std::function<void(const std::string& type, const Json& event)> event;
  std::function<void(tidewire::MessageKind kind, std::string_view payload)> message;
  std::function<void(const Json& record)> log;
  std::function<void(const Json& request)> endpoint;
  std::function<void(const Json& result)> settled;
};

/// An object of the package's.
class Object {
 public:
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  /// What the constructor has thrown, or an empty text.
  [[nodiscard]] const std::string& fault() const { return fault_; }

  /// Calls the method of that name with these arguments, or reads the property. Returns the result, or an object whose
  /// `thrown` is the text of what was thrown.
  Json call(std::string_view method, const Json& arguments = Json::array()) const;

 protected:
  /// `listener` outlives this object. The last call of it is `end`, without arguments.
  Object(const Listener& listener, const char* end);
  ~Object();

  const int id_;
  std::string fault_;

 private:
  const char* const end_;
};

/// A `Client`.
class Client : public Object {
 public:
  /// Calls the constructor.
  Client(const std::string& url, const Json& options, const Listener& listener);

  Json send(tidewire::MessageKind kind, std::string_view payload, const Json& options) const;
  /// Settles the promise that the endpoint function has returned for this attempt.
  void answer(std::uint64_t attempt, const Json& endpoint) const;
  void fail(std::uint64_t attempt, std::string_view why) const;
};

/// A `Session`.
class Session : public Object {
 public:
  /// Calls the constructor.
  Session(const std::string& url, const Json& options, const Listener& listener);

  /// Calls a method that returns a promise. The listener's `settled` gets `{ call, value }`, or `{ call, error }` of
  /// one that was rejected.
  void callAsync(std::uint64_t call, std::string_view method, const Json& arguments) const;

 private:
  friend class Subscription;
};

/// What `Session.subscribe()` returns.
class Subscription : public Object {
 public:
  Subscription(const Session& session, std::string_view channel, const Json& options, const Listener& listener);
};

}  // namespace contract::javascript
