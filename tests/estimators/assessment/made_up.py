"""Posteriors and predictors in which it is known what an assessment must say."""

import numpy as np

CARDINALITIES = (2, 2)
NUM_ROWS = 200


def posterior(seed=0, num_rows=NUM_ROWS, concentration=0.7):
    """log p(c|x) of four configurations, drawn at random for every context."""
    rng = np.random.default_rng(seed)
    return np.log(rng.dirichlet(np.full(4, concentration), num_rows))


def weights(seed=0, num_rows=NUM_ROWS):
    return np.random.default_rng([seed, 7]).dirichlet(np.full(num_rows, 5.0))


def pinned(log_posterior):
    """A perfect predictor when y names c: p(y|x) = p(c|x), so that f is log p(c|x) itself."""
    return log_posterior, np.eye(log_posterior.shape[1])


def believing(log_posterior, scale=3.0, seed=0):
    """A predictor that is affine in p(c|x) and whose logits are not in log p(c|x)."""
    rng = np.random.default_rng([seed, 1])
    mixing = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    return np.exp(log_posterior) @ mixing, scale * mixing.T


def noise(log_posterior, seed=0):
    rng = np.random.default_rng([seed, 2])
    return rng.standard_normal((len(log_posterior), 3)), rng.standard_normal((4, 3))


class Tensor:
    """What a torch tensor allows and forbids, without torch.

    No NumPy from one that is on a device, needs a gradient, or is in bfloat16.
    """

    def __init__(self, array, dtype="torch.float32", device="cuda", requires_grad=True):
        self.array, self.dtype = np.asarray(array), dtype
        self.device, self.requires_grad = device, requires_grad

    @property
    def shape(self):
        return self.array.shape

    def __len__(self):
        return len(self.array)

    def __iter__(self):
        return (self._with(array=row) for row in self.array)

    def _with(self, **changes):
        kept = {name: getattr(self, name) for name in ("dtype", "device", "requires_grad")}
        return Tensor(**{"array": self.array} | kept | changes)

    def detach(self):
        return self._with(requires_grad=False)

    def cpu(self):
        return self._with(device="cpu")

    def float(self):
        return self._with(array=self.array.astype(np.float32), dtype="torch.float32")

    def numpy(self):
        if self.requires_grad:
            raise RuntimeError("can't call numpy() on Tensor that requires grad")
        if self.device != "cpu":
            raise TypeError("can't convert cuda device type tensor to numpy")
        if self.dtype == "torch.bfloat16":
            raise TypeError("got unsupported ScalarType BFloat16")
        return self.array

    def __array__(self, dtype=None, copy=None):
        return self.numpy()
