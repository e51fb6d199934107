#pragma once

#include <filesystem>
#include <string>

namespace support {

/// An authority ("ca") and certificates of its: "server" for localhost, 127.0.0.1 and ::1, and "other" for another
/// name. Made by the openssl program when first needed, and removed at the end.
class Certificates {
 public:
  Certificates();
  ~Certificates();
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  /// The path of a file such as "server.pem" or "server.key".
  [[nodiscard]] std::string file(const char* name) const { return folder_ / name; }
  [[nodiscard]] std::string text(const char* name) const;

 private:
  void issue(const std::string& name, const std::string& extensions);
  void run(const std::string& arguments);

  std::filesystem::path folder_;
};

[[nodiscard]] const Certificates& certificates();

}  // namespace support
