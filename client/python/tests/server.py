"""A real server, built, on a port and a folder of its own, for the tests."""
from __future__ import annotations

import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import unittest
import urllib.request
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
MAIN = ROOT / "dist" / "src" / "cli" / "main.js"


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


class Server:
    """Can be killed, and started again where it was."""

    def __init__(self, *options: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._options = options
        self.port = free_port()
        self.url = f"ws://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        command = [os.environ.get("NODE", "node"), str(MAIN), "serve", "--port", str(self.port)]
        command += ["--data", os.path.join(self._folder.name, "data"), *self._options]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                    json.load(answer)
                    return
            except OSError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise RuntimeError("the server does not start; is it built? npm run build") from None
                time.sleep(0.02)

    def stop(self, how: int = signal.SIGTERM) -> None:
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait()

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.stop()
        self._folder.cleanup()


class ServedTest(unittest.IsolatedAsyncioTestCase):
    """Tests of one class share a server."""

    server: Server
    options: tuple[str, ...] = ()

    @classmethod
    def setUpClass(cls) -> None:
        cls.server = Server(*cls.options)
        cls.addClassCleanup(cls.server.end)
