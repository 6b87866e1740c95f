"""Connections break and servers die: nothing is lost, and nothing counts twice."""
from __future__ import annotations

import asyncio
import hashlib
import json
import pathlib
import tempfile
import unittest

from eddy_client import EddyError, connect

from server import Server, ServedTest

STEPS, KILLS = 6000, 4
FAST = (0.01, 0.05)


def row(i: int) -> list[float]:
    """Tells by its numbers which step it is."""
    return [float(i), float(i % 7)]


class ComingBack(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.server = Server()
        self.addCleanup(self.server.end)

    async def killed_now_and_then(self, done: "asyncio.Event") -> int:
        """Kills the server and starts it again, until it was often enough."""
        kills = 0
        while kills < KILLS and not done.is_set():
            await asyncio.sleep(0.15)
            await asyncio.to_thread(self.server.kill)
            await asyncio.to_thread(self.server.start)
            kills += 1
        return kills

    async def test_pushes_appends_and_watches_go_on_over_kills(self) -> None:
        heard: list[EddyError] = []
        done = asyncio.Event()
        async with connect(self.server.url, back_off=FAST, on_error=heard.append) as client:
            pushed = await client.open("pushed", {"features": 2, "units": 4})
            appended = await client.open("appended", {"features": 2, "units": 4})
            watch = await client.watch("pushed", "inputs").ready()
            seen = asyncio.ensure_future(watch.collect(STEPS))
            killing = asyncio.ensure_future(self.killed_now_and_then(done))

            async def push() -> None:
                at = 0
                while at < STEPS or not killing.done():
                    count = 1 + at % 60
                    await pushed.push([row(i) for i in range(at, at + count)])
                    at += count
                    await asyncio.sleep(0.002)
                self.pushed = at
                await pushed.durable()

            async def append() -> list[int]:
                numbers: list[int] = []
                while not killing.done() or len(numbers) < 400:
                    at = len(numbers)
                    numbers += await asyncio.gather(*(appended.append(row(i)) for i in range(at, at + 20)))
                return numbers

            _, numbers, kills = await asyncio.wait_for(asyncio.gather(push(), append(), killing), 90)
            inputs = await asyncio.wait_for(seen, 60)
            kept = await client.history("pushed", "inputs")
            kept_appends = await client.history("appended", "inputs")
            await pushed.close()
        self.assertEqual(kills, KILLS)
        self.assertGreaterEqual(sum(error.code == "connection-lost" for error in heard), KILLS)
        # every step once, in order, in the store
        self.assertEqual([int(x) for one in kept for x, _ in one.values.tolist()], list(range(self.pushed)))
        # and each number that an append was told is that of its step, once
        told = {seq: i for i, seq in enumerate(numbers)}
        self.assertEqual(len(told), len(numbers))
        stored = [int(x) for one in kept_appends for x, _ in one.values.tolist()]
        self.assertEqual(len(stored), len(numbers))
        self.assertEqual([told[seq] for seq in range(len(stored))], stored)
        # the watcher saw each step, or was told how many it missed; what a kill had taken back came again, and alike
        next_seq, taken_back = 0, 0
        for one in inputs:
            self.assertLessEqual(one.seq, next_seq + one.skipped)
            taken_back += one.seq < next_seq
            next_seq = one.seq + one.count
            self.assertEqual([int(x) for x, _ in one.values.tolist()], list(range(one.seq, next_seq)))
        self.assertLessEqual(taken_back, kills)

    async def test_a_server_that_takes_its_leave_is_found_again(self) -> None:
        heard: list[EddyError] = []
        async with connect(self.server.url, back_off=FAST, on_error=heard.append) as client:
            async with client.open("leave", {"features": 1, "units": 2}) as leave:
                await leave.push([[1.0]])
                await leave.durable()
                await asyncio.to_thread(self.server.stop)
                await leave.push([[2.0], [3.0]])
                await asyncio.to_thread(self.server.start)
                self.assertEqual(await asyncio.wait_for(leave.durable(), 30), 2)
        self.assertEqual(heard[0].code, "server-shutdown")
        self.assertTrue(heard[0].temporary)


class Tokens(unittest.IsolatedAsyncioTestCase):
    async def test_a_token_lets_in_and_a_wrong_one_is_told_at_once(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            listed = {"name": "n", "hash": hashlib.sha256(b"secret").hexdigest(), "roles": ["produce"], "sequences": ["a*"]}
            tokens = pathlib.Path(folder, "tokens.json")
            tokens.write_text(json.dumps([listed]), "utf-8")
            server = Server("--tokens", str(tokens))
            self.addCleanup(server.end)
        asked = 0

        async def token() -> str:
            nonlocal asked
            asked += 1
            return "secret"

        async with connect(server.url, token=token) as client, client.open("a1", {"features": 1, "units": 1}) as one:
            await one.push([[1.0]])
            self.assertEqual(await one.durable(), 0)
            with self.assertRaises(EddyError) as denied:
                await client.open("b1", {"features": 1, "units": 1})
            self.assertEqual(denied.exception.code, "permission-denied")
        self.assertEqual(asked, 1)
        with self.assertRaises(EddyError) as wrong:
            await connect(server.url, token="guess")
        self.assertEqual((wrong.exception.code, wrong.exception.temporary), ("unauthorized", False))
        self.assertNotIn("guess", str(wrong.exception))


class Refusals(ServedTest):
    async def test_a_server_that_is_not_there_is_told_within_the_wait(self) -> None:
        with self.assertRaises(EddyError) as lost:
            await connect("ws://127.0.0.1:1", wait=0.3)
        self.assertEqual((lost.exception.code, lost.exception.temporary), ("connection-lost", True))
        with self.assertRaises(EddyError) as wrong:
            await connect("gopher://127.0.0.1")
        self.assertEqual(wrong.exception.code, "config-invalid")
        with self.assertRaises(EddyError) as other:
            await connect(f"{self.server.url}/elsewhere")
        self.assertEqual(other.exception.code, "connection-refused")

    async def test_errors_are_told_by_their_code(self) -> None:
        async with connect(self.server.url) as client:
            with self.assertRaises(EddyError) as unknown:
                await client.open("nobody", mode="resume")
            self.assertEqual((unknown.exception.code, unknown.exception.temporary), ("sequence-unknown", True))
            with self.assertRaises(EddyError) as invalid:
                await client.open("bad name", {"features": 1, "units": 1})
            self.assertEqual((invalid.exception.code, invalid.exception.temporary), ("sequence-name-invalid", False))
            with self.assertRaises(EddyError) as view:
                async with client.watch("not there", "states"):
                    pass
            self.assertEqual(view.exception.code, "sequence-name-invalid")
            one = await client.open("twice", {"features": 1, "units": 1})
            with self.assertRaises(EddyError) as twice:
                await client.open("twice")
            self.assertEqual(twice.exception.code, "sequence-exists")
        with self.assertRaises(EddyError) as closed:
            await one.push([[1.0]])
        self.assertEqual(closed.exception.code, "client-closed")

    async def test_a_watch_waits_for_a_sequence_that_is_not_there_yet(self) -> None:
        async with connect(self.server.url, back_off=FAST) as client:
            watch = client.watch("later", "inputs", last=10)
            await asyncio.sleep(0.1)
            async with client.open("later", {"features": 1, "units": 1}) as later:
                await watch.ready()
                await later.push([[1.0], [2.0]])
                await later.durable()
                self.assertEqual([one.seq for one in await watch.collect(2)][0], 0)


if __name__ == "__main__":
    unittest.main()
