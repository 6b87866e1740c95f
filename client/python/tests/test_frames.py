"""Frames are written and read as the TypeScript codec writes and reads them: client/vectors holds both."""
from __future__ import annotations

import json
import math
import pathlib
import unittest
from typing import Any

from eddy_client.codec import Parts, decode, encode
from eddy_client.errors import EddyError
from eddy_client.numeric import from_bytes, to_doubles

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "vectors"


def vectors(name: str) -> list[dict[str, Any]]:
    return list(json.loads((VECTORS / name).read_text("utf-8")))


def listed(value: Any) -> Any:
    """Gives a decoded message as its vector has it: numbers as flat lists, with null for NaN."""
    if isinstance(value, dict):
        return {key: listed(item) for key, item in value.items()}
    if hasattr(value, "tolist") and not isinstance(value, bytes):
        value = value.tolist()
        flat = [number for row in value for number in row] if value and isinstance(value[0], list) else value
        return [None if math.isnan(number) else number for number in flat]
    return [listed(item) for item in value] if isinstance(value, list) else value


class Frames(unittest.TestCase):
    def test_every_message_of_a_client_is_written_in_the_same_bytes(self) -> None:
        written = 0
        for vector in vectors("client-frames.json"):
            message = dict(vector["message"])
            if vector["form"] == "maps" and message["type"] == "steps":
                continue  # this client packs its steps
            if vector["form"].endswith("0.1"):
                continue  # this client says float64
            for field in ("x", "t", "targets"):
                if isinstance(message.get(field), list) and message["type"] != "open":
                    message[field] = to_doubles(message[field])
            with self.subTest(message=vector["message"]):
                self.assertEqual(encode(message).hex(), vector["hex"])
            written += 1
        self.assertGreater(written, 20)

    def test_every_message_of_a_server_is_read_alike(self) -> None:
        all_vectors = vectors("server-frames.json")
        for vector in all_vectors:
            with self.subTest(form=vector["form"], message=vector["message"]):
                message = listed(decode(bytes.fromhex(vector["hex"])))
                expected = dict(vector["message"])
                if vector["form"].endswith("0.1") and "t" in expected:
                    self.assertIsNone(message.pop("t"))  # it has no times, which TypeScript tells as NaN
                    self.assertEqual(set(expected.pop("t")), {None})
                if message["type"] == "part":
                    message["data"] = {str(i): byte for i, byte in enumerate(message["data"])}
                self.assertEqual(message, expected)
        self.assertGreater(len(all_vectors), 25)

    def test_any_frame_that_is_cut_or_changed_gives_a_message_or_a_coded_error(self) -> None:
        for vector in vectors("server-frames.json"):
            frame = bytes.fromhex(vector["hex"])
            tries = [frame[:at] for at in range(len(frame))]
            tries += [frame[:at] + bytes([frame[at] ^ 1 << at % 8]) + frame[at + 1 :] for at in range(len(frame))]
            for bad in tries:
                try:
                    self.assertIsInstance(decode(bad)["type"], str)
                except EddyError as error:
                    self.assertIn(error.code, ("frame-malformed", "message-unknown", "message-invalid"))

    def test_parts_are_put_together_and_a_part_that_does_not_follow_is_refused(self) -> None:
        frame = encode({"type": "done", "re": 4})
        parts = Parts()
        self.assertIsNone(parts.take({"type": "part", "part": 0, "parts": 2, "data": frame[:5]}))
        self.assertEqual(parts.take({"type": "part", "part": 1, "parts": 2, "data": frame[5:]}), {"type": "done", "re": 4})
        with self.assertRaises(EddyError):
            parts.take({"type": "part", "part": 1, "parts": 2, "data": frame[5:]})

    def test_numbers_go_through_bytes_unchanged(self) -> None:
        self.assertEqual(from_bytes(to_doubles([1.5, -0.1, 1e-300, 4]), "d", (2, 2)).tolist(), [[1.5, -0.1], [1e-300, 4]])


if __name__ == "__main__":
    unittest.main()
