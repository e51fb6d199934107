#pragma once

#include <array>
#include <string_view>

namespace contract {

struct Skip {
  std::string_view where;  ///< A transport, or an engine that the browser's transport runs in.
  std::string_view test;
  std::string_view reason;
};

inline constexpr std::string_view kNoBytes = "about bytes, and the scripted transport has none";

/// Every difference between the transports that the contract suite knows. Each is a row of docs/platforms.md.
inline constexpr std::array kSkips = {
    Skip{"browser", "heartbeat: a WebSocket Ping brings a round trip", "a page has no Ping frame"},
    Skip{"native", "heartbeat: without Ping and message it is unsupported", "native sends WebSocket Pings"},
    Skip{"scripted", "heartbeat: without Ping and message it is unsupported", "plays a transport that sends Pings"},

    Skip{"native", "heartbeat: a client that cannot send any warns once in the log, when it opens",
         "native sends WebSocket Pings"},
    Skip{"scripted", "heartbeat: a client that cannot send any warns once in the log, when it opens",
         "plays a transport that sends Pings"},
    Skip{"native", "connect: without a WebSocket the attempt ends as unavailable, until there is one",
         "native needs none"},
    Skip{"scripted", "connect: without a WebSocket the attempt ends as unavailable, until there is one", "needs none"},

    Skip{"browser", "handshake: a refusal is reported with its status", "a page does not learn why a handshake failed"},
    Skip{"browser", "handshake: the third 404 of an address that never opened is final",
         "a page does not learn why a handshake failed"},
    Skip{"native", "handshake: a refusal whose status is hidden is tried again", "native is told the status"},
    Skip{"scripted", "handshake: a refusal whose status is hidden is tried again",
         "plays a transport that is told the status"},
    Skip{"browser", "reconnect: the time of Retry-After is added to the delay",
         "a page does not see the answer to its handshake"},
    Skip{"scripted", "reconnect: the time of Retry-After is added to the delay", kNoBytes},
    Skip{"npm", "connect: an invalid URL is refused at once",
         "the package takes what the WebSocket constructor takes, such as http: and relative URLs"},
    Skip{"npm", "connect: an invalid option is named, the same everywhere",
         "of URLs as above, and the package has no headers; tests/vectors/options.json has the other options"},
    Skip{"npm", "endpoint: an answer that cannot be used ends the attempt, and its field is named",
         "of URLs as above, and the package has no headers"},
    Skip{"npm", "session: it loses nothing while it is not polled",
         "a session of the package is not polled, and holds nothing back"},
    Skip{"npm", "session: unsent calls are reported before the close event",
         "the promise settles before it, and its reactions run behind the events of that turn"},
    Skip{"firefox", "handshake: a subprotocol where none was offered is refused", "Firefox accepts it"},
    Skip{"firefox", "handshake: a server that chooses none of the subprotocols offered is refused",
         "Firefox accepts it"},
    Skip{"webkit", "handshake: a server that chooses none of the subprotocols offered is refused", "WebKit accepts it"},

    Skip{"webkit", "send: a peer that does not read cannot make the queue grow beyond its bounds",
         "WebKit takes everything and reports it as sent"},

    Skip{"browser", "receive: a message over the maximum is refused by its frame header",
         "a page sees whole messages only"},
    Skip{"browser", "receive: fragments that never end are refused once they exceed the maximum",
         "a page sees whole messages only"},
    Skip{"native", "receive: fragments that never end are no sign of life to a page",
         "native counts every byte as a sign of life"},
    Skip{"browser", "receive: a violation is named, with the code sent to the peer",
         "a page is not told, and sees a lost connection"},
    Skip{"node", "receive: a length that is not written in its shortest form ends the connection", "npm ws takes it"},
    Skip{"scripted", "receive: a length that is not written in its shortest form ends the connection", kNoBytes},
    Skip{"firefox", "receive: a masked frame ends the connection", "Firefox takes it"},
    Skip{"firefox", "receive: a Close frame of one byte is a violation", "Firefox takes it for one without a code"},

    Skip{"browser", "ending: a code that no Close frame may carry is a violation",
         "each browser has a list of its own, see docs/platforms.md"},
    Skip{"webkit", "ending: the codes registered since RFC 6455 are reported as the peer sent them",
         "WebKit takes them for a violation"},

    Skip{"scripted", "handshake: an answer that is not one is a failed attempt, and tried again", kNoBytes},
    Skip{"scripted", "handshake: a 101 that breaks RFC 6455 is a failed attempt, and tried again", kNoBytes},
    Skip{"scripted", "handshake: the subprotocol that the server chose is reported", kNoBytes},
    Skip{"scripted", "handshake: a subprotocol other than those offered is refused", kNoBytes},
    Skip{"scripted", "handshake: a subprotocol where none was offered is refused", kNoBytes},
    Skip{"scripted", "handshake: a server that chooses none of the subprotocols offered is refused", kNoBytes},
    Skip{"scripted", "receive: fragments of every size are joined, empty ones included", kNoBytes},
    Skip{"scripted", "receive: bunched pings, and one within a message, are all answered in order", kNoBytes},
    Skip{"scripted", "receive: a peer's message over the maximum is never delivered, and final", kNoBytes},
    Skip{"scripted", "receive: a message over the maximum is refused by its frame header", kNoBytes},
    Skip{"scripted", "receive: fragments that never end are refused once they exceed the maximum", kNoBytes},
    Skip{"scripted", "receive: fragments that never end are no sign of life to a page", kNoBytes},
    Skip{"scripted", "receive: text that is not UTF-8 is no message, and ends the connection", kNoBytes},
    Skip{"scripted", "receive: frames that break RFC 6455 end the connection", kNoBytes},
    Skip{"scripted", "receive: a masked frame ends the connection", kNoBytes},
    Skip{"scripted", "receive: a Close frame of one byte is a violation", kNoBytes},
    Skip{"scripted", "receive: a violation is named, with the code sent to the peer", kNoBytes},
    Skip{"scripted", "send: a peer that does not read for a while gets everything in the end", kNoBytes},
    Skip{"scripted", "ending: a code that no Close frame may carry is a violation", kNoBytes},
    Skip{"scripted", "ending: a message before the Close frame is delivered before the close event", kNoBytes},
    Skip{"scripted", "ending: a message that is cut off is never delivered", kNoBytes},
};

}  // namespace contract
