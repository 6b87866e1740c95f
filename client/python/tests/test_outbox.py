"""Numbers stay with their steps, whatever is sent again, acknowledged in part, or lost by the server."""
from __future__ import annotations

import random
import unittest

from eddy_client.numeric import from_bytes, to_doubles
from eddy_client.outbox import Block, Outbox
from eddy_client.retry import Retry


def block(first: int, count: int) -> Block:
    return Block(count, to_doubles(range(first, first + count)))


class Numbered(unittest.TestCase):
    def test_however_it_is_disturbed_a_server_takes_each_step_once_and_in_order(self) -> None:
        for seed in range(200):
            draw = random.Random(seed)
            outbox, pushed, taken, durable, acked = Outbox(), 0, [0.0] * 0, -1, 0
            outbox.resume(-1)
            for _ in range(300):
                what = draw.random()
                if what < 0.3:
                    count = draw.randint(1, 40)
                    outbox.add(block(pushed, count))
                    pushed += count
                elif what < 0.7:
                    sent = outbox.take(draw.randint(1, 64), draw.randint(2, 80), 100)
                    if sent is not None:
                        numbers = list(from_bytes(sent.x, "d"))
                        self.assertLessEqual(sent.seq, len(taken))
                        self.assertEqual(taken[sent.seq : sent.seq + sent.count], numbers[: len(taken) - sent.seq])
                        taken += numbers[len(taken) - sent.seq :]
                elif what < 0.9:
                    durable = max(durable, draw.randint(-1, len(taken) - 1))
                    acked += outbox.ack(durable)
                else:
                    # a killed server has what was acked, and perhaps more
                    outbox.interrupt()
                    taken = taken[: draw.randint(durable + 1, len(taken))]
                    self.assertIsNone(outbox.resume(len(taken) - 1))
                self.assertEqual(outbox.size, pushed - acked)
                self.assertLessEqual(outbox.in_flight, 100)
            while (sent := outbox.take(64, 10_000, 10**9)) is not None:
                taken += list(from_bytes(sent.x, "d"))[len(taken) - sent.seq :]
            self.assertEqual(taken, [float(i) for i in range(pushed)])

    def test_where_history_was_lost_what_is_left_goes_on_from_there(self) -> None:
        outbox = Outbox()
        outbox.resume(9)
        outbox.add(block(0, 6))
        outbox.take(6, 100, 100)
        outbox.ack(11)
        outbox.interrupt()
        self.assertEqual(outbox.resume(4), 4)
        sent = outbox.take(10, 100, 100)
        assert sent is not None
        self.assertEqual((sent.seq, list(from_bytes(sent.x, "d"))), (5, [2, 3, 4, 5]))

    def test_blocks_with_and_without_times_or_targets_are_not_joined(self) -> None:
        outbox = Outbox()
        outbox.resume(-1)
        outbox.add(block(0, 2))
        outbox.add(block(2, 2))
        outbox.add(Block(1, to_doubles([4]), to_doubles([0])))
        outbox.add(Block(1, to_doubles([5]), None, to_doubles([0])))
        counts = [sent.count for _ in range(4) if (sent := outbox.take(10, 100, 100)) is not None]
        self.assertEqual(counts, [4, 1, 1])


class Waits(unittest.TestCase):
    def test_waits_grow_to_the_longest_and_start_again_after_a_success(self) -> None:
        retry = Retry(0.1, 10, lambda: 1 - 1e-9)
        waits = [round(retry.next(), 3) for _ in range(9)]
        self.assertEqual(waits, [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0, 10.0])
        retry.succeed()
        self.assertEqual(round(retry.next(), 3), 0.2)
        self.assertEqual(Retry(0.1, 10, lambda: 0).next(), 0.1)


if __name__ == "__main__":
    unittest.main()
