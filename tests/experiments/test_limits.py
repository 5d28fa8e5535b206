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


# The ends of the shares of each experiment: an end that no cell can compute is refused.
ENDS = {
    "agreement": {"floor": (0,), "flip_low": (0, 1), "flip_high": (0, 1)},
    "architectures": {"floor": (0,)},
    "counterexamples": {"levels": (0, 1), "floor": (0, 1)},
    "dependence": {"strengths": (0,), "replace_rate": (0, 1), "reading_flip_rate": (0, 1)},
    "dimension": {"replace_rate": (0,), "strength": (1,)},
    "gap": {"strength": (0,)},
    "layers": {"flips": (0, 1), "replace_rate": (0, 1)},
    "leak": {"strengths": (0, 1), "replace_rate": (0,), "flip_rate": ()},
    "log_or_belief": {"rates": (), "floor": (0,)},
    "log_or_belief_trained": {"rates": (), "floor": (0,)},
    "origins": {"token_flip": (0,)},
    "residual": {"scales": (1,)},
    "scale": {"rate": (0, 1)},
    "simulation": {"flip_rate": (0, 1), "replace_rate": (0,), "replace_rates": (0,)},
}


@pytest.mark.parametrize(("name", "accepted"), ENDS.items())
def test_a_share_is_accepted_at_the_ends_that_can_be_computed_and_nowhere_beyond(name, accepted):
    config = registry.experiment(name).profiles["smoke"]
    for path, _ in leaves(config):
        if path[0] not in accepted:
            continue
        ends = [number for number in (0.0, 1.0) if refusal(name, config, path, number) == ""]
        assert ends == list(map(float, accepted[path[0]])), path
        for number in (-1e-9, 1 + 1e-9):
            assert "; got " in refusal(name, config, path, number)


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        ("dependence", "replace_rate", 1.0),
        ("dependence", "reading_flip_rate", 0.5),
        ("dependence", "num_concepts", 2),
        ("dimension", "replace_rate", 0.0),
        ("dimension", "strength", 1.0),
        ("leak", "num_concepts", 3),
        ("leak", "num_blocks", 2),
        ("leak", "replace_rate", 0.0),
        ("log_or_belief", "floor", 0.0),
        ("residual", "scales", (1.0,)),
        ("residual", "num_words", 4),
        ("residual", "num_tokens", 4),
    ],
)
def test_what_is_accepted_at_an_end_is_computed(name, setting, value):
    experiment = registry.experiment(name)
    config = dataclasses.replace(experiment.profiles["smoke"], **{setting: value})
    kinds = {}
    for cell in experiment.cells(config.with_seeds(1)):
        kinds.setdefault(tuple(v for v in vars(cell).values() if isinstance(v, str)), cell)
    for cell in kinds.values():
        assert experiment.compute(dataclasses.replace(cell, seeds=(0,))).metrics


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["residual", "--scales", "0"], "--scales must be greater than 0 and at most 1; got 0.0"),
        (["leak", "--flip-rate", "0.5"], "must be greater than 0 and less than 0.5; got 0.5"),
        (["leak", "--replace-rate", "0.5"], "must be at least 0 and less than 0.5; got 0.5"),
        (["leak", "--num-concepts", "2"], "--num-concepts must be at least 3; got 2"),
        (["leak", "--num-blocks", "1"], "--num-blocks must be at least 2; got 1"),
        (["dependence", "--num-concepts", "1"], "--num-concepts must be at least 2; got 1"),
        (["residual", "--num-tokens", "3"], "--num-tokens must be at least 4; got 3"),
        (["origins", "--token-flip", "0.5"], "at least 0 and less than 0.5; got 0.5"),
        (["scale", "--fixed-concepts", "2"], "--fixed-concepts must be at least 3; got 2"),
        (["gap", "--num-tokens", "3"], "--num-tokens must be at least 4; got 3"),
        (["gap", "--num-samples", "1000"], "--num-samples must divide --training.num-rows, 262144"),
        (
            ["architectures", "--diagonal", "channel", "1", "4"],
            "--diagonal must be at least 0 and less than 1; got 1.0: give another number",
        ),
        (["gap", "--dims", "0"], "--dims must be at least 1; got 0: give another number"),
        (
            ["gap", "--training.batch-size", "-1"],
            "--training.batch-size must be at least 1; got -1",
        ),
        (["origins", "--num-concepts", "0"], "--num-concepts must be at least 2; got 0"),
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
