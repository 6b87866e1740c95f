"""PyTorch, one thread. Forms: ops (tensor operations into buffers made once, the backward pass by hand), cell
(RNNCell, steps only), rnn (nn.RNN; its update by autograd and SGD)."""
import platform

import torch

from torch_modules import Cell, Rnn, RnnUpdate
from torch_ops import OpsStep, OpsUpdate

SESSIONS = {
    ("ops", "step"): OpsStep,
    ("ops", "update"): OpsUpdate,
    ("cell", "step"): Cell,
    ("rnn", "step"): Rnn,
    ("rnn", "update"): RnnUpdate,
}

torch.set_num_threads(1)


def versions():
    return {"torch": f"{torch.__version__} (Python {platform.python_version()})"}


def open_session(form, job):
    return SESSIONS[form, job["kind"]](job)
