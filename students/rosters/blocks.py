"""Many cells of a preview corrected in one act: a pasted block, filled down, cleared."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from students.models import ImportBatch, RosterCorrection
from students.rosters import corrections, services
from students.rosters.corrections import (
    CellRefused,
    Change,
    ChangedMeanwhile,
    Place,
    Standing,
    token,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import _User

# Five pages of rows with as many columns as a roster of the national system has.
MAX_CELLS = 20_000


@dataclass(frozen=True, slots=True)
class Edit:
    """What somebody wants in a cell, and the token of what he saw there."""

    place: Place
    text: str
    seen: str


@dataclass(frozen=True, slots=True)
class Clash:
    field: str
    standing: Standing


@dataclass(slots=True)
class Block:
    """What came of each cell of one act; `correction` is none where no cell was changed."""

    kept: dict[Place, tuple[str, str]]  # field and text
    clashed: dict[Place, Clash]
    refused: dict[Place, str]
    correction: RosterCorrection | None = None


def correct_block(*, county: str, batch_id: int, edits: list[Edit], actor: "_User") -> Block:
    """Cells that cannot stand are named and left as they are; the others are kept together.

    Errors: ImportBatch.DoesNotExist, BatchRefused.
    """
    batch = corrections.held(county=county, batch_id=batch_id)
    if len(edits) > MAX_CELLS:
        raise services.BatchRefused(
            f"一次最多改 {MAX_CELLS:,} 个单元格，这里有 {len(edits):,} 个。请分几次粘贴。"
        )
    now = corrections.standings(batch, [edit.place for edit in edits])
    block = Block({}, {}, {})
    found = [_judged(batch, edit, now=now.get(edit.place), block=block) for edit in edits]
    changes = [change for change in found if change]
    if changes:
        block.correction = corrections.keep(batch, changes, actor=actor)
    return block


def _judged(batch: ImportBatch, edit: Edit, *, now: Standing | None, block: Block) -> Change | None:
    change = None
    try:
        change = corrections.judged(batch, edit.place, text=edit.text, seen=edit.seen, now=now)
    except ChangedMeanwhile as clash:
        block.clashed[edit.place] = Clash(clash.field, clash.standing)
    except (CellRefused, services.BatchRefused) as refusal:
        block.refused[edit.place] = str(refusal)
    else:
        text = change.new if change else now.text if now else ""
        block.kept[edit.place] = (corrections.field_of(batch, edit.place), text)
    return change


def make_again(*, county: str, batch_id: int, correction_id: int, actor: "_User") -> Block:
    """What was taken back, as an act of today: nobody's work since then is overruled.

    Errors: ImportBatch.DoesNotExist, RosterCorrection.DoesNotExist, BatchRefused.
    """
    correction = RosterCorrection.objects.get(pk=correction_id, batch=batch_id, county=county)
    if correction.undone_at is None:
        raise services.BatchRefused("这次改正没有撤销，不用重做。请刷新本页查看现在的内容。")
    edits = [
        Edit(place, new, token(seen))
        for target, seen, new in correction.changes()
        for place in corrections.places_of(target)
    ]
    return correct_block(county=county, batch_id=batch_id, edits=edits, actor=actor)
