"""numpy, written by hand: every buffer made once, each product into one, the bias as one more row of the weights.

A row of Z is z_t = [x_t | h_{t-1} | 1], and tanh writes h_t into the next row. W is kept transposed, [N,F+N+1]: its own
`dot` is the fastest matrix-vector product that numpy has here, at every size.
"""
import platform

import numpy as np

from work import CHECKED_STEPS, ROWS, WINDOW, WINDOWS


def blas():
    """Tells whether OpenBLAS is what is loaded, where the system shows it."""
    try:
        with open("/proc/self/maps") as maps:
            return "OpenBLAS" if "openblas" in maps.read() else "another BLAS"
    except OSError:
        return "BLAS unknown"


def versions():
    return {"numpy": f"{np.__version__} ({blas()}, Python {platform.python_version()})"}


def weights_in(job):
    weights = job["weights"]
    return np.ascontiguousarray(np.vstack([weights["W"], weights["b"]]).T)


class Step:
    def __init__(self, job):
        features, units = job["features"], job["units"]
        self.rows = list(job["x"][:ROWS])
        self.dot = weights_in(job).dot
        self.z = np.zeros(features + units + 1, "f4")
        self.z[-1] = 1
        self.a = np.empty(units, "f4")
        self.x, self.h = self.z[:features], self.z[features:-1]
        self.at = 0

    def check(self):
        self.run(CHECKED_STEPS)
        return {"h": self.h}

    def run(self, count):
        rows, dot, tanh, z, a, x, h, at = self.rows, self.dot, np.tanh, self.z, self.a, self.x, self.h, self.at
        for _ in range(count):
            x[:] = rows[at]
            dot(z, a)
            tanh(a, h)
            at = (at + 1) % ROWS
        self.at = at


class Update:
    def __init__(self, job):
        F, N, x, weights = job["features"], job["units"], job["x"], job["weights"]
        self.F, self.N = F, N
        self.windows = [(x[k : k + WINDOW], x[k + 1 : k + 1 + WINDOW]) for k in range(0, ROWS, WINDOW)]
        self.at = 0
        self.rate = np.float32(-2 * job["learningRate"] / (WINDOW * F))
        self.WT = weights_in(job)
        self.Wy = np.vstack([weights["Wy"], weights["by"]])
        self.WhT, self.WhT_whole = self.WT[:, F : F + N], np.empty((N, N), "f4")
        self.Z = np.zeros((WINDOW + 1, F + N + 1), "f4")
        self.Z[:, -1] = 1
        self.X, self.Zin = self.Z[:WINDOW, :F], self.Z[:WINDOW]
        self.H, self.H1 = self.Z[1:, F:-1], self.Z[1:, F:]
        self.D, self.E, self.dA = (np.empty((WINDOW, N), "f4") for _ in range(3))
        self.a, self.g = np.empty(N, "f4"), np.empty(N, "f4")
        self.dY = np.empty((WINDOW, F), "f4")
        self.dWT, self.dWy = np.empty_like(self.WT), np.empty_like(self.Wy)
        self.forward = [(self.Z[t], self.Z[t + 1, F:-1]) for t in range(WINDOW)]
        backward = range(WINDOW - 2, -1, -1)
        self.backward = [(self.dA[t + 1], self.E[t], self.D[t], self.dA[t]) for t in backward]
        self.first, self.last = self.Z[0, F:-1], self.Z[WINDOW, F:-1]

    def check(self):
        self.run(1)
        W = self.WT.T
        return {"weights": {"W": W[:-1], "b": W[-1], "Wy": self.Wy[:-1], "by": self.Wy[-1]}}

    def run(self, count):
        for _ in range(count):
            self.update(*self.windows[self.at])
            self.at = (self.at + 1) % WINDOWS

    def update(self, x, target):
        dot, tanh, add, multiply = np.dot, np.tanh, np.add, np.multiply
        a, g, carry = self.a, self.g, self.WhT_whole.T.dot
        self.X[:] = x
        # `dot` would copy a part of W at every step
        self.WhT_whole[:] = self.WhT
        forward = self.WT.dot
        for z, h in self.forward:
            forward(z, a)
            tanh(a, h)
        # every delta carries the factor -lr, so the gradients are added
        dot(self.H1, self.Wy, self.dY)
        np.subtract(self.dY, target, self.dY)
        multiply(self.dY, self.rate, self.dY)
        dot(self.dY, self.Wy[:-1].T, self.E)
        multiply(self.H, self.H, self.D)
        np.subtract(1, self.D, self.D)
        multiply(self.E[-1], self.D[-1], self.dA[-1])
        for following, e, slope, da in self.backward:
            carry(following, g)
            add(g, e, g)
            multiply(g, slope, da)
        dot(self.dA.T, self.Zin, self.dWT)
        add(self.WT, self.dWT, self.WT)
        dot(self.H1.T, self.dY, self.dWy)
        add(self.Wy, self.dWy, self.Wy)
        self.first[:] = self.last


def open_session(_, job):
    return Step(job) if job["kind"] == "step" else Update(job)
