#include "certificates.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace support {

namespace fs = std::filesystem;

Certificates::Certificates() : folder_(fs::temp_directory_path() / ("tidewire-tls-" + std::to_string(getpid()))) {
  fs::create_directories(folder_);
  std::ofstream(folder_ / "names") << "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\n";
  std::ofstream(folder_ / "other-names") << "subjectAltName=DNS:elsewhere.test\n";
  run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj '/CN=Tidewire test authority'"
      " -keyout ca.key -out ca.pem");
  issue("server", "names");
  issue("other", "other-names");
}

Certificates::~Certificates() {
  fs::remove_all(folder_);
}

std::string Certificates::text(const char* name) const {
  std::ostringstream all;
  all << std::ifstream(file(name)).rdbuf();
  return all.str();
}

void Certificates::issue(const std::string& name, const std::string& extensions) {
  run("req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=" + name + " -keyout " + name +
      ".key -out " + name + ".csr");
  run("x509 -req -in " + name + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile " + extensions +
      " -out " + name + ".pem");
}

void Certificates::run(const std::string& arguments) {
  const std::string command = "cd '" + folder_.string() + "' && openssl " + arguments + " 2>openssl.log";
  if (std::system(command.c_str()) != 0) {
    MESSAGE(text("openssl.log"));
    std::abort();
  }
}

const Certificates& certificates() {
  static const Certificates instance;
  return instance;
}

}  // namespace support
