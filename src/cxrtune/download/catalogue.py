"""The contents of a data set: a YAML file from the package, or a user's own in the same format."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cxrtune.errors import UsageError
from cxrtune.yaml_file import parse_mapping

# A plain name stays in the folder, and does not begin with a dot, unlike the download's own files.
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$", max_length=100)]
_REMEDY = "Write it like the shipped one; docs/download.md has the meaning of every key."
_OURS = ("download.json",)


class _CataloguePart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Known(_CataloguePart):
    """Known properties of one published version of a file; None for unknown properties.

    Attributes:
        bytes: Size of the file.
        sha256: SHA-256, in lower-case hexadecimal digits.
        md5: MD5, in lower-case hexadecimal digits.
    """

    bytes: Annotated[int, Field(gt=0)] | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    md5: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None

    @property
    def has_checksum(self) -> bool:
        """Whether the content can be verified, and not only its size."""
        return self.sha256 is not None or self.md5 is not None


class Unpack(_CataloguePart):
    """How to unpack an archive (.tar.gz).

    Attributes:
        folder: The folder that it becomes, within the data folder.
        inside: The folder in the archive that has the images; it is in `folder` after unpacking.
    """

    folder: Name
    inside: Name = "images"


class CatalogueEntry(_CataloguePart):
    """One file.

    Attributes:
        name: File name in the data folder and on a mirror.
        links: Where it is published; each link is tried if the ones before it fail.
        known: Known versions, the publisher's first; empty if nothing is known.
        unpack: How to unpack it, if it is an archive.
        without: Consequences for cxrtune if the file is missing, for files that are optional.
    """

    name: Name
    links: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
    known: Annotated[tuple[Known, ...], Field(strict=False)] = ()
    unpack: Unpack | None = None
    without: str | None = None

    @field_validator("links")
    @classmethod
    def _are_addresses(cls, links: tuple[str, ...]) -> tuple[str, ...]:
        for link in links:
            if not is_address(link):
                raise ValueError(f"'{link}' is no http or https address")
        return links

    @property
    def bytes(self) -> int | None:
        """Size of the publisher's version, if known."""
        return self.known[0].bytes if self.known else None

    @property
    def has_checksum(self) -> bool:
        """Whether the content can be verified."""
        return bool(self.known) and all(version.has_checksum for version in self.known)

    def may_have(self, size: int) -> bool:
        """Return whether a file of `size` bytes could be a known version."""
        return not self.known or any(version.bytes in (None, size) for version in self.known)


class Catalogue(_CataloguePart):
    """The contents of a data set.

    Attributes:
        dataset: Name on the command line.
        title: Name for display.
        terms: Address of the terms of use.
        cite: Publication to cite.
        files: Files of the data set.
    """

    dataset: Name
    title: str
    terms: str
    cite: str
    files: Annotated[tuple[CatalogueEntry, ...], Field(strict=False, min_length=1)]

    @model_validator(mode="after")
    def _is_distinct(self) -> Catalogue:
        taken = list(_OURS)
        for place in self._places():
            if place.lower().endswith((".part", ".part.json")):
                raise ValueError(f"'{place}' ends like a file that is being fetched")
            if place.lower() in taken:  # some file systems ignore case
                raise ValueError(f"'{place}' is the name of two things")
            taken.append(place.lower())
        return self

    def _places(self) -> Iterator[str]:
        for entry in self.files:
            yield entry.name
            if entry.unpack is not None:
                yield entry.unpack.folder


def is_address(text: str) -> bool:
    """Return whether a text is an http or https address with a host."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is not a number, an unclosed bracket
        return False


def shown(address: str) -> str:
    """Return an address without user name and password."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def shipped_catalogues() -> tuple[str, ...]:
    """Return the names of the data sets that the package includes."""
    return tuple(sorted(entry.name[:-5] for entry in _shipped().iterdir() if entry.name.endswith(".yaml")))


def load_catalogue(dataset: str, path: Path | None = None) -> Catalogue:
    """Load the catalogue of a data set.

    Args:
        dataset: Name of the data set, such as `nih`.
        path: A user's own catalogue; the package's is used if None.

    Raises:
        UsageError: There is no such data set, or the file is not a catalogue of it.
    """
    if path is not None:
        catalogue = _parse(_read(path), path)
        if catalogue.dataset != dataset:
            raise UsageError(
                f"is a catalogue of '{catalogue.dataset}', not of '{dataset}'",
                path=path,
                remedy=f"Ask for it by its name: `cxrtune.download dataset={catalogue.dataset}`.",
            )
        return catalogue
    if dataset not in shipped_catalogues():
        raise UsageError(
            f"there is no data set '{dataset}' to download",
            remedy=f"Choose one of: {', '.join(shipped_catalogues())}; or name a catalogue with `catalogue`.",
        )
    shipped = _shipped().joinpath(f"{dataset}.yaml")
    return _parse(shipped.read_text(encoding="utf-8"), Path(str(shipped)))


def _shipped() -> Any:
    return files("cxrtune.download").joinpath("data")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UsageError("is no readable text file", path=path, remedy=_REMEDY) from error


def _parse(text: str, path: Path) -> Catalogue:
    content = parse_mapping(text, where=path, what="catalogue", remedy=_REMEDY)
    try:
        return Catalogue.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise UsageError(
            f"is no catalogue: {where + ': ' if where else ''}{reason[0].lower()}{reason[1:]}",
            path=path,
            remedy=_REMEDY,
        ) from error
