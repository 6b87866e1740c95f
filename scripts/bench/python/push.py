"""Pushes blocks with the client in Python, as push.mjs does in TypeScript: arrays, or lists of lists."""
import asyncio
import json
import math
import sys
import time

from eddy_client import connect


async def main(url: str, lists: bool) -> None:
    async with connect(url) as client:
        while line := await asyncio.to_thread(sys.stdin.readline):
            order = json.loads(line)
            steps, block, features = order["steps"], order["block"], order["features"]
            x = [[math.sin(0.37 * (t * features + i)) for i in range(features)] for t in range(steps)]
            if not lists:
                import numpy

                x = numpy.array(x)
            async with client.open(order["name"], order["spec"]) as sequence:
                began = time.perf_counter()
                for at in range(0, steps, block):
                    await sequence.push(x[at : at + block])
                await sequence.durable()
                print(json.dumps({"seconds": time.perf_counter() - began}), flush=True)


asyncio.run(main(sys.argv[1], sys.argv[2:] == ["lists"]))
