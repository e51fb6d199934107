#!/usr/bin/env python3
"""Writes corpus/protocol from tests/vectors: a file for each framing case, one for the heads of each operation, and one
for the bodies that some have.

The layout of an input is described in protocol_fuzz.cpp. Run this after changing the vectors, and commit what it writes.
"""

import json
import pathlib
import re
import shutil

TESTS = pathlib.Path(__file__).resolve().parent.parent
CORPUS = TESTS / "fuzz" / "corpus" / "protocol"
LARGEST = 4096


def cases(name):
    return json.loads((TESTS / "vectors" / name).read_text(encoding="utf-8"))


def to_bytes(value):
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, list):
        return b"".join(map(to_bytes, value))
    return bytes.fromhex(value["hex"]) if "hex" in value else to_bytes(value["repeat"]) * value["times"]


def framing_inputs():
    for case in cases("framing.json"):
        kind = b"\x01" if case["kind"] == "binary" else b"\x00"
        yield case["name"], kind + to_bytes(case["payload"])


def head_inputs():
    groups = {}
    for case in cases("heads.json"):
        head = to_bytes(case["head"])
        if case["to"] == "client" and head and len(head) < LARGEST // 4:
            groups.setdefault("heads " + case["name"].split(":")[0], []).append(head)
    for name, heads in groups.items():
        yield name, b"\x00" + b"\x1e".join(heads)


def body_inputs():
    for case in cases("heads.json"):
        head = to_bytes(case["head"])
        if case["to"] == "client" and case.get("value", {}).get("type") and len(head) < 128:
            yield f"{case['name']} text", b"\x00" + head + b"\n\xc3\xa9"
            for body in (b"\xc3\xa9\x1e", b"\xff"):
                message = head + b"\n" + body
                if len(message) < 128:
                    yield f"{case['name']} {body.hex()}", b"\x01" + bytes([len(message)]) + message


def main():
    shutil.rmtree(CORPUS, ignore_errors=True)
    CORPUS.mkdir(parents=True)
    for name, content in [*framing_inputs(), *head_inputs(), *body_inputs()]:
        if len(content) <= LARGEST:
            (CORPUS / re.sub(r"[^a-z0-9]+", "-", name.lower().replace("+", "plus"))).write_bytes(content)


main()
