#!/usr/bin/env python3
"""A client of Eddy in Python, written from docs/protocol.md alone.

    apt-get install python3-websockets python3-msgpack
    python3 examples/client.py ws://127.0.0.1:4000 pump

It opens a sequence, pushes 200 steps in blocks of 20, and prints the hidden state and the forecast that come back. Then it
teaches a second sequence, NAME-taught, whose targets come after their steps, and waits until they are kept.
"""
import asyncio
import math
import struct
import sys

import msgpack
import websockets

FEATURES, UNITS, BLOCK, STEPS = 2, 8, 20, 200


def pack(values):
    """Vectors are the bytes of little-endian float32."""
    return struct.pack(f"<{len(values)}f", *values)


def unpack(data):
    return struct.unpack(f"<{len(data) // 4}f", data)


async def main(url, name):
    async with websockets.connect(f"{url}/stream", subprotocols=["eddy.v1.msgpack"], max_size=None) as socket:

        async def send(**message):
            await socket.send(msgpack.packb(message))

        async def receive():
            message = msgpack.unpackb(await socket.recv())
            if message["type"] == "error":
                raise RuntimeError(f"{message['code']}: {message['message']}")
            return message

        await send(type="hello", version=1, agent="client.py")
        print((await receive())["server"])

        spec = {"features": FEATURES, "units": UNITS}
        await send(type="open", id=1, sequence=name, mode="either", spec=spec)
        opened = await receive()
        channel, seq = opened["channel"], opened["seq"] + 1
        for i, view in enumerate(["states", "predictions"]):
            await send(type="subscribe", id=2 + i, sequence=name, view=view)

        last = seq + STEPS - 1
        while seq <= last:
            x = [f(0.2 * t) for t in range(seq, seq + BLOCK) for f in (math.sin, math.cos)]
            await send(type="steps", channel=channel, seq=seq, count=BLOCK, x=pack(x))
            seq += BLOCK

        acked, h, y = -1, (), ()
        while acked < last or not y:
            message = await receive()
            if message["type"] == "ack":
                acked = message["seq"]
            elif message["type"] == "states":
                h = unpack(message["h"])[-UNITS:]
            elif message["type"] == "predictions" and message["seq"] + message["count"] > last:
                y = unpack(message["y"])[-FEATURES:]
        print(f"step {acked} is durable")
        print("h", " ".join(f"{value:.3f}" for value in h))
        print("forecast", " ".join(f"{value:.3f}" for value in y))

        spec = {"features": 1, "units": UNITS, "task": {"kind": "supervised", "outputs": 1}}
        await send(type="open", id=4, sequence=f"{name}-taught", mode="either", spec=spec)
        while (message := await receive()).get("re") != 4:
            pass
        channel, seq = message["channel"], message["seq"] + 1
        times = range(seq, seq + BLOCK)
        await send(type="steps", channel=channel, seq=seq, count=BLOCK, x=pack([math.sin(0.2 * t) for t in times]))
        # without its answer this may be sent again, after a broken connection too: each target counts once
        await send(type="targets", id=5, channel=channel, seq=seq, targets=pack([math.cos(0.2 * t) for t in times]))
        while (message := await receive()).get("re") != 5:
            pass
        print(f"{BLOCK - message.get('refused', 0)} targets from step {seq} on are durable")


asyncio.run(main(*sys.argv[1:3]))
