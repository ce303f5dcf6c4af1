"""Prefixes and suffixes of the findings in the names of columns: `prob_Effusion`, `Effusion (score)`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cxrtune.errors import DataError
from cxrtune.findings import SYNONYMS, plain_name
from cxrtune.shown import listed, quoted

_OF_SCORES = frozenset(
    {
        *("p", "prob", "probs", "probability", "pred", "preds", "prediction", "predicted"),
        *("score", "scores", "output", "risk", "conf", "confidence"),
    }
)
_OF_LABELS = frozenset({"label", "labels", "gt", "true", "truth", "target", "y", "reference"})
_EDGE = r"[\s_.:/()\[\]-]"


class Affix(NamedTuple):
    """Prefix and suffix of a finding's name."""

    before: str = ""
    after: str = ""

    def taken_off(self, name: str) -> str | None:
        """Return the name of a column without the affix; None if the name does not have it."""
        if not (name.startswith(self.before) and name.endswith(self.after)):
            return None
        bare = name[len(self.before) : len(name) - len(self.after)]
        return bare if len(bare) + len(self.before) + len(self.after) == len(name) else None

    def around(self, finding: str) -> str:
        """Return the name of a finding's column."""
        return f"{self.before}{finding}{self.after}"


def find_affix(names: Sequence[str], findings: Sequence[str], path: Path) -> Affix | None:
    """Find the affix shared by the columns of most findings, if no column has the bare name of a finding.

    An affix of a single column is used only if it is a word for scores, such as `prob_`, or if there is only
    one finding. Words for labels, such as `true_`, are not used.

    Args:
        names: The columns of the table.
        findings: The findings wanted.
        path: The table, for errors.

    Returns:
        The affix, or None if there is none.

    Raises:
        DataError: The columns of equally many findings share another affix.
    """
    shared: dict[Affix, set[str]] = {}
    spellings = _spellings(findings)
    for name in names:
        # The longest name that matches: `pulmonary_edema` is not `edema` with a prefix.
        for expression, finding in spellings:
            found = expression.fullmatch(name)
            if found is not None and (found["before"] or found["after"]):
                shared.setdefault(Affix(found["before"], found["after"]), set()).add(finding)
                break
    fitting = {affix: of for affix, of in shared.items() if _may_be_of_scores(affix, of, findings)}
    most = max(map(len, fitting.values()), default=0)
    best = [affix for affix, of in fitting.items() if len(of) == most]
    if len(best) > 1:
        columns = [affix.around(min(fitting[affix])) for affix in best]
        raise DataError(
            f"has several columns for {most} of the findings, such as {listed(columns)}",
            path=path,
            remedy=f"Say which: {_option(best[0])}",
        )
    return best[0] if best else None


def _option(affix: Affix) -> str:
    return " ".join(
        f"`column_{side}` {quoted(text)}"
        for side, text in (("prefix", affix.before), ("suffix", affix.after))
        if text
    )


def _spellings(findings: Sequence[str]) -> list[tuple[re.Pattern[str], str]]:
    """Return a regular expression for each spelling of a finding in the name of a column, longest first."""
    ways = {plain_name(finding): finding for finding in findings}
    ways |= {other: ways[ours] for other, ours in SYNONYMS.items() if ours in ways and other not in ways}
    return [
        (
            re.compile(
                rf"(?P<before>(?:.*{_EDGE})?){_words(way)}(?P<after>(?:{_EDGE}.*)?)",
                re.IGNORECASE | re.DOTALL,
            ),
            ways[way],
        )
        for way in sorted(ways, key=lambda way: (-len(way), way))
    ]


def _words(plain: str) -> str:
    return r"[\s_-]+".join(re.escape(word) for word in plain.split("_"))


def _may_be_of_scores(affix: Affix, of: set[str], findings: Sequence[str]) -> bool:
    words = set(re.findall(r"[^\W_]+", f"{affix.before} {affix.after}".casefold()))
    if words & _OF_LABELS:
        return False
    return len(of) > 1 or len(findings) == 1 or bool(words & _OF_SCORES)
