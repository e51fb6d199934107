#!/usr/bin/env python3
"""Writes corpus/codec: one small input for each thing that a server may do right or wrong.

The layout of an input is described in codec_fuzz.cpp. Run this after changing it, and commit what it writes.
"""

import pathlib
import shutil
import struct

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
LIMITS = {0: 0, 1: 1, 125: 2, 126: 3, 1000: 4, 65536: 5, 1 << 20: 6, 1 << 24: 7}


def header(opcode, length, fin=True):
    first = bytes([(0x80 if fin else 0) | opcode])
    if length < 126:
        return first + bytes([length])
    if length < 65536:
        return first + b"\x7e" + struct.pack(">H", length)
    return first + b"\x7f" + struct.pack(">Q", length)


def frame(opcode, payload=b"", fin=True):
    return header(opcode, len(payload), fin) + payload


def close(code, reason=b""):
    return frame(CLOSE, struct.pack(">H", code) + reason)


def fragments(opcode, *pieces):
    frames = [frame(opcode, pieces[0], fin=False)]
    frames += [frame(CONTINUATION, piece, fin=False) for piece in pieces[1:-1]]
    return b"".join(frames) + frame(CONTINUATION, pieces[-1])


EURO = "€".encode()
MIXED = "price: 12 €, 漢字, 😀".encode()

STREAMS = {
    "empty": b"",
    "text": frame(TEXT, b"Hello"),
    "text-empty": frame(TEXT),
    "text-nul": frame(TEXT, b"a\0b"),
    "text-mixed": frame(TEXT, MIXED),
    "text-overlong": frame(TEXT, b"\xc0\xaf"),
    "text-surrogate": frame(TEXT, b"\xed\xa0\x80"),
    "text-too-high": frame(TEXT, b"\xf4\x90\x80\x80"),
    "text-cut": frame(TEXT, EURO[:2]),
    "text-bad-early": header(TEXT, 100000) + b"abc\xff",
    "binary": frame(BINARY, bytes(range(256))),
    "binary-125": frame(BINARY, b"x" * 125),
    "binary-126": frame(BINARY, b"x" * 126),
    "binary-unfinished": header(BINARY, 65536) + b"only this",
    "several": frame(TEXT, b"a") + frame(BINARY, b"b") + frame(PING, b"c") + frame(TEXT, b"d"),
    "fragments": fragments(TEXT, b"Hel", b"", b"lo"),
    "fragments-binary": fragments(BINARY, b"\xff", b"\xfe", b"\xfd"),
    "fragments-within-character": fragments(TEXT, EURO[:1], EURO[1:2], EURO[2:]),
    "fragments-bad-text": fragments(TEXT, b"ok", b"\xff", b"late"),
    "fragments-cut-text": fragments(TEXT, b"ok", EURO[:2]),
    "control-between": frame(TEXT, b"He", False) + frame(PING, b"1") + frame(PONG, b"2") + frame(CONTINUATION, b"y"),
    "close-between": frame(TEXT, b"He", False) + close(1001),
    "ping-empty": frame(PING),
    "ping-125": frame(PING, b"p" * 125),
    "ping-126": frame(PING, b"p" * 126),
    "ping-fragmented": frame(PING, b"", False),
    "ping-twice": frame(PING, b"first") + frame(PING, b"second") + close(1000, b"third"),
    "pong": frame(PONG, b"pong"),
    "close-empty": frame(CLOSE),
    "close-one-byte": frame(CLOSE, b"\x03"),
    "close-reason": close(1000, b"bye"),
    "close-reason-bad": close(1000, b"\xff"),
    "close-1005": close(1005),
    "close-999": close(999),
    "close-3000": close(3000, MIXED),
    "close-5000": close(5000),
    "close-then-more": close(1000) + frame(TEXT, b"late"),
    "masked": bytes([0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]),
    "rsv1": bytes([0xC1, 0]),
    "rsv3": bytes([0x92, 0]),
    "opcode-3": bytes([0x83, 0]),
    "opcode-15": bytes([0x8F, 0]),
    "continuation-alone": frame(CONTINUATION, b"a"),
    "interleaved": frame(TEXT, b"a", False) + frame(BINARY, b"b"),
    "length-not-minimal-16": b"\x82\x7e\x00\x05hello",
    "length-not-minimal-64": b"\x82\x7f" + struct.pack(">Q", 65535),
    "length-top-bit": b"\x82\x7f" + struct.pack(">Q", 1 << 63),
    "length-largest": b"\x82\x7f" + struct.pack(">Q", (1 << 63) - 1),
}

# Name: stream, limit.
LIMITED = {
    "limit-0-empty": (frame(TEXT), 0),
    "limit-0-over": (frame(TEXT, b"a"), 0),
    "limit-125-exact": (frame(BINARY, b"x" * 125), 125),
    "limit-125-over": (frame(BINARY, b"x" * 126), 125),
    "limit-125-fragments-over": (fragments(BINARY, b"x" * 100, b"y" * 26), 125),
    "limit-125-two-messages": (fragments(BINARY, b"x" * 100, b"y" * 25) * 2, 125),
}


def main():
    folder = pathlib.Path(__file__).parent / "corpus" / "codec"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    chunkings = [b"", b"\0\1\2", b"\4", b"\1\6\0\40"]
    cases = {name: (stream, 1 << 20) for name, stream in STREAMS.items()} | LIMITED
    for number, (name, (stream, limit)) in enumerate(cases.items()):
        sizes = chunkings[number % len(chunkings)]
        (folder / name).write_bytes(bytes([len(sizes)]) + sizes + bytes([LIMITS[limit]]) + stream)
    print(f"{len(cases)} files in {folder}")


if __name__ == "__main__":
    main()
