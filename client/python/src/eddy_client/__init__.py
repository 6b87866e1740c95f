"""The client of an Eddy server.

    async with connect("ws://127.0.0.1:4000") as client:
        async with client.open("pump", fields=["pressure", "flow"]) as pump:
            await pump.push(frame)
        print((await client.history("pump", last=24)).frame())
"""
from .blocking import BlockingClient, BlockingSequence, connect_blocking
from .client import Client, History, connect
from .errors import EddyError
from .results import Results
from .sequence import Sequence
from .watch import Watch

__all__ = [
    "BlockingClient",
    "BlockingSequence",
    "Client",
    "EddyError",
    "History",
    "Results",
    "Sequence",
    "Watch",
    "connect",
    "connect_blocking",
]
__version__ = "0.1.0"
