"""Runs one Python peer in a process of its own: host.py <module> <form>. protocol.mjs tells how it is spoken with."""
import base64
import copy
import importlib
import json
import sys
import time

from work import WINDOW, WINDOWS

TENSORS = {"x", "h", "W", "b", "Wy", "by"}


def encode(value):
    return base64.b64encode(numpy.ascontiguousarray(value, "<f4").tobytes()).decode()


def with_tensors(message):
    for key, value in message.items():
        if isinstance(value, dict):
            with_tensors(value)
        elif key in TENSORS:
            message[key] = numpy.frombuffer(base64.b64decode(value), "<f4").copy()
    return message


def job_of(message):
    """Gives the job with the shapes that the equations have."""
    job = with_tensors(message)
    features, units, weights = job["features"], job["units"], job["weights"]
    job["x"] = job["x"].reshape(WINDOWS * WINDOW + 1, features)
    weights["W"] = weights["W"].reshape(features + units, units)
    weights["Wy"] = weights["Wy"].reshape(units, features)
    return job


class Host:
    def __init__(self, peer, form):
        self.peer, self.form = peer, form
        self.session, self.us = None, 0.0

    def time(self, count):
        start = time.perf_counter()
        self.session.run(count)
        self.us = (time.perf_counter() - start) * 1e6 / count

    def warm_up(self, seconds):
        end, count = time.perf_counter() + seconds, 1
        while time.perf_counter() < end:
            self.time(count)
            count *= 2

    def handle(self, request):
        if "open" in request:
            self.session = self.peer.open_session(self.form, job_of(request["open"]))
            # a copy, since the result may be a view of what the warm-up writes to
            result = copy.deepcopy(self.session.check())
            self.warm_up(request["seconds"])
            return {"result": result}
        if "time" in request:
            self.time(max(1, round(request["time"] * 1e6 / self.us)))
            return {"us": self.us}
        self.session = None
        return {}


def answer(message):
    sys.stdout.write(json.dumps(message, default=encode) + "\n")
    sys.stdout.flush()


def main(module, form):
    global numpy
    try:
        numpy = importlib.import_module("numpy")
        peer = importlib.import_module(module)
    except ImportError as error:
        answer({"missing": str(error)})
        return
    answer({"versions": peer.versions()})
    host = Host(peer, form)
    for line in sys.stdin:
        try:
            answer(host.handle(json.loads(line)))
        except Exception as error:  # it is told, and the benchmark goes on without this peer
            answer({"error": f"{type(error).__name__}: {error}"})


main(*sys.argv[1:])
