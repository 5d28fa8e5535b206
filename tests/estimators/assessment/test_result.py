"""Is an assessment legible as text, picture, file and data frame?"""

import csv
import importlib
import json
import math
import pickle

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import estimators as es
from estimators.assessment.labels import number, with_interval
from estimators.assessment.row import Row
from tests.estimators.assessment.made_up import CARDINALITIES, believing, pinned, posterior


@pytest.fixture(scope="module")
def found():
    log_posterior = posterior(0, 120)
    f, g = believing(log_posterior)
    return es.assess(
        f,
        g,
        log_posterior,
        log_predictive=log_posterior,
        cardinalities=CARDINALITIES,
        raw_input=np.random.default_rng(0).integers(0, 2, (120, 5)),
        untrained=pinned(log_posterior)[0] * 0,
        rho=0.1,
    )


def test_the_text_names_every_law_both_directions_nulls_and_verdicts(found):
    text = str(found)
    for word in [
        *("log p(c∣x)", "p(c∣x)", "log p(c_k∣x), stacked", "log(p(c∣x) + ρ), ρ = 0.1", "argmax"),
        *("f → log-ratios of p(c∣x)", "log p(c∣x) → f", "concept 0", "concept 1", "f(x)"),
        *("trained [95 %]", "oracle", "raw input", "untrained", "permuted", "noise", "Bayes"),
        *("not trained", "verdict", "all rows", "majority"),
    ]:
        assert word in text
    assert text == found.table()
    assert "nan" not in text


def test_two_assessments_of_the_same_are_equal_although_some_numbers_are_none(found):
    log_posterior = posterior(0, 60)
    first, second = (es.assess(*pinned(log_posterior), log_posterior, rho=0.1) for _ in range(2))
    assert any(math.isnan(number) for number in first.rows[-1][4:11])
    again = pickle.loads(pickle.dumps(first))
    assert first == second == again
    assert hash(first) == hash(second) == hash(again)
    assert first != found
    assert first != str(first)


def test_columns_of_a_table_are_aligned(found):
    table = str(found).split("\n\n")[1].split("\n")[1:]
    place = table[0].index("verdict")
    assert all(
        line[place - 1] == " " and line[place - 2] == " " for line in table if place < len(line)
    )
    assert [line[place:] for line in table[1:-1]] == ["not trained"] * 4


def test_the_notebook_view_has_the_same_cells(found):
    page = found._repr_html_()
    assert page.count("<table>") == 4
    assert "<td>not trained</td>" in page
    assert number(found.row("law", "belief", "oracle").score) in page
    assert with_interval(*found.row("law", "belief")[4:7]) in page


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((0.5, ".500"), (1.0, "1.000"), (-0.25, "-.250"), (math.nan, "–"), (0.9996, "1.000")),
        *((-0.0001, ".000"), (-1.5, "-1.500"), (10.25, "10.250")),
    ],
)
def test_numbers_have_three_decimals_and_no_leading_zero(value, text):
    assert number(value) == text


def test_a_csv_file_holds_every_row_in_full(tmp_path, found):
    found.save(tmp_path / "rows.csv")
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert len(read) == len(found.rows)
    assert tuple(read[0]) == Row._fields
    for line, row in zip(read, found.rows, strict=True):
        assert line["score"] == ("" if math.isnan(row.score) else repr(float(row.score)))
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


def test_a_json_file_holds_reading_facts_and_rows(tmp_path, found):
    found.save(tmp_path / "all.json")
    read = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    assert read["reading"] == found.reading
    assert read["facts"]["num_contexts"] == 120
    assert read["rows"][1]["score"] == found.rows[1].score
    assert None in read["rows"][0].values()  # what is not a number


def test_another_ending_is_refused_and_nothing_is_written(tmp_path, found):
    with pytest.raises(ValueError, match=r"saved as .csv or .json; got 'all.xlsx'"):
        found.save(tmp_path / "all.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_without_pandas_the_remedy_is_named(found, monkeypatch):
    def missing(name):
        raise ImportError(f"no module {name}")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ImportError, match=r"pip install pandas, or use \.rows"):
        found.to_pandas()


def test_a_data_frame_has_a_row_a_record(found):
    pytest.importorskip("pandas")
    frame = found.to_pandas()
    assert list(frame.columns) == list(Row._fields)
    assert len(frame) == len(found.rows)
    laws = frame[(frame.direction == "law") & (frame.source == "trained")]
    assert set(laws.quantity) == {"log_posterior", "belief", "log_marginals", "rho", "argmax"}


def test_the_picture_has_an_axis_a_section_with_units_and_every_kind(found, tmp_path):
    figure = found.figure()
    named = [axes for axes in figure.axes if axes.get_xlabel()]
    assert len(named) == 4
    assert "share of I(c;x)" in named[1].get_xlabel()
    (legend,) = figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels[:3] == ["trained", "oracle", "Bayes"]
    assert {"null: raw input", "null: untrained", "null: permuted", "null: noise"} <= set(labels)
    figure.savefig(tmp_path / "picture.png", dpi=50)
    assert (tmp_path / "picture.png").stat().st_size > 1000


def test_no_text_of_the_picture_lies_on_another(found):
    figure = found.figure()
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    width, height = figure.bbox.width, figure.bbox.height
    boxes = []
    for axes in figure.axes:
        texts = [*axes.get_yticklabels(), axes.title, axes._left_title]
        if axes.xaxis.get_visible():
            texts += [*axes.get_xticklabels(), axes.xaxis.label]
        boxes += [one.get_window_extent(renderer) for one in texts if one.get_text()]
    boxes = [box for box in boxes if box.width]
    for index, one in enumerate(boxes):
        assert min(one.x0, one.y0) >= -1
        assert (one.x1 <= width + 1, one.y1 <= height + 1) == (True, True)
        assert not any(one.overlaps(other) for other in boxes[:index])


def test_a_row_that_is_not_there_is_an_error_that_lists_those_there_are(found):
    with pytest.raises(KeyError, match=r"no row \('law', 'nothing', 'trained'\); there are"):
        found.row("law", "nothing")
