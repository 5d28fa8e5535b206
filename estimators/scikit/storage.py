"""How is a fitted estimator kept in a file?"""

import io
import json
import os
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from estimators.files import read_whole, write_whole

KIND = b"estimators: a fitted estimator"
VERSION = 1
SCALAR = (bool, int, float, str)
OUTPUT = "_sklearn_output_config"  # where scikit-learn keeps what set_output was given

Stored = TypeVar("Stored", bound="StoredEstimator")
Header = dict[str, Any]
Arrays = dict[str, np.ndarray]


class StoredEstimator(BaseEstimator):
    """An estimator that is saved without pickle: a JSON header and arrays in one file."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the parameters and what was learnt to one file (versioned, with a digest).

        The file is written aside and renamed, so that it is never half there. Raises
        NotFittedError before `fit`, and ValueError for a parameter or class that only pickle
        could keep.
        """
        check_is_fitted(self)
        arrays: Arrays = {}
        header = {
            "class": type(self).__name__,
            "version": VERSION,
            "params": {name: _to_json(name, it) for name, it in self._params_to_save().items()},
            "learnt": {name: _put(name, it, arrays) for name, it in self._learnt().items()},
        }
        payload = io.BytesIO()
        np.savez(payload, allow_pickle=False, header=np.array(json.dumps(header)), **arrays)
        write_whole(Path(path), KIND, payload.getvalue())

    @classmethod
    def load(cls: type[Stored], path: str | os.PathLike[str]) -> Stored:
        """The fitted estimator that `save` wrote, bit for bit, with what set_output was given.

        Raises ValueError for a file that is damaged or cut short, or holds another class or
        another version.
        """
        params, learnt = cls._read(Path(path))
        return cls._restored(Path(path), params, learnt)

    @classmethod
    def _read(cls, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
        """The parameters and what was learnt, from a file of this class and version."""
        payload = read_whole(path, KIND)
        with np.load(io.BytesIO(payload), allow_pickle=False) as archive:
            header = json.loads(str(archive["header"]))
            arrays = {name: archive[name] for name in archive.files}
        if (header["class"], header["version"]) != (cls.__name__, VERSION):
            raise ValueError(
                f"{path} holds {header['class']} version {header['version']}; this is "
                f"{cls.__name__}.load for version {VERSION}: load it with the class and the "
                "version that wrote it"
            )
        params = {name: _from_json(it) for name, it in header["params"].items()}
        return params, {name: _take(it, arrays) for name, it in header["learnt"].items()}

    @classmethod
    def _restored(
        cls: type[Stored], path: Path, params: dict[str, Any], learnt: dict[str, Any]
    ) -> Stored:
        wrong = sorted(set(params) - set(cls._get_param_names()))
        if wrong:
            raise ValueError(f"{path} has a parameter {wrong[0]} that {cls.__name__} does not know")
        estimator = cls(**params)
        estimator._take_on(learnt)
        return estimator

    def _params_to_save(self) -> dict[str, Any]:
        """What the constructor is given again."""
        return self.get_params(deep=False)

    def _learnt(self) -> dict[str, Any]:
        """What `fit` found, every attribute that ends in an underscore, and the output chosen."""
        return {
            name: it
            for name, it in vars(self).items()
            if name == OUTPUT or (name.endswith("_") and not name.startswith("_"))
        }

    def _take_on(self, learnt: dict[str, Any]) -> None:
        vars(self).update(learnt)


def _to_json(name: str, value: Any) -> Any:
    """A parameter as JSON holds it; lists, tuples and dictionaries say which they are."""
    value = value.item() if isinstance(value, np.generic) else value
    if value is None or isinstance(value, SCALAR):
        return value
    if isinstance(value, list | tuple):
        return {type(value).__name__: [_to_json(name, each) for each in value]}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": {key: _to_json(name, each) for key, each in value.items()}}
    raise ValueError(
        f"{name} = {value!r} cannot be saved without pickle: set it to numbers, strings or None "
        f"by set_params({name}=…) first"
    )


def _from_json(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    if kind == "dict":
        return {key: _from_json(each) for key, each in held.items()}
    return {"list": list, "tuple": tuple}[kind](_from_json(each) for each in held)


def _put(name: str, value: Any, arrays: Arrays) -> Header:
    """What the header says of something learnt; arrays are laid beside it."""
    if value is None or isinstance(value, (*SCALAR, dict, np.generic)):
        return {"value": _to_json(name, value)}
    if isinstance(value, list):
        return {"list": [_put(f"{name}.{i}", each, arrays) for i, each in enumerate(value)]}
    array = np.asarray(value)
    text = array.dtype.hasobject and all(isinstance(each, str) for each in array.flat)
    if not text and array.dtype.kind not in "biufcSU":
        raise ValueError(
            f"{name} holds {array.dtype} and cannot be saved without pickle: fit with numbers or "
            "strings"
        )
    arrays[name] = array.astype(str) if text else array
    return {"strings" if text else "array": name}


def _take(said: Header, arrays: Arrays) -> Any:
    ((kind, held),) = said.items()
    if kind == "value":
        return _from_json(held)
    if kind == "list":
        return [_take(each, arrays) for each in held]
    return arrays[held].astype(object) if kind == "strings" else arrays[held]
