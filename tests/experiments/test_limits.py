"""Is a setting that nobody can mean refused, in every experiment, before anything is computed?"""

import dataclasses
import re

import pytest

from experiments import command_line, registry

# Where zero has a meaning: no words, fresh samples, no warm-up.
ZEROS = {
    "agreement": {"training.warmup_steps"},
    "gap": {"num_samples"},
    "layers": {"keyed_training.warmup_steps", "mess3_training.warmup_steps"},
    "log_or_belief_trained": {"training.mlp.warmup_steps", "training.transformer.warmup_steps"},
    "simulation": {"num_context_bits", "noiseless_context_bits", "replace_context_bits"},
}


def leaves(value, path=()):
    """(path, number) of every number in a config, parts and lists included."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from leaves(getattr(value, field.name), (*path, field.name))
    elif isinstance(value, tuple):
        for index, entry in enumerate(value):
            yield from leaves(entry, (*path, index))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, value


def changed(value, path, number):
    """The config with the number at a path replaced."""
    if not path:
        return number
    key, *rest = path
    if isinstance(value, tuple):
        return tuple(
            changed(entry, rest, number) if i == key else entry for i, entry in enumerate(value)
        )
    return dataclasses.replace(value, **{key: changed(getattr(value, key), rest, number)})


def refusal(name, config, path, number):
    """What is said of a config with a number replaced; empty when it is accepted."""
    try:
        changed(config, path, number)
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", registry.questions())
@pytest.mark.parametrize("profile", ["smoke", "full"])
def test_no_number_may_be_negative_and_no_count_zero(name, profile):
    config = registry.experiment(name).profiles[profile]
    checked = 0
    for path, value in leaves(config):
        setting = ".".join(key for key in path if isinstance(key, str))
        wrong = [-1] if isinstance(value, int) else [-0.5, float("nan"), float("inf")]
        if isinstance(value, int) and setting not in ZEROS.get(name, ()):
            wrong.append(0)
        for number in wrong:
            said = refusal(name, config, path, number)
            assert said.startswith(f"--{setting.replace('_', '-')} must "), (path, number, said)
            assert re.search(rf"; got {number}: give ", said), said
            checked += 1
    assert checked >= 3


@pytest.mark.parametrize(("name", "settings"), ZEROS.items())
def test_zero_is_accepted_where_it_means_something(name, settings):
    config = registry.experiment(name).profiles["smoke"]
    found = {".".join(map(str, path)): path for path, _ in leaves(config)}
    for setting in settings:
        path = next(p for text, p in found.items() if text.startswith(setting))
        assert refusal(name, config, path, 0) == ""


@pytest.mark.parametrize("name", registry.questions())
def test_no_list_of_values_may_be_empty(name):
    config = registry.experiment(name).profiles["paper"]
    for field in dataclasses.fields(config):
        if isinstance(getattr(config, field.name), tuple):
            with pytest.raises(ValueError, match=r"needs at least one value; got none"):
                dataclasses.replace(config, **{field.name: ()})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gap", "--dims", "0"], "--dims must be at least 1; got 0: give another number"),
        (
            ["gap", "--training.batch-size", "-1"],
            "--training.batch-size must be at least 1; got -1",
        ),
        (["origins", "--num-concepts", "0"], "--num-concepts must be at least 1; got 0"),
        (["origins", "--training.growth", "1"], "--training.growth must be greater than 1; got 1"),
        (["origins", "--optimisers", "lion"], "among sgd, adam; got 'lion': choose one of them"),
        (["simulation", "--flip-rate", "1.5"], "--flip-rate must lie in 0 … 1; got 1.5: give"),
        (["leak", "--strengths"], "--strengths needs at least one value; got none: give one"),
        (["scale", "--strength", "nan"], "--strength must be finite; got nan: give a number"),
        (["log_or_belief", "--num-tokens", "1"], "--num-tokens must be at least 2; got 1"),
    ],
)
def test_the_command_line_says_so_in_one_line(words, said, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command_line, "_set_environment", lambda: None)
    with pytest.raises(SystemExit) as stopped:
        command_line.main(["run", *words])
    heard = capsys.readouterr()
    assert (stopped.value.code, heard.out, heard.err.count("\n")) == (2, "", 1)
    assert heard.err.startswith("latentgen: ")
    assert said in heard.err
    assert not list(tmp_path.iterdir())
