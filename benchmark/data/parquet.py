"""Parquet files of the Hugging Face hub: encoded images and labels, decoded here without any code of the host."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmark.errors import MettleError

_IMAGE_COLUMNS = ("img", "image")
_ROWS_AT_ONCE = 1000
_MODES = {1: "L", 3: "RGB"}


def read_parquet(
    paths: Sequence[Path], image_shape: tuple[int, int, int], count: int, progress: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """The images uint8 (N, H, W, C) and labels int64 (N,) of the files, in their order.

    Columns: `img` or `image` (struct with `bytes`: PNG or JPEG) and `label`. Raises MettleError for a file that
    is no parquet, lacks a column, has another number of rows, or an image of another size or mode.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq
    from rich.console import Console
    from rich.progress import Progress

    fix = "Remove the file and get it anew: mettle data fetch"
    try:
        files = [pq.ParquetFile(path) for path in paths]
    except (pa.ArrowInvalid, OSError) as error:
        raise MettleError(", ".join(map(str, paths)), "must be parquet files", error, fix) from error
    rows = sum(file.metadata.num_rows for file in files)
    if rows != count:
        raise MettleError(paths[0], f"must hold {count} rows", rows, fix)
    images = np.empty((count, *image_shape), np.uint8)
    labels = np.empty(count, np.int64)
    position = 0
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not progress) as bar:
        decoding = bar.add_task(f"Decoding {paths[0].name}", total=count)
        for path, file in zip(paths, files, strict=True):
            column = next((name for name in _IMAGE_COLUMNS if name in file.schema_arrow.names), None)
            if column is None or "label" not in file.schema_arrow.names:
                found = ", ".join(file.schema_arrow.names)
                raise MettleError(path, "must have the columns img or image, and label", found, fix)
            try:
                for batch in file.iter_batches(_ROWS_AT_ONCE, columns=[column, "label"]):
                    here = slice(position, position + len(batch))
                    labels[here] = batch.column("label").to_numpy()
                    for encoded in batch.column(column).field("bytes"):
                        images[position] = _decode(encoded.as_py(), image_shape, f"{path}, row {position}")
                        position += 1
                    bar.update(decoding, completed=position)
            except (pa.ArrowException, OSError, KeyError, TypeError) as error:
                raise MettleError(path, "must be a readable parquet file", error, fix) from error
    return images, labels


def _decode(encoded: bytes, shape: tuple[int, int, int], where: str) -> np.ndarray:
    from PIL import Image

    height, width, channels = shape
    try:
        with Image.open(io.BytesIO(encoded), formats=("PNG", "JPEG")) as image:
            # The header is compared before the pixels are decoded, so that a huge image costs nothing.
            if image.size != (width, height) or image.mode != _MODES[channels]:
                rule = f"images must be {width} x {height} {_MODES[channels]}"
                raise MettleError(where, rule, f"{image.size[0]} x {image.size[1]} {image.mode}")
            return np.asarray(image).reshape(shape)
    except (OSError, SyntaxError, ValueError) as error:
        raise MettleError(where, "must hold a PNG or JPEG image", error) from error
