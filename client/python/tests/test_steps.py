"""Steps go in by rows, arrays and frames, and come back as they were."""
from __future__ import annotations

import asyncio
import math
import unittest
from datetime import datetime, timezone

from eddy_client import EddyError, connect

from server import ServedTest

try:
    import numpy as np
    import pandas as pd
except ImportError:
    np = pd = None  # type: ignore[assignment]

START = 1_700_000_000_000
FIELDS = [{"name": "pressure", "unit": "hPa"}, "flow"]


def wave(count: int, begin: int = 0) -> list[list[float]]:
    return [[math.sin(0.2 * t), 3 + math.cos(0.2 * t)] for t in range(begin, begin + count)]


class Steps(ServedTest):
    async def test_rows_by_number_and_by_name_are_the_same_steps(self) -> None:
        rows = wave(700)
        async with connect(self.server.url) as client:
            for name, given in (
                ("listed", rows),
                ("named", [{"flow": flow, "pressure": pressure} for pressure, flow in rows]),
            ):
                async with client.open(name, {"units": 4}, fields=FIELDS) as sequence:
                    self.assertEqual(await sequence.push(given, t=[START + 1000 * i for i in range(700)]), 700)
                    self.assertEqual(await sequence.durable(), 699)
                    self.assertEqual(sequence.unacked, 0)
            listed, named = [await client.history(name, "inputs") for name in ("listed", "named")]
            states = [await client.history(name, "states", last=50) for name in ("listed", "named")]
        self.assertEqual([row for one in listed for row in one.values.tolist()], rows)
        self.assertEqual([row for one in named for row in one.values.tolist()], rows)
        self.assertEqual(listed[0].t.tolist()[:2], [START, START + 1000])
        self.assertEqual(listed[0].names, ("pressure", "flow"))
        self.assertEqual(*[[row for one in all_ for row in one.values.tolist()] for all_ in states])

    @unittest.skipIf(pd is None, "pandas is not installed")
    async def test_a_frame_is_taken_by_its_columns_and_its_index(self) -> None:
        rows = np.array(wave(300))
        rows[7, 1] = math.nan
        index = pd.date_range("2026-03-01T00:00", periods=300, freq="1min", tz="Europe/Berlin")
        frame = pd.DataFrame({"flow": rows[:, 1], "pressure": rows[:, 0]}, index=index)
        async with connect(self.server.url) as client, client.open("frame", {"units": 4}, fields=FIELDS) as pump:
            await pump.push(frame)
            await pump.durable()
            back = (await client.history("frame", "inputs")).frame()
            forecast = (await client.history("frame", last=3)).frame()
            with self.assertRaises(EddyError) as refused:
                await pump.push(frame.rename(columns={"flow": "flaw"}))
        np.testing.assert_array_equal(back[["pressure", "flow"]].to_numpy(), rows)
        self.assertEqual(list(back.index), list(index.tz_convert("UTC")))
        self.assertEqual(list(back["seq"]), list(range(300)))
        self.assertIn("pressure", forecast.columns)
        self.assertEqual(refused.exception.code, "field-unknown")
        self.assertIn("flaw", str(refused.exception))

    @unittest.skipIf(np is None, "numpy is not installed")
    async def test_arrays_keep_every_bit_of_their_float64(self) -> None:
        rows = np.random.default_rng(1).standard_normal((5000, 2)) * 1e-3 + 1013.123456789
        async with connect(self.server.url) as client, client.open("bits", {"units": 4}, fields=FIELDS) as pump:
            async with client.watch("bits", "inputs") as inputs:
                await pump.push(rows)
                seen = await inputs.frame(5000)
        self.assertTrue((seen[["pressure", "flow"]].to_numpy() == rows).all())

    async def test_a_past_longer_than_what_may_wait_comes_whole_however_slowly_it_is_read(self) -> None:
        spec = {"features": 96, "units": 2, "readout": {"kind": "none"}}
        async with connect(self.server.url) as client, client.open("long", spec) as pump:
            await pump.push([row * 48 for row in wave(6000)], t=[START + i for i in range(6000)])
            await pump.durable()
            for end, count in ((None, 6000), (START + 5499, 5500)):
                async with client.watch("long", "inputs", last=6000, to=end) as inputs:
                    await asyncio.sleep(0.5)
                    seen = await inputs.collect(6000 if end is None else None)
                self.assertGreater(len(seen), 16)
                self.assertEqual([one.skipped for one in seen], [0] * len(seen))
                self.assertEqual(sum(one.count for one in seen), count)
            past = await client.history("long", "inputs", from_=START + 100, to=START + 5999)
            self.assertEqual((past.steps, past[0].seq), (5900, 100))
            with self.assertRaises(EddyError) as unknown:
                await client.history("misspelt")
            self.assertEqual(unknown.exception.code, "sequence-unknown")

    async def test_what_is_wrong_is_refused_before_anything_is_taken(self) -> None:
        async with connect(self.server.url) as client, client.open("wrong", {"units": 4}, fields=FIELDS) as pump:
            for rows, t, code in (
                ([[1, 2], [3]], None, "step-shape"),
                ([[1, math.inf]], None, "step-non-finite"),
                ([[1, 1e39]], None, "step-non-finite"),
                ([["one", 2]], None, "step-shape"),
                ([{"pressure": 1, "flaw": 2}], None, "field-unknown"),
                ([[1, 2]], [1, 2], "step-time"),
            ):
                with self.subTest(rows=rows), self.assertRaises(EddyError) as refused:
                    await pump.push(rows, t=t)
                self.assertEqual(refused.exception.code, code)
                self.assertFalse(refused.exception.temporary)
            with self.assertRaises(EddyError) as refused:
                await pump.push([[1, 2]], targets=[[1]])
            self.assertEqual(refused.exception.code, "target-unexpected")
            await pump.push([[1, None]])
            self.assertEqual(await pump.durable(), 0)

    async def test_a_step_that_the_server_refuses_stops_the_pushing_and_says_why(self) -> None:
        heard: list[EddyError] = []
        async with connect(self.server.url, on_error=heard.append) as client:
            pump = await client.open("late", {"units": 4}, fields=FIELDS)
            await pump.push(wave(2), t=[datetime(2026, 1, 1, second=i, tzinfo=timezone.utc) for i in range(2)])
            await pump.durable()
            await pump.push(wave(1), t=[START])
            with self.assertRaises(EddyError) as refused:
                await pump.durable()
            self.assertEqual(refused.exception.code, "step-late")
            self.assertEqual([error.code for error in heard], ["step-late"])
            with self.assertRaises(EddyError):
                await pump.push(wave(1))
            await pump.close()

    async def test_appends_with_one_key_count_once(self) -> None:
        async with connect(self.server.url) as client, client.open("appended", {"units": 4}, fields=FIELDS) as pump:
            first = await pump.append({"flow": 1, "pressure": None}, t=START, key="k1")
            again = await pump.append([None, 1], t=START, key="k1")
            by_name = await client.append("appended", {"flow": True}, t=START + 1000, key="k2")
            with self.assertRaises(EddyError) as refused:
                await pump.append([2, 1], t=START, key="k1")
            rows = (await client.history("appended", "inputs"))[0].values.tolist()
        self.assertEqual((first, again, by_name), (0, 0, 1))
        self.assertEqual(refused.exception.code, "key-conflict")
        self.assertEqual([[row[1]] for row in rows], [[1], [1]])
        self.assertTrue(all(math.isnan(row[0]) for row in rows))

    async def test_targets_go_with_their_steps_or_later(self) -> None:
        spec = {"features": 1, "units": 4, "task": {"kind": "supervised", "outputs": 1, "delay": 64}}
        async with connect(self.server.url) as client, client.open("taught", spec) as taught:
            await taught.push([[0.1], [0.2]], targets=[[1], [2]])
            await taught.push([[0.1 * i] for i in range(20)])
            self.assertEqual(await taught.learn(2, [[0.5]] * 20), 20)
            await taught.durable()
            with self.assertRaises(EddyError) as refused:
                await taught.learn(2, [[0.7]])
            (listed,) = [one for one in await client.list() if one["sequence"] == "taught"]
        self.assertEqual(listed["scored"], 22)
        self.assertEqual(refused.exception.code, "target-duplicate")

    async def test_settings_keep_their_place_between_the_steps(self) -> None:
        async with connect(self.server.url) as client, client.open("set", {"units": 4}, fields=FIELDS) as pump:
            await pump.push(wave(40))
            await pump.configure(learning=False)
            await pump.push(wave(40, 40))
            await pump.configure(learning=True, learning_rate=0.01)
            await pump.reset("state")
            await pump.checkpoint()
            await pump.durable()
            events = await client.watch("set", "events", last=80).collect(4)
        places = [(event["event"], event["seq"]) for event in events if event["event"] != "health"]
        self.assertIn(("learning-paused", 39), places)
        self.assertTrue(all(seq >= 39 for _, seq in places))


if __name__ == "__main__":
    unittest.main()
