"""A server of "tidewire.v1" with made-up prices: what the dashboards need of it. Usage: python3 server.py PORT"""

import asyncio, json, math, sys, time, uuid
import websockets

EPOCH = uuid.uuid4().hex  # Nothing outlives the server, so each start begins new streams.
PRICES = {"AAPL": 170, "MSFT": 410, "NVDA": 120}
EVENTS = {f"ticker/{symbol}": [] for symbol in PRICES}  # Of each channel the newest hundred, as heads and bodies.
CLIENTS = {}  # Which channels each of them is subscribed to.


def send(clients, head, body=""):
    """In text framing, which is enough here: JSON escapes what separates messages."""
    websockets.broadcast(clients, json.dumps(head) + (body and "\n" + body))


def subscribe(client, id, channel, since=None, last=0, conflate=False, **_):
    events, seq = EVENTS[channel], EVENTS[channel][-1][0]["seq"]
    missed = seq - since["seq"] if since else min(last, len(events))
    recovered = (not since or since["epoch"] == EPOCH) and missed >= 0 and (conflate or missed <= len(events))
    start = seq - missed if recovered else seq
    send({client}, {"op": "subscribed", "id": id, "epoch": EPOCH, "seq": seq, "recovered": recovered, "from": start})
    for head, body in events[-1:] if conflate else events:  # Who conflates is content with the newest.
        if head["seq"] > start:
            send({client}, {**head, "skipped": seq - start - 1 if conflate else 0}, body)
    CLIENTS[client].add(channel)


def answer(client, op, head):
    if op == "hello":
        CLIENTS[client] = set()
        send({client}, {"op": "welcome", "v": 1, "resumed": False, "now": time.time_ns() // 1_000_000})
    elif op == "ping":
        send({client}, {"op": "pong", "t": head["t"], "now": time.time_ns() // 1_000_000})
    elif op == "subscribe" and head["channel"] in EVENTS and head["channel"] not in CLIENTS[client]:
        subscribe(client, **head)
    elif op == "unsubscribe":
        CLIENTS[client].discard(head["channel"])
        send({client}, {"op": "unsubscribed", "id": head["id"], "channel": head["channel"]})
    elif op == "request" and head["method"] == "symbols":
        send({client}, {"op": "reply", "id": head["id"]}, json.dumps(list(PRICES)))
    else:
        of_channel = "already-subscribed" if head.get("channel") in EVENTS else "unknown-channel"
        error = {"op": "error", "code": {"subscribe": of_channel, "request": "unknown-method"}.get(op, "unknown-op")}
        send({client}, {**error, "id": head["id"]} if "id" in head or op in ("subscribe", "request") else error)


async def serve(client):
    try:
        async for payload in client:
            if isinstance(payload, bytes):
                return await client.close(1003, "text framing alone")
            for head in [json.loads(text.partition("\n")[0]) for text in payload.split("\x1e")]:
                if head["op"] != "hello" and client not in CLIENTS:
                    return await client.close(4001, "hello comes first")
                if head["op"] == "hello" and client in CLIENTS:
                    raise ValueError("a second hello")
                answer(client, head["op"], head)
    except (KeyError, TypeError, ValueError, RecursionError, websockets.ConnectionClosed):  # Or gone.
        send({client}, {"op": "error", "code": "malformed"})
        await client.close(4000, "malformed")
    finally:
        CLIENTS.pop(client, None)


async def main():
    async with websockets.serve(serve, "127.0.0.1", int(sys.argv[1]), subprotocols=["tidewire.v1"]) as server:
        print(f"listening on ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
        for seq in range(1, 2**53):
            for symbol, first in PRICES.items():
                name, ts, change = f"ticker/{symbol}", time.time_ns() // 1_000_000, math.sin(seq / 50 + first)
                price, change = round(first * (1 + change / 100), 2), round(change, 2)
                tick = json.dumps({"symbol": symbol, "price": price, "change": change, "seq": seq, "ts": ts})
                EVENTS[name] = EVENTS[name][-99:] + [({"op": "event", "channel": name, "seq": seq, "ts": ts}, tick)]
                send([client for client, names in CLIENTS.items() if name in names], *EVENTS[name][-1])
            await asyncio.sleep(0.05)


asyncio.run(main())
