"""The client without asyncio, as notebooks use it."""
from __future__ import annotations

import unittest

from eddy_client import EddyError, connect_blocking

from server import Server


class Blocking(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.server = Server()
        cls.addClassCleanup(cls.server.end)

    def test_everything_returns_when_it_is_done(self) -> None:
        with connect_blocking(self.server.url) as client:
            with client.open("pump", {"units": 4}, fields=["flow"]) as pump:
                watched = client.watch("pump", "inputs")
                self.assertEqual(pump.push([[0.1 * i] for i in range(300)]), 300)
                self.assertEqual(pump.sequence.acked, 299)
                self.assertEqual(pump.append({"flow": 2}, key="k"), 300)
                self.assertEqual(client.append("pump", {"flow": 2}, key="k"), 300)
                pump.configure(learning=False)
                pump.reset("state")
                pump.checkpoint()
                seen = 0
                for results in watched:
                    seen += results.count
                    if seen == 301:
                        break
                watched.close()
                self.assertEqual(client.history("pump", "inputs", last=50).steps, 50)
                self.assertFalse(client.list()[0]["learning"])
                with self.assertRaises(EddyError):
                    pump.push([[1.0, 2.0]])
            client.remove("pump")
            self.assertEqual(client.list(), [])

    def test_a_server_that_is_not_there_is_an_error(self) -> None:
        with self.assertRaises(EddyError) as lost:
            connect_blocking("ws://127.0.0.1:1", wait=0.2)
        self.assertEqual(lost.exception.code, "connection-lost")


if __name__ == "__main__":
    unittest.main()
