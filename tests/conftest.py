"""How do the tests run: shapes executed, on the CPU, with profiles for hypothesis.

HYPOTHESIS_PROFILE chooses `dev` (the default), `ci` (the default where CI is set) or `deep`.
"""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")  # read when jax is imported

import jaxtyping
from hypothesis import HealthCheck, settings

# The numeric tower: an int may stand where a float is asked for, as for every type checker.
CHECKER = "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))"
# Installed before the packages are imported, so that every annotated shape is checked.
jaxtyping.install_import_hook(["latentgen", "estimators"], CHECKER)

# No deadline: it would time the compiler. A slow machine is no failure either.
COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("dev", max_examples=30, **COMMON)
settings.register_profile("ci", max_examples=100, derandomize=True, print_blob=True, **COMMON)
settings.register_profile("deep", max_examples=2000, **COMMON)
DEFAULT = "ci" if "CI" in os.environ else "dev"
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", DEFAULT))


def pytest_configure(config):
    # beartype picks at random which item of a sequence it checks, and strategies build worlds.
    harmless = "ignore:Do not use the `random` module inside strategies"
    config.addinivalue_line("filterwarnings", harmless)
