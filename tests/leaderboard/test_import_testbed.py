"""The importer of ImageNet-testbed on a small table, and its committed output against published figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.documents import ReportedResults, read
from benchmark.errors import MettleError
from benchmark.paths import ROOT
from scripts.import_testbed import SHIFTS, Point, Shift, imported, line, points
from scripts.reported_file import reported_text

REPORTED = ROOT / "leaderboard" / "reported"
V2, SKETCH, R, A, OBJECTNET = SHIFTS
TABLE = f"""model,val,{V2.column}
alexnet,56.5219993591,43.5
resnet50,76.130,63.21
resnet50_aws_baseline,75,60
vgg11,69.02,
resnet50_clip_zeroshot,59.81,52.53
"""


def values(shift: Shift) -> dict[str, dict[str, float]]:
    """Model -> metric -> number of a committed file."""
    found: dict[str, dict[str, float]] = {}
    for row in read(ReportedResults, REPORTED / f"{shift.file}.json").rows:
        found.setdefault(row.method, {})[row.metric] = row.value
    return found


def table(tmp_path: Path, text: str = TABLE) -> Path:
    path = tmp_path / "top1.csv"
    path.write_text(text)
    return path


def test_a_small_table(tmp_path: Path) -> None:
    found = points(table(tmp_path), V2)
    assert found[0] == Point("alexnet", "standard", 56.522, 43.5)
    assert [point.model for point in found if point.fitted] == ["alexnet", "resnet50"]
    rows = imported(found, V2).rows
    assert len(rows) == 3 * 4
    on_the_line = [row.value for row in rows if row.metric == "effective_robustness" and row.note.endswith("the fit.")]
    assert on_the_line == pytest.approx([0, 0], abs=1e-4)
    assert {row.method: row.extra_data for row in rows}["resnet50_clip_zeroshot"] is True
    assert "vgg11" not in {row.method for row in rows}


def test_zero_percent_stays_and_is_not_fitted(tmp_path: Path) -> None:
    text = TABLE.replace(V2.column, A.column).replace("val", A.id_column).replace("63.21", "0.0").replace(",,", ",9,")
    found = points(table(tmp_path, text.replace("69.02,", "69.02,9")), A)
    assert [point.model for point in found if point.fitted] == ["alexnet", "vgg11"]
    document = imported(found, A)
    zero = {row.metric: row for row in document.rows if row.method == "resnet50"}
    assert zero["accuracy"].value == 0
    assert zero["effective_robustness"].value == pytest.approx(-100 * line(found).expected(0.7613), abs=1e-4)
    assert zero["accuracy"].anomalies == ["0 % by construction: the set was made of images it misses."]
    assert "resnet50 has exactly 0 %" in document.note


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TABLE.replace("alexnet", "somenet"), "every model has a kind"),
        (TABLE.replace(V2.column, "else"), f"no {V2.column}"),
    ],
)
def test_refusals(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(MettleError, match=message):
        points(table(tmp_path, text), V2)


def test_missing_table(tmp_path: Path) -> None:
    with pytest.raises(MettleError, match="no such file"):
        points(tmp_path / "top1.csv", V2)


@pytest.mark.parametrize(
    ("shift", "models", "fitted", "slope", "intercept", "r_squared"),
    [
        (V2, 335, 85, 0.9232, -0.4977, 0.9960),
        (SKETCH, 335, 85, 1.0709, -2.3701, 0.8690),
        (OBJECTNET, 335, 85, 0.9809, -1.9283, 0.9525),
        (R, 329, 80, 0.6368, -2.1077, 0.8894),
        (A, 335, 84, 1.9900, -7.6325, 0.8278),
    ],
    ids=lambda value: value.name if isinstance(value, Shift) else None,
)
def test_lines_through_the_standard_models(
    shift: Shift, models: int, fitted: int, slope: float, intercept: float, r_squared: float
) -> None:
    rows = read(ReportedResults, REPORTED / f"{shift.file}.json").rows
    by_metric = {
        metric: {r.method: r.value for r in rows if r.metric == metric} for metric in ("id_accuracy", "accuracy")
    }
    in_fit = {row.method for row in rows if row.note.endswith("In the fit.")}
    found = [
        Point(name, "standard" if name in in_fit else "other", by_metric["id_accuracy"][name], value)
        for name, value in by_metric["accuracy"].items()
    ]
    assert (len(found), len(in_fit)) == (models, fitted)
    fit = line(found)
    assert (fit.slope, fit.intercept) == pytest.approx((slope, intercept), abs=6e-5)
    assert fit.r_squared == pytest.approx(r_squared, abs=6e-5)


@pytest.mark.parametrize(
    ("model", "val", "v2", "robustness"),
    [
        ("resnet50", 76.13, 63.21, (-0.74, -0.36, 1.15, -0.60)),
        ("resnet50_augmix", 77.54, 65.11, (-0.50, 2.43, 0.14, 2.67)),
        ("resnet50_deepaugment_augmix", 75.82, 63.54, (-0.05, 8.50, 1.27, 10.32)),
        ("BiT-M-R152x4-ILSVRC2012", 85.18, 75.03, (-0.31, 5.20, -5.84, 3.86)),
        ("efficientnet-l2-noisystudent", 88.32, 80.85, (1.11, 2.71, 3.26, 17.09)),
        ("instagram-resnext101_32x48d", 85.44, 76.96, (1.26, 20.47, 4.49, 27.17)),
        ("resnet50_clip_zeroshot", 59.81, 52.53, (5.79, 22.86, 17.85, 32.86)),
        ("vit_b_32_clip_zeroshot", 63.30, 55.77, (5.63, 28.02, 18.10, 38.95)),
    ],
)
def test_effective_robustness_as_tabulated(
    model: str, val: float, v2: float, robustness: tuple[float, float, float, float]
) -> None:
    on_v2 = values(V2)[model]
    assert (on_v2["id_accuracy"], on_v2["accuracy"]) == pytest.approx((val, v2), abs=0.0051)
    found = tuple(values(shift)[model]["effective_robustness"] for shift in (V2, SKETCH, OBJECTNET, R))
    assert found == pytest.approx(robustness, abs=0.0051)


def test_resnet50_on_the_set_made_of_its_mistakes() -> None:
    assert values(A)["resnet50"] == pytest.approx({"accuracy": 0, "id_accuracy": 91.86, "effective_robustness": -5.68})


def test_committed_files_are_what_the_published_table_says(mirror: Path) -> None:
    path = mirror / "published" / "imagenet_testbed_top1.csv"
    if not path.is_file():
        pytest.skip("the mirror folder (METTLE_MIRROR) has no published/imagenet_testbed_top1.csv")
    for shift in SHIFTS:
        document = imported(points(path, shift), shift)
        file = REPORTED / f"{shift.file}.json"
        assert read(ReportedResults, file) == document
        assert file.read_text(encoding="utf-8") == reported_text(document)
        assert file.stat().st_size < 400_000
