"""What mail clients can show, from the data of caniemail.com, kept with the product.

In charge of: reading ``client_support.json`` and making it smaller than its source. Not in charge of:
what a page uses and what its loss means (``check_clients``).

The data is the work of caniemail.com's contributors, taken from the npm package ``caniemail`` 2.0.2 (MIT,
see ``client_support.LICENSE``). To refresh::

    npm pack caniemail && tar -xzf caniemail-*.tgz
    python -m pipeline.rendering.client_support package/data/caniemail.json
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("client_support.json")
#: Source categories that a page can be searched for.
_PREFIXES = ("css-", "html-", "image-")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSupport:
    """Which clients lack what."""

    #: When the source was last changed.
    dated: date
    #: Feature ("css-display-flex") to the clients ("outlook.windows") that do not have it.
    missing: Mapping[str, frozenset[str]]

    @property
    def families(self) -> tuple[str, ...]:
        """Every family that the data tells of, sorted: "apple-mail", "gmail" ….

        Each lacks something, so each stands in ``missing``.
        """
        return tuple(sorted({client.partition(".")[0] for lack in self.missing.values() for client in lack}))

    def lacking(self, feature: str, families: frozenset[str]) -> tuple[str, ...]:
        """Clients of ``families`` that lack ``feature``, sorted; none for an unknown feature."""
        return tuple(sorted(c for c in self.missing.get(feature, ()) if c.partition(".")[0] in families))


@cache
def client_support() -> ClientSupport:
    """The data that comes with the product."""
    raw = json.loads(_FILE.read_text("utf-8"))
    clients = raw["clients"]
    return ClientSupport(
        dated=date.fromisoformat(raw["dated"]),
        missing={
            feature: frozenset(clients[number] for number in numbers)
            for feature, numbers in raw["missing"].items()
        },
    )


def slimmed(source: Mapping[str, Any]) -> dict[str, Any]:
    """The part of caniemail's JSON that the checks need: the latest word on each client, if it is no."""
    missing: dict[str, list[str]] = {}
    for feature in source["data"]:
        if feature["slug"].startswith(_PREFIXES):
            lacking = [
                f"{family}.{platform}"
                for family, platforms in feature["stats"].items()
                for platform, versions in platforms.items()
                if list(versions.values())[-1].split()[0] == "n"
            ]
            missing[feature["slug"]] = lacking
    clients = sorted({client for lacking in missing.values() for client in lacking})
    numbers = {client: number for number, client in enumerate(clients)}
    return {
        "dated": source["last_update_date"][:10],
        "clients": clients,
        "missing": {
            feature: sorted(numbers[client] for client in lacking)
            for feature, lacking in sorted(missing.items())
        },
    }


def _refresh(path: Path) -> None:
    slim = slimmed(json.loads(path.read_text("utf-8")))
    lines = ",\n".join(
        f" {json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}"
        for key, value in slim["missing"].items()
    )
    head = json.dumps({"dated": slim["dated"], "clients": slim["clients"]}, separators=(",", ":"))
    _FILE.write_text(f'{head[:-1]},"missing":{{\n{lines}\n}}}}\n', "utf-8")


if __name__ == "__main__":
    _refresh(Path(sys.argv[1]))
