"""The order of the sources, what they yield, and what is refused."""

import gzip
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from tiny_dataset import make_tiny, write_parquet

from benchmark.data import load, read_manifest, status
from benchmark.data.checksums import values_sha256
from benchmark.data.loading import NotHereError, load_part
from benchmark.data.sources import debian
from benchmark.data.verify import DataDiffersError
from benchmark.errors import MettleError


def local(manifest, part="test"):
    return load_part(manifest, part, progress=False, network=False)


def assert_is(dataset, arrays):
    images, labels = arrays
    np.testing.assert_array_equal(dataset.images, images)
    np.testing.assert_array_equal(dataset.labels, labels)
    assert dataset.images.dtype == np.uint8
    assert dataset.labels.dtype == np.int64
    assert dataset.exact.all()
    assert dataset.copy == "official"
    assert dataset.pixels_sha256 == values_sha256(images)


def test_every_local_source_yields_the_same_arrays_in_the_same_order(tiny, tmp_path, monkeypatch):
    sources = []
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path / "a"))
    tiny.write_hub_files(tmp_path / "a")
    sources.append(local(tiny.manifest))
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "second cache"))
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path / "b"))
    tiny.write_idx_files(tmp_path / "b" / "somewhere")
    sources.append(local(tiny.manifest))
    for dataset in sources:
        assert dataset.source == "mirror folder"
        assert_is(dataset, tiny.arrays["test"])


def test_colour_images_and_the_column_name_of_cifar(tmp_path, monkeypatch):
    tiny = make_tiny(tmp_path / "manifests", (8, 6, 3))
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path / "mirror"))
    for part, names in tiny.manifest.hub.files.items():
        path = tmp_path / "mirror" / "hub" / tiny.manifest.hub.repo / names[0]
        write_parquet(path, *tiny.arrays[part], column="img")
    for part in ("train", "test"):
        assert_is(local(tiny.manifest, part), tiny.arrays[part])


def test_mirrors_come_in_their_order_and_before_the_cache(tiny, tmp_path, monkeypatch):
    other = make_tiny(tmp_path / "other", seed=1)
    other.write_hub_files(tmp_path / "first")
    tiny.write_hub_files(tmp_path / "second")
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path / "second"))
    assert_is(local(tiny.manifest), tiny.arrays["test"])
    monkeypatch.setenv("METTLE_MIRROR", os.pathsep.join([str(tmp_path / "first"), str(tmp_path / "second")]))
    with pytest.raises(DataDiffersError):
        local(tiny.manifest)


def test_a_second_load_maps_the_decoded_arrays(tiny, tmp_path, monkeypatch, own_cache):
    folder = tiny.write_hub_files(tmp_path / "mirror")
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path / "mirror"))
    local(tiny.manifest)
    monkeypatch.setattr("benchmark.data.sources.offer.read_parquet", None)  # a second decoding would fail
    assert_is(local(tiny.manifest), tiny.arrays["test"])
    monkeypatch.undo()
    monkeypatch.setenv("METTLE_CACHE", str(own_cache))
    for path in folder.rglob("*.parquet"):
        path.unlink()
    dataset = local(tiny.manifest)
    assert dataset.source == "cache, from mirror folder"
    assert_is(dataset, tiny.arrays["test"])


def test_writing_into_a_loaded_array_does_not_change_the_cache(tiny, tmp_path, monkeypatch):
    tiny.write_hub_files(tmp_path / "mirror")
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path / "mirror"))
    for _ in range(3):
        dataset = local(tiny.manifest)
        assert_is(dataset, tiny.arrays["test"])
        dataset.images[:] = 0


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "gone"])
def test_damaged_decoded_arrays_are_decoded_again(tiny, tmp_path, monkeypatch, own_cache, damage):
    tiny.write_hub_files(tmp_path / "mirror")
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path / "mirror"))
    local(tiny.manifest)
    (path,) = own_cache.rglob("images.npy")
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes({"flip": content, "truncate": content[:300], "empty": b""}[damage])
    assert_is(local(tiny.manifest), tiny.arrays["test"])


def test_what_a_killed_process_left_is_cleared(tiny, tmp_path, monkeypatch, own_cache):
    tiny.write_hub_files(tmp_path / "mirror")
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path / "mirror"))
    local(tiny.manifest)
    (entry,) = (own_cache / "decoded" / "tiny").glob("test-*")
    left = entry.parent / f".{entry.name}.writing-gone"
    entry.rename(left)
    assert_is(local(tiny.manifest), tiny.arrays["test"])
    assert not left.exists()


def test_changed_images_are_counted_located_and_measured(tiny, tmp_path, monkeypatch):
    images = tiny.arrays["test"][0].copy()
    for position in (3, 11):
        images[position, :2, :2] ^= 4  # four pixels, four levels each: eight levels off
    path = tmp_path / "mirror" / "hub" / tiny.manifest.hub.repo / tiny.manifest.hub.files["test"][0]
    write_parquet(path, images, tiny.arrays["test"][1])
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path / "mirror"))
    with pytest.raises(DataDiffersError) as caught:
        local(tiny.manifest)
    message = str(caught.value)
    assert "2 of 20 images that differ (positions 3, 11)" in message
    assert str(path) in message
    assert "mettle data fetch tiny" in message
    assert caught.value.fraction == 0.1
    assert "\n" not in message
    estimate = float(message.split("about ")[1].split()[0])
    assert 2 < estimate < 20  # of eight, from four checksums an image


def test_changed_labels_are_refused(tiny, tmp_path, monkeypatch):
    images, labels = tiny.arrays["test"]
    path = tmp_path / "mirror" / "hub" / tiny.manifest.hub.repo / tiny.manifest.hub.files["test"][0]
    write_parquet(path, images, labels[::-1].copy())
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path / "mirror"))
    with pytest.raises(DataDiffersError, match="labels must have sha256"):
        local(tiny.manifest)


def test_another_data_set_under_the_same_file_names_is_passed_over(tiny, tmp_path, monkeypatch):
    make_tiny(tmp_path / "other", seed=1).write_idx_files(tmp_path / "mirror" / "a")
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path / "mirror"))
    with pytest.raises(NotHereError, match="another data set's"):
        local(tiny.manifest)
    tiny.write_idx_files(tmp_path / "mirror" / "b")
    assert_is(local(tiny.manifest), tiny.arrays["test"])


def test_a_file_found_by_name_with_few_changes_is_refused_not_passed_over(tiny, tmp_path, monkeypatch):
    tiny.arrays["test"][0][5] ^= 1
    tiny.write_idx_files(tmp_path / "mirror")
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path / "mirror"))
    with pytest.raises(DataDiffersError, match="positions 5"):
        local(tiny.manifest)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"<html>", "gzip"),
        (gzip.compress(b"\0\0\x08\x03")[:-4], "gzip"),
        (gzip.compress(b"<html>"), "idx file"),
        (gzip.compress(b"\0\0\x08\x03\0\0"), "header"),
        (gzip.compress(b"\0\0\x08\x01\0\0\0\x05abc"), "5 values"),
    ],
)
def test_a_broken_idx_file_is_named(tiny, tmp_path, monkeypatch, content, rule):
    folder = tiny.write_idx_files(tmp_path / "mirror")
    (folder / "test-images.gz").write_bytes(content)
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path / "mirror"))
    with pytest.raises(MettleError, match=rule) as caught:
        local(tiny.manifest)
    assert "test-images.gz" in str(caught.value)


def break_parquet(path: Path, how: str, images: np.ndarray, labels: np.ndarray) -> None:
    if how == "no parquet":
        path.write_bytes(b"<html>not found</html>")
    elif how == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    elif how == "rows":
        write_parquet(path, images[:-1], labels[:-1])
    elif how == "size":
        write_parquet(path, images[:, :-1], labels)
    elif how == "mode":
        write_parquet(path, np.repeat(images, 3, axis=3), labels)
    elif how == "column":
        write_parquet(path, images, labels, column="picture")


@pytest.mark.parametrize(
    ("how", "rule"),
    [
        ("no parquet", "must be parquet"),
        ("truncated", "must be parquet"),
        ("rows", "must hold 20 rows, but got 19"),
        ("size", "images must be 8 x 8 L, but got 8 x 7 L"),
        ("mode", "images must be 8 x 8 L, but got 8 x 8 RGB"),
        ("column", "columns img or image"),
    ],
)
def test_a_broken_parquet_file_is_named(tiny, tmp_path, monkeypatch, how, rule):
    path = tiny.write_hub_files(tmp_path / "mirror") / tiny.manifest.hub.files["test"][0]
    break_parquet(path, how, *tiny.arrays["test"])
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path / "mirror"))
    with pytest.raises(MettleError, match=rule) as caught:
        local(tiny.manifest)
    assert path.name in str(caught.value)


def make_with_inexact(folder: Path):
    """A data set whose official images 4 and 7 are unknown; the manifest records a mirror's versions of them."""
    tiny = make_tiny(folder)
    official = tiny.arrays["test"][0].copy()
    official[[4, 7]] ^= 16
    test = tiny.manifest.parts["test"].model_copy(
        update={
            "inexact": (4, 7),
            "images_sha256": values_sha256(np.delete(official, [4, 7], axis=0)),
        }
    )
    manifest = tiny.manifest.model_copy(update={"parts": {**tiny.manifest.parts, "test": test}})
    return tiny, manifest, official


def test_a_mirror_copy_and_the_official_copy_are_told_apart(tmp_path, monkeypatch):
    tiny, manifest, official = make_with_inexact(tmp_path / "manifests")
    path = tmp_path / "mirror" / "hub" / manifest.hub.repo / manifest.hub.files["test"][0]
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path / "mirror"))

    write_parquet(path, *tiny.arrays["test"])
    mirror = local(manifest)
    assert mirror.copy == "mirror copy"
    assert np.flatnonzero(~mirror.exact).tolist() == [4, 7]

    write_parquet(path, official, tiny.arrays["test"][1])
    dataset = local(manifest)
    assert dataset.copy == "official"
    assert dataset.exact.all()
    assert dataset.pixels_sha256 == values_sha256(official) != mirror.pixels_sha256

    official[5] ^= 1
    write_parquet(path, official, tiny.arrays["test"][1])
    with pytest.raises(DataDiffersError, match=r"1 of 18 images that differ \(positions 5\)"):
        local(manifest)


def test_where_no_source_has_it_the_ways_are_listed_with_commands(tiny):
    with pytest.raises(NotHereError) as caught:
        local(tiny.manifest)
    message = str(caught.value)
    assert "mettle data fetch tiny" in message
    assert f"hf download --repo-type dataset {tiny.manifest.hub.repo} --revision" in message
    assert "METTLE_MIRROR=" in message
    assert caught.value.exit_code == 2


def test_an_unwritable_cache_costs_only_time(tiny, tmp_path, monkeypatch, capsys):
    tiny.write_hub_files(tmp_path / "mirror")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "file" / "cache"))
    assert_is(load_part(tiny.manifest, "test", network=False), tiny.arrays["test"])
    assert "is not cached" in capsys.readouterr().err


def test_unknown_names_and_parts_are_refused_with_the_nearest():
    with pytest.raises(MettleError, match="Did you mean cifar10"):
        load("cifar-10", "test")
    with pytest.raises(MettleError, match="its parts are train, test, but got 'valid'"):
        load("fashion-mnist", "valid")


def test_altered_checksums_of_a_manifest_are_refused(tmp_path):
    make_tiny(tmp_path / "manifests")
    rows = np.load(tmp_path / "manifests" / "tiny.npy")
    rows[0, 0] ^= 1
    np.save(tmp_path / "manifests" / "tiny.npy", rows)
    with pytest.raises(MettleError, match="per-image checksums of tiny"):
        read_manifest("tiny", tmp_path / "manifests").checksums("test")


def test_status_says_what_is_here_without_a_network(monkeypatch):
    monkeypatch.setattr("benchmark.data.sources.hub.offers", None)  # a download would fail
    monkeypatch.setattr(debian, "installed", lambda *_: iter(()))
    found = {(entry.name, entry.part): entry for entry in status()}
    assert not found["cifar10", "test"].ready
    assert "mettle data fetch cifar10" in found["cifar10", "test"].problem
    assert len(status("mnist")) == 2


def test_digits_have_a_frozen_split():
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    test, train = load("digits", "test"), load("digits", "train")
    assert test.source == "scikit-learn"
    assert np.bincount(test.labels).tolist() == [36] * 10
    assert len(train) + len(test) == 1797
    assert test.images.shape == (360, 8, 8, 1)
    assert test.images.max() == 255


def test_digits_without_scikit_learn_say_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(NotHereError, match="pip install scikit-learn"):
        load("digits", "test")
