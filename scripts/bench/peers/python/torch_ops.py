"""PyTorch's tensor operations into buffers made once, in the form of numpy_peer.py, whose layout this has too: a row of Z
is z_t = [x_t | h_{t-1} | 1], W is [N,F+N+1]. Sums go into the products (addmv, addmm)."""
import torch

from work import CHECKED_STEPS, ROWS, WINDOW, WINDOWS


def weights_in(job):
    weights = job["weights"]
    return torch.from_numpy(weights["W"]), torch.from_numpy(weights["b"])


class OpsStep:
    def __init__(self, job):
        features, units = job["features"], job["units"]
        W, self.b = weights_in(job)
        self.WT = W.t().contiguous()
        self.rows = list(torch.from_numpy(job["x"][:ROWS]))
        self.z, self.a, self.at = torch.zeros(features + units), torch.empty(units), 0
        self.x, self.h = self.z[:features], self.z[features:]

    def check(self):
        self.run(CHECKED_STEPS)
        return {"h": self.h.numpy()}

    @torch.inference_mode()
    def run(self, count):
        rows, b, WT, z, a, x, h, at = self.rows, self.b, self.WT, self.z, self.a, self.x, self.h, self.at
        addmv, tanh = torch.addmv, torch.tanh
        for _ in range(count):
            x.copy_(rows[at])
            addmv(b, WT, z, out=a)
            tanh(a, out=h)
            at = (at + 1) % ROWS
        self.at = at


class OpsUpdate:
    def __init__(self, job):
        F, N, x, weights = job["features"], job["units"], torch.from_numpy(job["x"]), job["weights"]
        self.windows = [(x[k : k + WINDOW], x[k + 1 : k + 1 + WINDOW]) for k in range(0, ROWS, WINDOW)]
        self.at = 0
        self.rate = -2 * job["learningRate"] / (WINDOW * F)
        W, b = weights_in(job)
        self.WT = torch.cat([W, b[None]]).t().contiguous()
        self.Wh = self.WT[:, F : F + N].t()
        self.Wy = torch.cat([torch.from_numpy(weights["Wy"]), torch.from_numpy(weights["by"])[None]])
        self.Z = torch.zeros(WINDOW + 1, F + N + 1)
        self.Z[:, -1] = 1
        self.X, self.Zin = self.Z[:WINDOW, :F], self.Z[:WINDOW]
        self.H, self.H1 = self.Z[1:, F:-1], self.Z[1:, F:]
        self.D, self.E, self.dA = (torch.empty(WINDOW, N) for _ in range(3))
        self.a, self.g, self.dY = torch.empty(N), torch.empty(N), torch.empty(WINDOW, F)
        self.forward = [(self.Z[t], self.Z[t + 1, F:-1]) for t in range(WINDOW)]
        backward = range(WINDOW - 2, -1, -1)
        self.backward = [(self.dA[t + 1], self.E[t], self.D[t], self.dA[t]) for t in backward]
        self.first, self.last = self.Z[0, F:-1], self.Z[WINDOW, F:-1]

    def check(self):
        self.run(1)
        W = self.WT.t()
        parts = {"W": W[:-1], "b": W[-1], "Wy": self.Wy[:-1], "by": self.Wy[-1]}
        return {"weights": {name: part.numpy() for name, part in parts.items()}}

    @torch.inference_mode()
    def run(self, count):
        for _ in range(count):
            self.update(*self.windows[self.at])
            self.at = (self.at + 1) % WINDOWS

    def update(self, x, target):
        mv, tanh, addmv, mul = torch.mv, torch.tanh, torch.addmv, torch.mul
        a, g, WT, Wh = self.a, self.g, self.WT, self.Wh
        self.X.copy_(x)
        for z, h in self.forward:
            mv(WT, z, out=a)
            tanh(a, out=h)
        # every delta carries the factor -lr, so the gradients are added
        torch.mm(self.H1, self.Wy, out=self.dY)
        self.dY.sub_(target).mul_(self.rate)
        torch.mm(self.dY, self.Wy[:-1].t(), out=self.E)
        torch.mul(self.H, self.H, out=self.D)
        torch.sub(1, self.D, out=self.D)
        mul(self.E[-1], self.D[-1], out=self.dA[-1])
        for following, e, slope, da in self.backward:
            addmv(e, Wh, following, out=g)
            mul(g, slope, out=da)
        WT.addmm_(self.dA.t(), self.Zin)
        self.Wy.addmm_(self.H1.t(), self.dY)
        self.first.copy_(self.last)
