#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "unit/server_room.hpp"

// A server half is right when its logs answer late, out of order between channels, with failures, and when the client
// that an answer was for has gone.
namespace tidewire::server::test {
namespace {

using Strings = std::vector<std::string>;

std::string subscribe(int id, const std::string& channel, const std::string& more = "") {
  return R"({"op":"subscribe","id":)" + std::to_string(id) + R"(,"channel":")" + channel + '"' + more + '}';
}
std::string unsubscribe(int id, const std::string& channel) {
  return R"({"op":"unsubscribe","id":)" + std::to_string(id) + R"(,"channel":")" + channel + "\"}";
}
std::string publish(int id, const std::string& channel, const std::string& body = "x") {
  return R"({"op":"publish","id":)" + std::to_string(id) + R"(,"channel":")" + channel + "\"}\n" + body;
}
std::string request(int id) {
  return R"({"op":"request","id":)" + std::to_string(id) + R"(,"method":"m"})";
}
std::string ping() {
  return R"({"op":"ping","t":1})";
}

void appendMany(ServerRoom& room, const std::string& channel, int count) {
  for (int i = 0; i < count; ++i) {
    room.append(channel, "x");
  }
}

/// So large that a page holds two.
void appendLarge(ServerRoom& room, const std::string& channel, int count) {
  for (int i = 0; i < count; ++i) {
    room.append(channel, std::string(30'000, 'x'));
  }
}

}  // namespace

TEST_CASE("late log: what is appended while a subscription is being answered comes once and in order") {
  ServerRoom room;
  RoomClient client(room);
  client.hello();
  appendMany(room, "a", 3);
  client.say(subscribe(1, "a", R"(,"last":2)"));
  appendMany(room, "a", 1);  // 4: before the log is read.
  room.run("calls a");
  appendMany(room, "a", 2);  // 5 and 6: after that.
  SUBCASE("announced before the answer") {
    room.run("news a");
    CHECK(client.hearShort() == Strings{"welcome"});
    room.settle();
  }
  SUBCASE("announced after the answer") {
    room.run("answers a");
    CHECK(client.hearShort() == Strings{"welcome", "subscribed 1", "event 3", "event 4"});
    room.settle();
    CHECK(client.hearShort() == Strings{"event 5", "event 6"});
    return;
  }
  CHECK(client.hearShort() == Strings{"subscribed 1", "event 3", "event 4", "event 5", "event 6"});
}

TEST_CASE("late log: a resumed subscription gets what it missed, and what was announced meanwhile, once") {
  ServerRoom room;
  RoomClient client(room);
  client.hello();
  appendMany(room, "a", 5);
  client.say(subscribe(1, "a", R"(,"since":{"epoch":"e-1","seq":3})"));
  room.run("calls a");
  room.run("answers a");
  room.run("news a");  // Of events that the answer had.
  room.settle();
  CHECK(client.hearShort() == Strings{"welcome", "subscribed 1", "event 4", "event 5"});
}

TEST_CASE("late log: an event that was never announced is found by reading") {
  ServerRoom room;
  RoomClient client(room);
  client.hello();
  client.say(subscribe(1, "a"));
  room.settle();
  RoomClient other(room);
  room.append("a", "first");
  room.append("a", "second");
  client.hear();
  client.peer.reset();
  RoomClient late(room);
  late.hello(2);
  late.say(subscribe(2, "a"));
  room.run("calls a");
  room.append("a", "third");
  room.run("answers a");
  room.run("news a");
  room.settle();
  CHECK(late.hearShort() == Strings{"welcome", "subscribed 2", "event 3"});
}

TEST_CASE("late log: a latest-only subscription gets the newest of what came while it was being answered") {
  ServerRoom room;
  RoomClient client(room);
  client.hello();
  appendMany(room, "a", 2);
  client.say(subscribe(1, "a", R"(,"conflate":true,"last":1)"));
  room.run("calls a");
  appendMany(room, "a", 3);
  room.run("news a");
  client.hear();
  room.run("answers a");
  Strings heard = client.hear();
  REQUIRE(heard.size() == 3);
  CHECK(RoomClient::field(heard[1], "seq") == "2");
  CHECK(RoomClient::field(heard[2], "seq") == "5");
  CHECK(RoomClient::field(heard[2], "skipped") == "2");
}

TEST_CASE("late log: a latest-only subscription does not get again what is announced after it was read") {
  ServerRoom room;
  RoomClient client(room);
  client.hello();
  client.say(subscribe(1, "a", R"(,"conflate":true,"last":1)"));
  appendMany(room, "a", 2);
  room.run("calls a");
  room.run("answers a");
  room.run("news a");
  CHECK(client.hearShort() == Strings{"welcome", "subscribed 1", "event 2"});
}

TEST_CASE("late log: channels are answered in any order") {
  ServerRoom room;
  RoomClient client(room);
  client.hello();
  client.say(subscribe(1, "a"));
  client.say(subscribe(2, "b"));
  room.append("b", "x");
  room.run("calls b");
  room.run("answers b");
  room.run("news b");
  CHECK(client.hearShort() == Strings{"welcome", "subscribed 2"});
  room.settle();
  CHECK(client.hearShort() == Strings{"subscribed 1"});
}

TEST_CASE("late log: a publish is acknowledged once the log has confirmed it") {
  ServerRoom room;
  RoomClient client(room);
  client.hello();
  client.hear();
  client.say(publish(1, "a"));
  client.say(publish(2, "a"));
  room.run("calls a");
  CHECK(client.hearShort().empty());
  CHECK(room.seq("a") == 2);
  room.step("answers a");
  CHECK(client.hearShort() == Strings{"ack 1"});
  room.settle();
  CHECK(client.hearShort() == Strings{"ack 2"});
}

TEST_CASE("late log: a publish in another channel does not overtake one that waits") {
  ServerRoom room;
  RoomClient client(room);
  client.hello();
  client.hear();
  client.say(publish(1, "a"));
  client.say(publish(2, "b"));
  client.say(ping());
  room.run("calls b");
  CHECK(room.seq("b") == 0);
  CHECK(client.peer->holdsBack());
  room.run("calls a");
  room.run("answers a");
  CHECK_FALSE(client.peer->holdsBack());
  CHECK(client.mayRead > 0);
  room.settle();
  CHECK(room.seq("b") == 1);
  CHECK(client.hearShort() == Strings{"pong", "ack 1", "ack 2"});
}

TEST_CASE("late log: no more publishes wait for it than the limit says, and none is lost") {
  ServerRoom room({.limits = {.maxPublishes = 3}});
  RoomClient client(room);
  client.hello();
  std::string all;
  for (int id = 1; id <= 10; ++id) {
    all += (id > 1 ? "\x1e" : "") + publish(id, "a", std::to_string(id));
  }
  client.say(all);
  CHECK(client.peer->holdsBack());
  room.run("calls a");
  CHECK(room.seq("a") == 3);
  room.settle();
  CHECK(room.bodies("a") == Strings{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"});
  CHECK(client.hearShort().size() == 11);
  CHECK_FALSE(client.peer->holdsBack());
}

TEST_CASE("late log: a publish that is sent again while the first waits is made once and answered once") {
  ServerRoom room;
  RoomClient first(room);
  first.hello();
  const std::string memory = RoomClient::field(first.hear().at(0), "memory");
  first.say(publish(1, "a"));
  SUBCASE("after the connection was lost") {
    first.peer.reset();
  }
  SUBCASE("while the server takes the first connection for alive") {}
  RoomClient second(room);
  second.hello(2, memory);
  second.say(publish(1, "a"));
  CHECK(second.hearShort().empty());  // Not even a welcome: the publish of the first may still take effect.
  room.settle();
  const Strings heard = second.hear();
  REQUIRE(heard.size() == 2);
  CHECK(heard[0].find(R"("resumed":true)") != std::string::npos);
  CHECK(RoomClient::field(heard[1], "op") == "ack");
  CHECK(room.seq("a") == 1);
}

TEST_CASE("late log: a publish that comes twice on one connection is made once, and both are answered") {
  ServerRoom room;
  RoomClient client(room);
  client.hello();
  client.hear();
  client.say(publish(1, "a"));
  client.say(publish(1, "a"));
  room.settle();
  CHECK(room.seq("a") == 1);
  CHECK(client.hearShort() == Strings{"ack 1", "ack 1"});
}

TEST_CASE("late log: a session whose publish waits is not forgotten, whatever is remembered otherwise") {
  ServerRoom room({.sessions = {.dedupCount = 0}});
  RoomClient first(room);
  first.hello();
  first.say(publish(1, "a"));
  first.peer.reset();
  RoomClient second(room);
  second.hello(2);
  CHECK(second.hearShort().empty());
  room.settle();
  CHECK(second.hearShort() == Strings{"welcome"});
  RoomClient late(room);
  late.hello(1);
  late.hear();
  CHECK(late.peer->ending()->code == 4004);
}

TEST_CASE("late log: an answer to a client that has gone has no effect but on its session") {
  ServerRoom room;
  RoomClient client(room);
  client.hello();
  const std::string memory = RoomClient::field(client.hear().at(0), "memory");
  client.say(subscribe(1, "a", R"(,"last":5)"));
  client.say(publish(2, "a"));
  client.say(request(3));
  client.peer.reset();
  room.settle();
  room.requests.at(0)({.body = "late"});
  CHECK(room.seq("a") == 1);

  RoomClient again(room);
  again.hello(2, memory);
  again.say(publish(2, "a"));
  room.settle();
  CHECK(again.hearShort() == Strings{"welcome", "ack 2"});
  CHECK(room.seq("a") == 1);
}

TEST_CASE("late log: unsubscribing waits for the answer to subscribing") {
  ServerRoom room;
  RoomClient client(room);
  client.hello();
  client.say(subscribe(1, "a"));
  client.say(unsubscribe(2, "a"));
  client.say(subscribe(3, "a"));
  room.settle();
  CHECK(client.hearShort() == Strings{"welcome", "subscribed 1", "unsubscribed 2", "subscribed 3"});
}

TEST_CASE("late log: what was read for a subscription that is over does not come to the next one") {
  ServerRoom room({.limits = {.maxQueueBytes = 2000}});
  RoomClient client(room);
  client.hello();
  appendLarge(room, "a", 5);
  client.say(subscribe(1, "a", R"(,"last":5)"));
  room.run("calls a");
  room.run("answers a");
  CHECK(client.hearShort() == Strings{"welcome", "subscribed 1", "event 1", "event 2"});
  room.run("calls a");  // The page with the next events is on its way.
  client.say(unsubscribe(2, "a"));
  client.say(subscribe(3, "a"));
  CHECK(client.hearShort() == Strings{"unsubscribed 2"});
  room.settle();
  CHECK(client.hearShort() == Strings{"subscribed 3"});
  appendMany(room, "a", 1);
  room.settle();
  CHECK(client.hearShort() == Strings{"event 6"});
}

TEST_CASE("late log: no more is read ahead than the client has room for") {
  ServerRoom room({.limits = {.maxQueueBytes = 2000}});
  RoomClient client(room);
  client.hello();
  int id = 0;
  for (const char* channel : {"a", "b", "c"}) {
    appendLarge(room, channel, 5);
    client.say(subscribe(++id, channel, R"(,"last":5)"));
  }
  room.settle();
  CHECK(client.hearShort().size() == 1 + 3 + 3 * 2);
  int reads = 0;
  for (const char* channel : {"calls a", "calls b", "calls c"}) {
    reads += room.step(channel) ? 1 : 0;
  }
  CHECK(reads == 1);
  std::size_t events = 0;
  for (int turn = 0; turn < 9; ++turn) {
    room.settle();
    events += client.hearShort().size();
  }
  CHECK(events == 3 * 3);
}

TEST_CASE("late log: a log that fails is an error to the one who subscribes, who may try again") {
  ServerRoom room;
  RoomClient client(room);
  client.hello();
  client.hear();
  room.nextRead = Fate::NotDone;
  client.say(subscribe(1, "a"));
  room.settle();
  const Strings heard = client.hear();
  REQUIRE(heard.size() == 1);
  CHECK(heard[0] == R"({"op":"error","id":1,"code":"unavailable","temporary":true})");
  client.say(subscribe(2, "a"));
  room.append("a", "x");
  room.settle();
  CHECK(client.hearShort().front() == "subscribed 2");
}

TEST_CASE("late log: a subscription ends for the moment when its log fails later") {
  ServerRoom room({.limits = {.maxQueueBytes = 2000}});
  RoomClient client(room);
  client.hello();
  appendLarge(room, "a", 3);
  client.say(subscribe(1, "a", R"(,"last":3)"));
  room.settle();
  CHECK(client.hearShort() == Strings{"welcome", "subscribed 1", "event 1", "event 2"});
  room.nextRead = Fate::NotDone;
  room.settle();
  CHECK(client.hear() == Strings{R"({"op":"unsubscribed","channel":"a","code":"unavailable","temporary":true})"});
}

TEST_CASE("late log: a publish that was not made is refused for the moment, and made when it comes again") {
  ServerRoom room;
  RoomClient client(room);
  client.hello();
  client.hear();
  room.nextAppend = Fate::NotDone;
  client.say(publish(1, "a"));
  room.settle();
  CHECK(client.hear() == Strings{R"({"op":"error","id":1,"code":"unavailable","temporary":true})"});
  client.say(publish(1, "a"));
  room.settle();
  CHECK(client.hearShort() == Strings{"ack 1"});
}

TEST_CASE("late log: a publish of unknown fate gives the session another memory") {
  ServerRoom room;
  RoomClient client(room);
  client.hello();
  const std::string memory = RoomClient::field(client.hear().at(0), "memory");
  room.nextAppend = Fate::DoneUnknown;
  client.say(publish(1, "a"));
  room.settle();
  CHECK(client.hearShort() == Strings{"error 1 internal"});
  RoomClient again(room);
  again.hello(2, memory);
  const Strings heard = again.hear();
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].find(R"("resumed":false)") != std::string::npos);
  CHECK(RoomClient::field(heard[0], "memory") != memory);
}

TEST_CASE("late log: a client that waits for it is not called slow") {
  ServerRoom room({.limits = {.heartbeatMs = 1000}});
  RoomClient client(room);
  client.hello();
  client.hear();
  client.say(publish(1, "a"));
  client.say(publish(2, "b"));
  client.peer->setListening(false);
  room.pass(5000);
  client.peer->elapsed();
  CHECK_FALSE(client.peer->ending());
  room.settle();
  client.peer->setListening(true);
  CHECK(client.hearShort() == Strings{"ack 1", "ack 2"});
}

TEST_CASE("late requests: each is answered once, a cancelled one not at all") {
  ServerRoom room({.limits = {.maxRequests = 2}});
  RoomClient client(room);
  client.hello();
  client.hear();
  client.say(request(1));
  client.say(request(2));
  client.say(request(3));
  CHECK(client.hearShort() == Strings{"error 3 too-many-requests"});
  client.say(R"({"op":"cancel","id":1})");
  client.say(request(4));
  REQUIRE(room.requests.size() == 3);
  room.requests[2]({.body = "four"});
  room.requests[0]({.body = "one"});
  room.requests[1]({.refusal = "bad-request"});
  CHECK(client.hearShort() == Strings{"reply 4", "error 2 bad-request"});
}

TEST_CASE("late requests: cancelling frees no more room than there is") {
  ServerRoom room({.limits = {.maxRequests = 1}});
  RoomClient client(room);
  client.hello();
  for (int id = 1; id <= 20; id += 1) {
    client.say(request(id));
    client.say(R"({"op":"cancel","id":)" + std::to_string(id) + "}");
  }
  CHECK(room.requests.size() == 2);
  CHECK(client.peer->holdsBack());
  for (std::size_t i = 0; i < room.requests.size(); ++i) {
    const auto done = room.requests[i];
    done({});
  }
  CHECK(room.requests.size() == 20);
  CHECK_FALSE(client.peer->holdsBack());
}

}  // namespace tidewire::server::test
