"""Cuts an article into parts: the best plan, and the next best where they are close.

In charge of: how many parts, and which plan is cheapest. Not in charge of: where a cut may stand
(``atoms``), what it costs (``cuts``), or the words around a part (``wording``).

A plan costs Σ (words / target - 1)² over its parts, a penalty for each cut, and a steep one for each part
under half the target. The cheapest plan is exact, not a guess (``cheapest``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from pipeline.article.model import Block
from pipeline.series.atoms import Atom, glue
from pipeline.series.cheapest import Curve, Path, Road, cheapest_path, path_cost
from pipeline.series.cuts import cut_penalties

__all__ = ["LEAST_WORDS", "Plan", "Split", "most_parts", "parts_for", "plan_at", "split_article"]

#: Words below which a part is more frame than content: an article bears no more parts than leave each
#: one this much.
LEAST_WORDS = 50
#: For a part of no words at all; half of it is already more than any other fault.
_STEEP = 4.0
#: How many plans a person may choose from.
_MOST_PLANS = 3
#: A plan is worth offering up to this much above the best: as bad as one part 40 % off its size.
_CLOSE = 0.16
#: Parts times atoms: beyond this nobody compares plans part by part, and finding them would take seconds.
_MOST_TO_COMPARE = 12_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One way to cut: where each part begins (indexes of blocks, the first is 0), its words, the cost."""

    starts: tuple[int, ...]
    words: tuple[int, ...]
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The plans for one article, best first; all have the same number of parts."""

    plans: tuple[Plan, ...]
    #: Parts asked for; None where the length decided.
    requested: int | None
    #: The most parts that the content bears.
    bears: int

    @property
    def best(self) -> Plan:
        """The cheapest plan."""
        return self.plans[0]


def parts_for(words: int, words_per_part: float) -> int:
    """The number of parts that brings their mean nearest to ``words_per_part``; at least 1."""
    return max(1, int(words / words_per_part + 0.5))


def split_article(
    blocks: Sequence[Block],
    *,
    parts: int | None = None,
    words_per_part: float = 250,
    most_plans: int = _MOST_PLANS,
) -> Split:
    """The best ways to cut ``blocks`` into ``parts`` parts, or into parts of about ``words_per_part`` words.

    Gives fewer parts than asked for where the content bears no more, and says so in the result. Raises
    ValueError where there is no block, or ``parts`` is under 1.
    """
    if not blocks or (parts is not None and parts < 1):
        raise ValueError("a split needs at least one block and one part")
    atoms = glue(blocks)
    bears = most_parts(blocks)
    count = min(bears, parts or parts_for(sum(atom.words for atom in atoms), words_per_part))
    penalties = cut_penalties(blocks, atoms)
    plans = _best_plans(atoms, penalties, count, most_plans)
    return Split(plans=plans, requested=parts, bears=bears)


def plan_at(blocks: Sequence[Block], starts: Sequence[int]) -> Plan:
    """What it costs to begin parts at the indexes ``starts``: rising, from 0, each the first of an atom."""
    atoms = glue(blocks)
    road = _road(atoms, cut_penalties(blocks, atoms), range(len(atoms)), len(starts))
    at = {atom.first: k for k, atom in enumerate(atoms)}
    return _as_plan(atoms, range(len(atoms) + 1), road, (*(at[start] for start in starts), len(atoms)))


def most_parts(blocks: Sequence[Block]) -> int:
    """The most parts of LEAST_WORDS or more that ``blocks`` can make, taken greedily; at least 1."""
    count = words = 0
    for atom in glue(blocks):
        words += atom.words
        if words >= LEAST_WORDS:
            count, words = count + 1, 0
    return max(1, count)


def _best_plans(atoms: Sequence[Atom], penalties: Sequence[float], parts: int, most: int) -> tuple[Plan, ...]:
    """The cheapest plans, best first, as far as they are close to the best.

    A plan with as many parts as those already found differs from each by at least one cut that it lacks.
    So every further plan avoids at least one cut of each: the sets of cuts to avoid grow with each find.
    """
    first = _plan(atoms, penalties, parts, frozenset())
    assert first is not None, "what the article bears can be cut"
    found, most = [first], most if parts * len(atoms) <= _MOST_TO_COMPARE else 1
    tried: dict[frozenset[int], Plan | None] = {frozenset(): first}
    while len(found) < most:
        cuts = found[-1].starts[1:]
        sets = {old if old & set(cuts) else old | {cut} for old in tried for cut in cuts}
        tried = {one: tried.get(one) or _plan(atoms, penalties, parts, one) for one in sets}
        best = min(filter(None, tried.values()), key=lambda plan: plan.cost, default=None)
        if best is None or best.cost > first.cost + _CLOSE:
            break
        found.append(best)
    return tuple(found)


def _plan(
    atoms: Sequence[Atom], penalties: Sequence[float], parts: int, avoid: frozenset[int]
) -> Plan | None:
    """The cheapest plan that begins no part at the blocks in ``avoid``; None if there is none."""
    open_atoms = [k for k, atom in enumerate(atoms) if atom.first not in avoid]
    if len(open_atoms) < parts:
        return None
    road = _road(atoms, penalties, open_atoms, parts)
    return _as_plan(atoms, [*open_atoms, len(atoms)], road, cheapest_path(road, parts))


def _road(atoms: Sequence[Atom], penalties: Sequence[float], open_atoms: Sequence[int], parts: int) -> Road:
    """The places where a part may begin, and the end of the article, for ``cheapest_path``."""
    positions = [0, *accumulate(atom.words for atom in atoms)]
    return Road(
        positions=[*(positions[k] for k in open_atoms), positions[-1]],
        tolls=[*(penalties[k] for k in open_atoms), 0.0],
        curve=Curve(target=max(1.0, positions[-1] / parts), steep=_STEEP, shortest=LEAST_WORDS),
    )


def _as_plan(atoms: Sequence[Atom], places: Sequence[int], road: Road, path: Path) -> Plan:
    return Plan(
        starts=tuple(atoms[places[step]].first for step in path[:-1]),
        words=tuple(int(road.positions[j] - road.positions[i]) for i, j in pairwise(path)),
        cost=path_cost(road, path),
    )
