"""Python's websockets, with its C extension."""

import argparse
import asyncio
import json
import ssl
import sys
import time

import websockets

UNSUPPORTED = 3


def read_settings():
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario")
    parser.add_argument("--url", required=True)
    parser.add_argument("--ca", default="")
    for name, value in (("messages", 1), ("bytes", 64), ("window", 64), ("batch", 1), ("connections", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--text", action="store_true")
    return parser.parse_args()


class Meter:
    def start(self):
        self.cpu, self.wall = -time.process_time(), -time.monotonic()

    def stop(self):
        self.cpu += time.process_time()
        self.wall += time.monotonic()

    def print(self, messages, **values):
        print(json.dumps({**values, "messages": messages, "cpu": self.cpu, "wall": self.wall}), flush=True)


def connect(settings):
    trust = ssl.create_default_context(cafile=settings.ca) if settings.ca else None
    return websockets.connect(
        settings.url, ssl=trust, compression=None, max_size=None, max_queue=None, read_limit=1 << 20, write_limit=1 << 20,
        ping_interval=None,
    )


async def receive(socket, settings, meter):
    await socket.recv()
    meter.start()
    for _ in range(settings.messages - 1):
        await socket.recv()
    meter.stop()
    meter.print(settings.messages - 1)


async def send(socket, settings, meter):
    payload = payload_of(settings)
    meter.start()
    for _ in range(settings.messages):
        await socket.send(payload)
    await socket.recv()
    meter.stop()
    meter.print(settings.messages)


async def batches(socket, settings, meter):
    payload = payload_of(settings)
    meter.start()
    left = settings.messages
    while left > 0:
        await socket.recv()
        for _ in range(min(settings.batch, left)):
            await socket.send(payload)
        left -= settings.batch
    while await socket.recv() != "done":
        pass
    meter.stop()
    meter.print(settings.messages)


async def ping_pong(socket, settings, meter):
    payload = payload_of(settings)
    trips = []
    meter.start()
    for _ in range(settings.messages):
        sent = time.perf_counter()
        await socket.send(payload)
        await socket.recv()
        trips.append(time.perf_counter() - sent)
    meter.stop()
    trips.sort()
    meter.print(settings.messages, p50=trips[len(trips) // 2], p99=trips[len(trips) * 99 // 100])


async def echo(socket, settings, meter):
    payload = payload_of(settings)
    meter.start()
    ahead = min(settings.window, settings.messages)
    for _ in range(ahead):
        await socket.send(payload)
    for received in range(settings.messages):
        await socket.recv()
        if received < settings.messages - ahead:
            await socket.send(payload)
    meter.stop()
    meter.print(settings.messages)


def payload_of(settings):
    return "x" * settings.bytes if settings.text else b"x" * settings.bytes


async def connect_and_close(settings, meter):
    for round in range(settings.messages + 1):
        if round == 1:
            meter.start()
        async with connect(settings):
            pass
    meter.stop()
    meter.print(settings.messages)


COURSES = {"receive": receive, "send": send, "batches": batches, "ping-pong": ping_pong, "echo": echo}


async def main():
    settings = read_settings()
    meter = Meter()
    if settings.scenario == "connect":
        await connect_and_close(settings, meter)
    elif settings.scenario in COURSES:
        async with connect(settings) as socket:
            await COURSES[settings.scenario](socket, settings, meter)
    else:
        sys.exit(UNSUPPORTED)


asyncio.run(main())
