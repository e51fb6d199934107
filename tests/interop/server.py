#!/usr/bin/env python3
"""A server of "tidewire.v1" with made-up prices, short enough to be read at once. Usage: server.py [port]"""

import asyncio
import collections
import json
import math
import sys
import time
import websockets

EPOCH = f"e{time.time_ns()}"  # Nothing outlives the server, so each start begins new streams.
PRICES = {"AAPL": 170, "MSFT": 410, "NVDA": 120}
CHANNELS = collections.defaultdict(lambda: {"seq": 0, "events": [], "subscribers": set()})


def now():
    return time.time_ns() // 1_000_000


def append(name, body, **fields):
    channel = CHANNELS[name]
    channel["seq"] += 1
    event = frame({"op": "event", "channel": name, "seq": channel["seq"], "ts": now(), **fields}, body)
    channel["events"] = channel["events"][-999:] + [(channel["seq"], event, body)]  # For those who come back.
    websockets.broadcast(channel["subscribers"], event)
    return channel["seq"]


def frame(head, body=None):
    """Always in binary framing, which carries every body."""
    message = json.dumps(head).encode() + (b"" if body is None else b"\n" + body)
    length, rest = [], len(message)
    while rest > 0x7F:
        length, rest = length + [rest & 0x7F | 0x80], rest >> 7
    return bytes(length + [rest]) + message


def messages_of(payload):
    if isinstance(payload, str):
        yield from payload.encode().split(b"\x1e")
        return
    at = 0
    while at < len(payload):
        length, shift, more = 0, 0, True
        while more:  # Seven bits of it in each byte, up to one without the eighth.
            length |= (payload[at] & 0x7F) << shift
            at, shift, more = at + 1, shift + 7, payload[at] > 0x7F
        yield payload[at : at + length]
        at += length


def answers_to(client, head, body):
    op, channel, about = head["op"], head.get("channel"), {"id": head["id"]} if "id" in head else {}

    def error(code):
        return frame({"op": "error", **about, "code": code})

    if op == "hello":
        return [frame({"op": "welcome", "v": 1, "resumed": False, "now": now()})]
    if op == "ping":
        return [frame({"op": "pong", "t": head["t"], "now": now()})]
    if op == "subscribe":
        at, since = CHANNELS[channel], head.get("since")
        seq, kept = at["seq"], len(at["events"])
        start = since["seq"] if since else seq - min(head.get("last", 0), kept)
        recovered = (not since or since["epoch"] == EPOCH) and seq - kept <= start <= seq
        at["subscribers"].add(client)
        first = {"op": "subscribed", **about, "epoch": EPOCH, "seq": seq, "recovered": recovered, "from": start}
        return [frame(first)] + [event for number, event, _ in at["events"] if recovered and number > start]
    if op == "unsubscribe":
        CHANNELS[channel]["subscribers"].discard(client)
        return [frame({"op": "unsubscribed", **about, "channel": channel})]
    if op == "publish":
        seq = append(channel, body, **({"type": head["type"]} if "type" in head else {}))
        return [frame({"op": "ack", **about, "seq": seq})] if about else []
    if op == "request" and head["method"] == "symbols":
        return [frame({"op": "reply", **about}, json.dumps(list(PRICES)).encode())]
    if op == "request" and head["method"] == "quote":
        newest = CHANNELS["ticker/" + json.loads(body)["symbol"]]["events"][-1:]
        return [frame({"op": "reply", **about}, event[2]) for event in newest] or [error("unknown-channel")]
    return [] if op == "cancel" else [error("unknown-method" if op == "request" else "unknown-op")]


async def serve(client, *_):
    greeted = False
    try:
        async for payload in client:
            for message in messages_of(payload):
                head, _, body = message.partition(b"\n")
                head = json.loads(head.decode())
                if (head["op"] == "hello") == greeted:
                    return await client.close(4001, "hello comes first, and once")
                greeted = True
                for answer in answers_to(client, head, body):
                    websockets.broadcast({client}, answer)
    except (ValueError, KeyError, TypeError, IndexError, websockets.ConnectionClosed) as error:
        await client.close(4000, str(error)[:100])
    finally:
        for channel in CHANNELS.values():
            channel["subscribers"].discard(client)


async def main():
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8090
    async with websockets.serve(serve, "127.0.0.1", port, subprotocols=["tidewire.v1"]) as server:
        print(f"listening on ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
        while True:
            for symbol, first in PRICES.items():
                seq = CHANNELS["ticker/" + symbol]["seq"] + 1
                change = round(5 * math.sin(seq / 50 + first), 2)
                price = round(first * (1 + change / 100), 2)
                tick = {"symbol": symbol, "price": price, "change": change, "seq": seq, "ts": now()}
                append("ticker/" + symbol, json.dumps(tick).encode())
            await asyncio.sleep(0.05)


asyncio.run(main())
