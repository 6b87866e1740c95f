"""PyTorch's own modules. h goes back as a numpy array at every step, which shares its memory."""
import torch

from work import CHECKED_STEPS, ROWS, WINDOW, WINDOWS


def parameters_of(job):
    """Gives input, recurrent and output weights as modules keep them, [out,in]."""
    features, weights = job["features"], {name: torch.from_numpy(part) for name, part in job["weights"].items()}
    W = weights["W"]
    return W[:features].t(), W[features:].t(), weights["b"], weights["Wy"].t(), weights["by"]


def fill(module, job, suffix=""):
    wx, wh, b, _, _ = parameters_of(job)
    with torch.no_grad():
        getattr(module, "weight_ih" + suffix).copy_(wx)
        getattr(module, "weight_hh" + suffix).copy_(wh)
        getattr(module, "bias_ih" + suffix).copy_(b)
        getattr(module, "bias_hh" + suffix).zero_()
    # the second bias would learn what the first one does, once more
    getattr(module, "bias_hh" + suffix).requires_grad_(False)
    return module


class Cell:
    def __init__(self, job):
        self.cell = fill(torch.nn.RNNCell(job["features"], job["units"]), job)
        self.rows = list(torch.from_numpy(job["x"][:ROWS]).unsqueeze(1))
        self.h, self.at = torch.zeros(1, job["units"]), 0

    def check(self):
        self.run(CHECKED_STEPS)
        return {"h": self.h.numpy()}

    @torch.inference_mode()
    def run(self, count):
        cell, rows, h, at = self.cell, self.rows, self.h, self.at
        for _ in range(count):
            h = cell(rows[at], h)
            h.numpy()
            at = (at + 1) % ROWS
        self.h, self.at = h, at


class Rnn:
    def __init__(self, job):
        self.rnn = fill(torch.nn.RNN(job["features"], job["units"]), job, "_l0")
        self.rows = list(torch.from_numpy(job["x"][:ROWS]).reshape(ROWS, 1, 1, -1))
        self.h, self.at = torch.zeros(1, 1, job["units"]), 0

    def check(self):
        self.run(CHECKED_STEPS)
        return {"h": self.h.numpy()}

    @torch.inference_mode()
    def run(self, count):
        rnn, rows, h, at = self.rnn, self.rows, self.h, self.at
        for _ in range(count):
            _, h = rnn(rows[at], h)
            h.numpy()
            at = (at + 1) % ROWS
        self.h, self.at = h, at


class RnnUpdate:
    def __init__(self, job):
        features, units = job["features"], job["units"]
        self.rnn = fill(torch.nn.RNN(features, units), job, "_l0")
        self.head = torch.nn.Linear(units, features)
        with torch.no_grad():
            _, _, _, wy, by = parameters_of(job)
            self.head.weight.copy_(wy)
            self.head.bias.copy_(by)
        learned = [part for part in [*self.rnn.parameters(), *self.head.parameters()] if part.requires_grad]
        self.optimizer = torch.optim.SGD(learned, lr=job["learningRate"])
        x = torch.from_numpy(job["x"]).unsqueeze(1)
        self.windows = [(x[k : k + WINDOW], x[k + 1 : k + 1 + WINDOW]) for k in range(0, ROWS, WINDOW)]
        self.h, self.at = torch.zeros(1, 1, units), 0

    def check(self):
        self.run(1)
        rnn, head = self.rnn, self.head
        W = torch.cat([rnn.weight_ih_l0.t(), rnn.weight_hh_l0.t()])
        parts = {"W": W, "b": rnn.bias_ih_l0, "Wy": head.weight.t(), "by": head.bias}
        return {"weights": {name: part.detach().numpy() for name, part in parts.items()}}

    def run(self, count):
        for _ in range(count):
            x, target = self.windows[self.at]
            self.at = (self.at + 1) % WINDOWS
            states, h = self.rnn(x, self.h)
            loss = torch.nn.functional.mse_loss(self.head(states), target)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            self.h = h.detach()
