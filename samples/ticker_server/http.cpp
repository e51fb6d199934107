#include "http.hpp"

#include <libwebsockets.h>
#include <strings.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>

#include "admission.hpp"
#include "request.hpp"
#include "site.hpp"
#include "web_folder.hpp"

namespace ticker {

namespace {

constexpr std::string_view kOk = "200 OK";
constexpr std::string_view kBadRequest = "400 Bad Request";
constexpr std::string_view kForbidden = "403 Forbidden";
constexpr std::string_view kNotFound = "404 Not Found";
constexpr std::string_view kMethodNotAllowed = "405 Method Not Allowed\r\nallow: GET, HEAD";

constexpr std::string_view kWelcome =
    "The Tidewire ticker server. WebSocket endpoints: /stream, /ticker, /echo, /close.\n"
    "Start it with --web FOLDER to see a page here.\n";

struct Answer {
  std::string_view status = kOk;
  std::string_view body = {};
  std::string_view mediaType = "text/plain; charset=utf-8";
  std::uintmax_t length = body.size();  // As told to the client: that of the file, for HEAD.
};

// Head and body in one write. A rebuilt page shows at the next reload, because nothing is stored.
bool send(lws* socket, const Answer& answer, bool withBody) {
  std::string text(LWS_PRE, '\0');
  text.append("HTTP/1.1 ").append(answer.status);
  text.append("\r\ncontent-type: ").append(answer.mediaType);
  text.append("\r\ncontent-length: ").append(std::to_string(answer.length));
  text.append("\r\ncache-control: no-store\r\n\r\n");
  text.append(withBody ? answer.body : "");
  const std::size_t length = text.size() - LWS_PRE;
  auto* const begin = reinterpret_cast<unsigned char*>(text.data()) + LWS_PRE;
  return lws_write(socket, begin, length, LWS_WRITE_HTTP) == static_cast<int>(length);
}

int finish(lws* socket, bool sent) {
  return !sent || lws_http_transaction_completed(socket) != 0 ? -1 : 0;
}

int sendFile(lws* socket, const std::filesystem::path& file) {
  const std::string type(mediaType(file));
  const int result = lws_serve_http_file(socket, file.c_str(), type.c_str(), nullptr, 0);
  return result > 0 ? finish(socket, true) : result;  // 0: the rest follows, then HTTP_FILE_COMPLETION.
}

bool offers(lws* socket, std::string_view subprotocol) {
  const std::string offered = readHeader(socket, WSI_TOKEN_PROTOCOL);
  for (std::size_t begin = 0; begin < offered.size();) {
    const std::size_t end = std::min(offered.find(',', begin), offered.size());
    const std::size_t first = std::min(offered.find_first_not_of(" \t", begin), end);
    if (offered.compare(first, offered.find_last_not_of(" \t", end - 1) + 1 - first, subprotocol) == 0) {
      return true;
    }
    begin = end + 1;
  }
  return false;
}

// libwebsockets goes on to take the first offered name that stands in its list, whatever the path. So the list has one
// beside the nameless first, and here it gets the name that this path wants.
void choose(lws* socket, const char* subprotocol) {
  const lws_protocols* const nameless = lws_vhost_name_to_protocol(lws_get_vhost(socket), "");
  const_cast<lws_protocols*>(nameless)[1].name = subprotocol;
}

std::optional<Answer> refuseSubprotocols(lws* socket, const Subprotocol& subprotocol) {
  const bool offersSome = lws_hdr_total_length(socket, WSI_TOKEN_PROTOCOL) > 0;
  if (offersSome && offers(socket, subprotocol.name)) {
    choose(socket, subprotocol.name);
    return std::nullopt;
  }
  if (subprotocol.required) {
    return Answer{.status = kBadRequest, .body = "What is spoken here is the subprotocol tidewire.v1: offer it.\n"};
  }
  return offersSome ? std::optional<Answer>({.status = kBadRequest, .body = "The only subprotocol here is echo.\n"})
                    : std::nullopt;
}

std::optional<Answer> refuseHost(lws* socket, const Admission& admission) {
  if (admission.takesHost(readHeader(socket, WSI_TOKEN_HOST))) {
    return std::nullopt;
  }
  return Answer{.status = kForbidden, .body = "The Host is no name of this server. See --allow-host.\n"};
}

std::optional<Answer> refusal(lws* socket, const std::string& protocol, const Admission& admission, const Site& site) {
  if (const std::optional<Answer> refused = refuseHost(socket, admission)) {
    return refused;
  }
  if (!admission.takesOrigin(readHeader(socket, WSI_TOKEN_ORIGIN), readHeader(socket, WSI_TOKEN_HOST))) {
    return Answer{.status = kForbidden, .body = "Pages of this Origin may not come here. See --allow-origin.\n"};
  }
  const Request request = readRequest(socket);
  if (request.method != Request::Method::Get) {
    return Answer{.status = kMethodNotAllowed, .body = "A WebSocket handshake is a GET request.\n"};
  }
  if (strcasecmp(protocol.c_str(), "websocket") != 0) {
    return Answer{.status = kBadRequest, .body = "The only upgrade here is to websocket.\n"};
  }
  const std::optional<Subprotocol> subprotocol = site.subprotocolOf(request.path);
  if (!subprotocol) {
    return Answer{.status = kNotFound, .body = "There is no such WebSocket endpoint.\n"};
  }
  if (readHeader(socket, WSI_TOKEN_KEY).empty() || readHeader(socket, WSI_TOKEN_VERSION) != "13") {
    return Answer{.status = kBadRequest, .body = "This is not an RFC 6455 handshake.\n"};
  }
  return refuseSubprotocols(socket, *subprotocol);
}

}  // namespace

int serveHttp(lws* socket, const Admission& admission, const WebFolder* folder) {
  const Request request = readRequest(socket);
  const bool head = request.method == Request::Method::Head;
  if (const std::optional<Answer> refused = refuseHost(socket, admission)) {
    send(socket, *refused, !head);
    return -1;
  }
  if (request.method == Request::Method::Other) {
    send(socket, {.status = kMethodNotAllowed, .body = "Only GET and HEAD are answered here.\n"}, true);
    return -1;  // Whatever body the request has is not read.
  }
  if (folder == nullptr && request.path == "/") {
    return finish(socket, send(socket, {.body = kWelcome}, !head));
  }
  const std::optional<std::filesystem::path> file = folder != nullptr ? folder->find(request.path) : std::nullopt;
  if (!file) {
    return finish(socket, send(socket, {.status = kNotFound, .body = "Not found.\n"}, !head));
  }
  if (head) {
    std::error_code error;
    const Answer answer{.mediaType = mediaType(*file), .length = std::filesystem::file_size(*file, error)};
    return finish(socket, !error && send(socket, answer, false));
  }
  return sendFile(socket, *file);
}

int checkUpgrade(lws* socket, const Admission& admission, const Site& site) {
  const std::string protocol = readHeader(socket, WSI_TOKEN_UPGRADE);
  if (protocol.empty()) {
    return -1;  // libwebsockets has answered an upgrade that it does not know, freed the request, and asks all the
                // same.
  }
  const std::optional<Answer> answer = refusal(socket, protocol, admission, site);
  if (!answer) {
    return 0;
  }
  return send(socket, *answer, true) ? 1 : -1;
}

}  // namespace ticker
