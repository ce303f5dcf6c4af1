"""A small data set on a hostile host, and a download of it."""

import gzip
import hashlib
import io
import random
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from hostile_host import Host

from cxrtune.back_off import BackOff
from cxrtune.download.catalogue import load_catalogue
from cxrtune.download.download import Summary, download
from cxrtune.download.transfer import RetryPolicy
from cxrtune.progress import SilentReporter

TABLE = b"Image Index,Finding Labels\n00000001_000.png,No Finding\n"
HASTE = RetryPolicy(attempts=3, timeout_seconds=0.5, back_off=BackOff(0.01, 60, chance=0.5))


class Listener(SilentReporter):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.warned: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def warn(self, text: str) -> None:
        self.warned.append(text)


def images(number: int, count: int = 4, size: int = 60_000) -> dict[str, bytes]:
    """Names and bytes of images; random bytes, which do not shrink."""
    rng = random.Random(number)
    return {f"{number:08d}_{image:03d}.png": rng.randbytes(size) for image in range(count)}


def packed(members: dict[str, bytes], inside: str = "images") -> bytes:
    """A .tar.gz as NIH makes them: the folder, then its files."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        folder = tarfile.TarInfo(inside)
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(folder)
        for name, content in members.items():
            member = tarfile.TarInfo(f"{inside}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(stream.getvalue(), 1, mtime=0)


@dataclass
class DataSet:
    """A table and three archives on a host, and the folder that they shall become.

    Attributes:
        known: What the catalogue knows of a file: `sha256`, `md5`, `bytes` or `nothing`.
    """

    host: Host
    folder: Path
    catalogue: Path
    known: str = "sha256"
    members: dict[str, dict[str, bytes]] = field(default_factory=dict, repr=False)
    listener: Listener = field(default_factory=Listener)

    def write_catalogue(self, **links: list[str]) -> Path:
        """Write the catalogue of what the host has now; `links` by the stem of a file's name."""
        entries = []
        for name, content in self.host.files.items():
            version = {
                "sha256": {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()},
                "md5": {"bytes": len(content), "md5": hashlib.md5(content).hexdigest()},
                "bytes": {"bytes": len(content)},
                "nothing": None,
            }[self.known]
            entry = {"name": name, "links": links.get(name.split(".")[0], [f"{self.host.address}/{name}"])}
            if version is not None:
                entry["known"] = [version]
            if name.endswith(".tar.gz"):
                entry["unpack"] = {"folder": name.split(".")[0]}
            entries.append(entry)
        content = {
            "dataset": "small",
            "title": "A small set",
            "terms": "https://example.org/terms",
            "cite": "its makers",
            "files": entries,
        }
        self.catalogue.write_text(yaml.safe_dump(content), encoding="utf-8")
        return self.catalogue

    def fetch(self, *, rewrite: bool = True, retries: RetryPolicy = HASTE, **options) -> Summary:
        """Download it; `rewrite=False` with the catalogue as it was written before."""
        if rewrite:
            self.write_catalogue()
        choices = {"mirror": None, "jobs": 2, "keep_archives": False} | options
        return download(
            load_catalogue("small", self.catalogue),
            self.folder,
            retries=retries,
            reporter=self.listener,
            **choices,
        )

    def expected(self, archives: bool = False) -> dict[str, bytes]:
        """What the folder shall hold in the end, the record apart."""
        whole = {"table.csv": self.host.files["table.csv"]} if "table.csv" in self.host.files else {}
        for stem, members in self.members.items():
            whole |= {f"{stem}/images/{name}": content for name, content in members.items()}
            if archives:
                whole[f"{stem}.tar.gz"] = self.host.files[f"{stem}.tar.gz"]
        return whole

    def found(self) -> dict[str, bytes]:
        """What it holds, hidden files too, the record apart."""
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path.name != "download.json"
        }

    def is_complete(self, archives: bool = False) -> bool:
        return self.found() == self.expected(archives)
