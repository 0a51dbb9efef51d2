"""The Hugging Face Hub at a pinned commit, through its own client: resume, locks, HF_ENDPOINT, HF_HUB_OFFLINE."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.data.manifest import HubSource, Manifest
from benchmark.data.sources.network import check_reachable, check_sha256
from benchmark.data.sources.offer import Offer, UnavailableError, parquet_offer


def cached(manifest: Manifest, part: str) -> Iterator[Offer]:
    """The files that the hub's client has already downloaded at this commit, without any network."""
    if manifest.hub is None:
        return
    from huggingface_hub import try_to_load_from_cache

    hub = manifest.hub
    found = [
        try_to_load_from_cache(hub.repo, name, revision=hub.revision, repo_type="dataset") for name in hub.files[part]
    ]
    files = [Path(path) for path in found if isinstance(path, str)]
    if len(files) == len(found):
        _check_files(hub, hub.files[part], files)
        yield parquet_offer("Hugging Face Hub", files, manifest, part)


def offers(manifest: Manifest, part: str, progress: bool) -> Iterator[Offer]:
    """The files of the pinned commit, downloaded or already there. Raises UnavailableError, soon, without a network."""
    if manifest.hub is None:
        raise UnavailableError("it is not on the hub")
    from huggingface_hub import constants, hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    if constants.HF_HUB_OFFLINE:
        raise UnavailableError("HF_HUB_OFFLINE is set")
    check_reachable(constants.ENDPOINT)
    hub = manifest.hub
    quiet_before = are_progress_bars_disabled()
    (enable_progress_bars if progress else disable_progress_bars)()
    try:
        files = [
            Path(hf_hub_download(hub.repo, name, repo_type="dataset", revision=hub.revision, etag_timeout=5.0))
            for name in hub.files[part]
        ]
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise UnavailableError(f"{constants.ENDPOINT}: {reason}") from error
    finally:
        (disable_progress_bars if quiet_before else enable_progress_bars)()
    _check_files(hub, hub.files[part], files)
    yield parquet_offer("Hugging Face Hub", files, manifest, part)


def command(manifest: Manifest) -> str | None:
    """What a person can type to download the files with the hub's own tool."""
    if manifest.hub is None:
        return None
    return f"hf download --repo-type dataset {manifest.hub.repo} --revision {manifest.hub.revision}"


def _check_files(hub: HubSource, names: tuple[str, ...], files: list[Path]) -> None:
    for name, path in zip(names, files, strict=True):
        if name in hub.sha256:
            check_sha256(path, hub.sha256[name])
