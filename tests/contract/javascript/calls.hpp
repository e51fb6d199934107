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

/// What JavaScript calls of one client.
struct Listener {
  std::function<void(const std::string& type, const Json& event)> event;
  std::function<void(tidewire::MessageKind kind, std::string_view payload)> message;
  std::function<void(const Json& record)> log;
  std::function<void(const Json& request)> endpoint;
};

/// A `Client` of the package.
class Client {
 public:
  /// Calls the constructor. `listener` outlives this object.
  Client(const std::string& url, const Json& options, const Listener& listener);
  /// Calls `dispose()`.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// What the constructor has thrown, or an empty text.
  [[nodiscard]] const std::string& fault() const { return fault_; }

  /// Calls the method of that name with these arguments, or reads the property. Returns the result, or an object whose
  /// `thrown` is the text of what was thrown.
  Json call(std::string_view method, const Json& arguments = Json::array()) const;
  Json send(tidewire::MessageKind kind, std::string_view payload, const Json& options) const;
  /// Settles the promise that the endpoint function has returned for this attempt.
  void answer(std::uint64_t attempt, const Json& endpoint) const;
  void fail(std::uint64_t attempt, std::string_view why) const;

 private:
  const int id_;
  std::string fault_;
};

}  // namespace contract::javascript
