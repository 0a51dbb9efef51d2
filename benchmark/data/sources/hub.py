"""The Hugging Face Hub at a pinned commit, asked through its own client (HF_ENDPOINT, HF_HUB_OFFLINE, tokens).

The client says which bytes belong to the commit; `download` brings them, because the client (2.4) starts a file
anew when its process was killed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmark.data.manifest import HubSource, Manifest
from benchmark.data.sources.download import check_reachable, check_sha256, download
from benchmark.data.sources.offer import Offer, UnavailableError, parquet_offer
from benchmark.paths import cache_dir

_ANSWER_SECONDS = 5.0
_SHA256 = re.compile(r"[0-9a-f]{64}")


def cached(manifest: Manifest, part: str) -> Iterator[Offer]:
    """The files of the pinned commit that are here already: in our cache or in that of the hub's client."""
    if manifest.hub is None:
        return
    from huggingface_hub import try_to_load_from_cache

    hub = manifest.hub
    files = []
    for name in hub.files[part]:
        ours = _target(hub, name)
        theirs = try_to_load_from_cache(hub.repo, name, revision=hub.revision, repo_type="dataset")
        if ours.is_file():
            files.append(ours)
        elif isinstance(theirs, str):
            files.append(Path(theirs))
        else:
            return
    yield _offer(manifest, hub, part, files)


def offers(manifest: Manifest, part: str, progress: bool) -> Iterator[Offer]:
    """The files of the pinned commit, downloaded. Raises UnavailableError, soon, where the hub does not answer."""
    if manifest.hub is None:
        raise UnavailableError("it is not on the hub")
    hub = manifest.hub
    for name in hub.files[part]:
        _bring(hub, name, progress)
    yield _offer(manifest, hub, part, [_target(hub, name) for name in hub.files[part]])


def command(manifest: Manifest) -> str | None:
    """What a person can type to download the files with the hub's own tool."""
    if manifest.hub is None:
        return None
    return f"hf download --repo-type dataset {manifest.hub.repo} --revision {manifest.hub.revision}"


def _bring(hub: HubSource, name: str, progress: bool) -> None:
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
    from huggingface_hub.utils import build_hf_headers

    if _target(hub, name).is_file():
        return
    if constants.HF_HUB_OFFLINE:
        raise UnavailableError("HF_HUB_OFFLINE is set")
    check_reachable(constants.ENDPOINT)
    url = hf_hub_url(hub.repo, name, repo_type="dataset", revision=hub.revision)
    try:
        stated = get_hf_file_metadata(url, timeout=_ANSWER_SECONDS)
    except Exception as error:
        # The client's errors come from whichever HTTP library its version uses, so they have no common base.
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise UnavailableError(f"{constants.ENDPOINT}: {reason}") from error
    if stated.commit_hash != hub.revision:
        raise UnavailableError(f"{url} belongs to commit {stated.commit_hash}, not {hub.revision}")
    etag = stated.etag or ""  # of a large file the sha256
    sha256 = hub.sha256.get(name) or (etag if _SHA256.fullmatch(etag) else None)
    authorization = build_hf_headers().get("authorization")
    secret = {"Authorization": authorization} if authorization else None
    download(url, _target(hub, name), sha256, stated.size, secret, progress)


def _target(hub: HubSource, name: str) -> Path:
    return cache_dir() / "hub" / hub.repo / hub.revision / name


def _offer(manifest: Manifest, hub: HubSource, part: str, files: list[Path]) -> Offer:
    for name, path in zip(hub.files[part], files, strict=True):
        if name in hub.sha256:
            check_sha256(path, hub.sha256[name])
    return parquet_offer("Hugging Face Hub", files, manifest, part)
