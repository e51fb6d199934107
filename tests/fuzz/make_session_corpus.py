#!/usr/bin/env python3
"""Writes corpus/session: courses of a session, and the heads of tests/vectors, said to one that knows what they mean.

The layout of an input is described in session_fuzz.cpp. Run this after changing it or the vectors, and commit what it
writes.
"""

import json
import pathlib
import re
import shutil

TESTS = pathlib.Path(__file__).resolve().parent.parent
CORPUS = TESTS / "fuzz" / "corpus" / "session"
LARGEST = 4096

STEPS = ["subscribe", "unsubscribe", "publish", "request", "cancel", "authenticate", "open", "end", "say_anything"]
STEPS += ["say", "say_more", "pass_time", "send_some", "send_all"]
SAYERS = ["welcome", "subscribed", "event", "unsubscribed", "ack", "reply", "pong", "goaway", "error", "other"]
CHANNELS = ["c", "ticker/AAPL", "chat/ü", "chat/lobby"]
NUMBERS = [1_000, 65_536, 120_000, 1_048_576, 1_700_000_000_000, 9_300_000_000_000, 2**53 - 1, 2**53]
TIMES = [0, 1, 5, 100, 1_000, 10_000, 121_000, 3_600_000]
ROOMS = [0, 1, 100, 65_536, 1 << 24]


def step(name, *values):
    return bytes([STEPS.index(name), *values])


def number(value):
    return value if value < 248 else 248 + NUMBERS.index(value)


# Steps of the application.


def subscribe(channel="c", conflate=False, replay=0, since=None):
    return step("subscribe", CHANNELS.index(channel), conflate, number(replay), *([0] if since is None else [3, since]))


def unsubscribe(which=0):
    return step("unsubscribe", which)


def publish(channel="chat/lobby", ack=True, resend=False, large=False, binary=False, size=1):
    flags = ack | resend << 1 | binary << 2 | (240 if large else 0)
    return step("publish", flags, CHANNELS.index(channel), size)


def request(idempotent=False, timeout=2, size=1):
    return step("request", idempotent, timeout, size)


def cancel(back=0):
    return step("cancel", back)


AUTHENTICATE = step("authenticate", 9)

# Steps of the connection.

OPEN = step("open", 1)
END = step("end", 0)
END_FOR_GOOD = step("end", 7)
SEND = step("send_all")


def say_bytes(payload, binary=False):
    return step("say_anything", binary, len(payload) >> 8, len(payload) & 0xFF) + payload


def said(name, *values, more=False, spoiled=0):
    return step("say_more" if more else "say", SAYERS.index(name), *values, *([spoiled] if spoiled else [0]))


def welcome(resumed=False, heartbeat=25, largest=0, requests=0, dedup=None, now=1_700_000_000_000):
    memory = [0] if dedup is None else [number(dedup[0]), number(dedup[1]), 0]
    return said("welcome", resumed, number(now), number(heartbeat), number(largest), number(requests), *memory)


def subscribed(channel="c", newest=0, ahead=0, recovered=True, epoch="e", **how):
    return said("subscribed", CHANNELS.index(channel), newest, 7 if epoch == "f" else 0, not recovered, ahead, 0, **how)


def event(channel="c", skipped=0, hole=False, repeated=False, body=1, **how):
    return said("event", CHANNELS.index(channel), skipped, 255 * hole, 255 * repeated, 9, body, **how)


def unsubscribed(channel="c", answer=False, temporary=False):
    return said("unsubscribed", CHANNELS.index(channel), answer, 0 if answer else temporary)


def ack(newest=0, auth=False):
    return said("ack", auth, newest, 7)


def reply(newest=0, body=1):
    return said("reply", newest, body)


def error(about, code=0, newest=0, temporary=False):
    place = ["", "subscribe", "publish", "request", "auth"].index(about)
    return said("error", code, temporary, place, *([newest] if about else []))


def pong(t=17, now=1_700_000_000_000):
    return said("pong", t, number(now))


def goaway(after, spread):
    return said("goaway", number(after), number(spread))


# Steps of the driver.


def pass_time(ms):
    return step("pass_time", TIMES.index(ms))


def send_some(room, ask=None):
    return step("send_some", ask is not None, *([] if ask is None else [ask]), ROOMS.index(room))


UP = OPEN + SEND + welcome() + SEND
REMEMBERED = OPEN + SEND + welcome(resumed=True, dedup=(2, 120_000))
LIVE = subscribe() + UP + subscribed(ahead=5)

COURSES = {
    "welcome": UP + pong() + said("other", 1),
    "events": LIVE + event() + event() + event(repeated=True) + event(more=True) + event(),
    "replay": subscribe(replay=5) + UP + subscribed(ahead=5) + event() + event(),
    "resume": LIVE + event() + END + UP + subscribed() + event(),
    "resume with a gap": LIVE + event() + END + UP + subscribed(ahead=9, recovered=False) + event(),
    "resume in another epoch": LIVE + event() + END + UP + subscribed(epoch="f") + event(),
    "resume where an application was": subscribe(since=3) + UP + subscribed(ahead=5) + event(),
    "hole": LIVE + event(hole=True) + event() + SEND + subscribed() + event(),
    "hole that stays": (
        LIVE
        + event(hole=True)
        + (SEND + subscribed() + event(hole=True) + pass_time(10_000)) * 2
        + SEND
        + subscribed()
        + event(hole=True)
        + event()
    ),
    "since of a second subscriber": LIVE + event() + subscribe(since=3) + SEND + subscribed(ahead=9) + event() + event(),
    "since that is gone": (
        LIVE + event() + subscribe(since=3) + SEND + subscribed(ahead=9, recovered=False) + SEND + subscribed() + event()
    ),
    "refused for the moment": (
        subscribe() + UP + error("subscribe", temporary=True) + pass_time(10_000) + SEND + subscribed() + event()
    ),
    "ended for the moment": LIVE + unsubscribed(temporary=True) + event() + pass_time(10_000) + SEND + subscribed() + event(),
    "subscribed already": subscribe() + UP + error("subscribe", 4) + SEND + pass_time(10_000) + SEND + subscribed() + event(),
    "one request at a time": OPEN + SEND + welcome(requests=1) + request() + request() + SEND + reply() + SEND + reply(),
    "called slow": publish() * 20 + UP + step("end", 6) + REMEMBERED + SEND + ack(1) + SEND,
    "called too large": publish(large=True, size=200) + publish() + UP + step("end", 5) + UP,
    "conflated": subscribe(conflate=True) + UP + subscribed() + event(skipped=5) + event(),
    "conflated no more": (
        subscribe(conflate=True) + UP + subscribed() + subscribe() + SEND + event() + subscribed() + event()
    ),
    "two subscribers": LIVE + subscribe() + event() + unsubscribe() + event() + unsubscribe(1) + SEND + event(),
    "subscribed anew": (
        LIVE + unsubscribe() + subscribe() + SEND + event() + unsubscribed(answer=True) + subscribed() + event()
    ),
    "subscription ended": LIVE + unsubscribed() + event() + subscribe() + SEND + subscribed() + event(),
    "subscription refused": subscribe() + UP + error("subscribe") + unsubscribe() + SEND,
    "publish": publish(ack=False) + publish() + publish(binary=True) + UP + ack(1) + ack() + ack(),
    "publish refused": publish() + UP + error("publish", 3),
    "publish in doubt": publish() + UP + END + UP + publish(resend=True) + SEND + END + UP + ack(),
    "publish remembered": publish() + REMEMBERED + SEND + END + publish() + REMEMBERED + SEND + ack(1) + ack(),
    "publish too late": publish() + REMEMBERED + SEND + END + pass_time(121_000) + REMEMBERED + SEND,
    "publish window": publish() * 4 + REMEMBERED + SEND + ack(1) + SEND + ack() + SEND,
    "publish sizes": (
        publish(size=51) + publish(size=52) + publish(size=34, binary=True) + publish(size=36, binary=True) + OPEN
        + SEND + welcome(largest=100) + SEND
    ),
    "publish large": (
        publish(large=True, size=60) + publish(large=True, size=120) + OPEN + SEND + welcome(largest=65_536)
        + send_some(1) + SEND
    ),
    "publish larger than the next server takes": (
        publish(resend=True, size=99) + UP + END + OPEN + SEND + welcome(largest=50) + SEND
    ),
    "request": request() + UP + reply() + request() + SEND + error("request") + request() + SEND + END,
    "request idempotent": request(True) + UP + END + UP + reply(),
    "request cancelled": request() + UP + cancel() + SEND + reply() + request() + cancel() + SEND,
    "request too slow": request(timeout=1) + UP + pass_time(1_000) + SEND + reply(),
    "authenticate": UP + AUTHENTICATE + SEND + ack(auth=True) + AUTHENTICATE + SEND + error("auth", 1),
    "token refused": OPEN + SEND + error("", 1) + END + OPEN + SEND + error("", 2) + END_FOR_GOOD,
    "closed": publish() + request() + LIVE + publish() + END_FOR_GOOD + UP + subscribed() + event(),
    "goaway": UP + goaway(100, 0) + pass_time(100) + END + UP + goaway(0, 200) + pass_time(1_000),
    "heartbeat": UP + send_some(0, 17) + send_some(1) + pong() + send_some(1, 18) + pass_time(1_000) + pong(18),
    "far times": (
        OPEN + SEND + welcome(now=2**53 - 1, heartbeat=2**53 - 1, dedup=(2, 2**53 - 1)) + goaway(2**53 - 1, 2**53 - 1)
    ),
    "nothing before welcome": subscribe() + OPEN + SEND + subscribed(),
    "welcome twice": UP + welcome() + event() + pass_time(1_000),
    "spoiled": LIVE + event(spoiled=243) + event() + END + UP,
    "not the text it says": UP + say_bytes(b'\x17{"op":"reply","id":1}\n\xff', binary=True),
    "malformed": publish() + UP + say_bytes(b"") + ack() + END + UP + say_bytes(b"\xff\xff", binary=True) + SEND,
}


def cases():
    return json.loads((TESTS / "vectors" / "heads.json").read_text(encoding="utf-8"))


def to_bytes(value):
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, list):
        return b"".join(map(to_bytes, value))
    return bytes.fromhex(value["hex"]) if "hex" in value else to_bytes(value["repeat"]) * value["times"]


def vectors():
    """Every operation's heads, to a session that has asked for something; what is malformed comes last."""
    groups = {}
    for case in cases():
        head = to_bytes(case["head"])
        if case["to"] == "client" and head and len(head) < LARGEST // 8:
            groups.setdefault(case["name"].split(":")[0], []).append((case.get("malformed", False), head))
    asked = subscribe("ticker/AAPL") + publish() + request()
    for name, heads in groups.items():
        before = asked + (OPEN + SEND if name == "welcome" else UP)
        payload = b"\x1e".join(head for _, head in sorted(heads, key=lambda each: each[0]))
        yield f"heads {name}", before + say_bytes(payload) + SEND


def main():
    shutil.rmtree(CORPUS, ignore_errors=True)
    CORPUS.mkdir(parents=True)
    count = 0
    for name, steps in [*COURSES.items(), *vectors()]:
        for delay in [b"\0", b"\1"] if name.startswith("publish") else [b"\0"]:
            suffix = " delayed" if delay != b"\0" else ""
            content = delay + steps
            if len(content) <= LARGEST:
                (CORPUS / re.sub(r"[^a-z0-9]+", "-", (name + suffix).lower())).write_bytes(content)
                count += 1
    print(f"{count} files in {CORPUS}")


main()
