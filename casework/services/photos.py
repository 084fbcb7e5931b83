"""Photos of visits: announced, received piece by piece, cleaned, sealed, shown, deleted.

A piece lies sealed in a file of its own until the last one is in; the row counts only what is on
the disk. Files without a row, and pieces nobody went on with, go every night.
"""

import hashlib
import io
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from casework.models import HomeVisit, VisitPhoto
from casework.services.pictures import MAX_BYTES, PictureRefused, clean
from core import audit, vault
from core.access import Permission, Scope
from students.models import Student

State = VisitPhoto.State
PIECE = 256 << 10
MOST = 9  # of one visit
KEEP_PIECES = timedelta(days=30)  # as long as a phone may be away with the rest of them
_ORPHAN = timedelta(hours=24)
_SPOILT = "照片在传送中有损坏，请重新上传这一张。"


class WrongOffset(Exception):
    """The piece does not begin where the last one ended; `offset` says where it must."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        super().__init__(f"请从第 {offset} 字节接着上传。")


class PhotoRefused(Exception):
    """The text tells the person what to do."""


def announce(
    *, county: str, visit: UUID, person_id: int, announced: Iterable[dict[str, Any]]
) -> None:
    """So that the visit shows how many are still to come. Announced before, it stays as it was."""
    VisitPhoto.objects.bulk_create(
        [
            VisitPhoto(
                photo=UUID(str(each["photo"])),
                county=county,
                visit_id=visit,
                person_id=person_id,
                position=position,
                size=int(each["size"]),
                sha256=str(each["sha256"]),
            )
            for position, each in enumerate(announced)
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def begin(
    *, county: str, photo: UUID, visit: UUID, person: User, size: int, sha256: str
) -> VisitPhoto:
    """The photo's row, there already or made now. Errors: PhotoRefused."""
    if not 0 < size <= MAX_BYTES:
        raise PhotoRefused(f"照片超过 {MAX_BYTES >> 20} MB，请缩小后再上传。")
    row = {"photo": str(photo), "size": size, "sha256": sha256}
    others = VisitPhoto.objects.filter(county=county, visit_id=visit).exclude(state=State.DELETED)
    if others.exclude(pk=photo).count() >= MOST:
        raise PhotoRefused(f"一次家访最多 {MOST} 张照片，请先删去一张。")
    announce(county=county, visit=visit, person_id=person.pk, announced=[row])
    held = own(county=county, photo=photo, person=person)
    if (held.visit_id, held.size, held.sha256) != (visit, size, sha256):
        raise PhotoRefused("这个编号已用于另一张照片，请重新选一次这张照片。")
    if held.state == State.DELETED:
        raise PhotoRefused("这张照片已经删除，不再接收。")
    return held


def own(*, county: str, photo: UUID, person: User) -> VisitPhoto:
    """Held. Errors: VisitPhoto.DoesNotExist, the same for another person's."""
    rows = VisitPhoto.objects.filter(county=county, person_id=person.pk)
    return rows.select_for_update(of=("self",)).get(pk=photo)


@transaction.atomic
def append(
    *, county: str, photo: UUID, person: User, offset: int, piece: bytes, now: datetime
) -> VisitPhoto:
    """One piece; after the last one the photo is checked, cleaned and sealed.

    Errors: VisitPhoto.DoesNotExist, WrongOffset. A photo that cannot be used is REFUSED in its row.
    """
    row = own(county=county, photo=photo, person=person)
    if row.state != State.RECEIVING:
        return row
    if offset != row.received or not 0 < len(piece) <= min(PIECE, row.size - row.received):
        raise WrongOffset(row.received)
    target = _piece_path(row, offset)
    target.unlink(missing_ok=True)  # of a request that was killed before it could be counted
    vault.seal_into(target, io.BytesIO(piece))
    row.received, row.touched_at, row.words = row.received + len(piece), now, ""
    if row.received == row.size:
        _complete(row)
    row.save()
    return row


def _complete(row: VisitPhoto) -> None:
    octets = b"".join(piece for path in _piece_paths(row) for piece in vault.pieces(path))
    if hashlib.sha256(octets).hexdigest() != row.sha256:
        row.received, row.words = 0, _SPOILT
    else:
        _store(row, octets)
    _unlink_on_commit(_piece_paths(row))


def _unlink_on_commit(paths: Iterable[Path]) -> None:
    gone = list(paths)

    def unlink() -> None:
        for path in gone:
            path.unlink(missing_ok=True)

    transaction.on_commit(unlink)


def _store(row: VisitPhoto, octets: bytes) -> None:
    try:
        picture = clean(octets)
    except PictureRefused as refusal:
        row.state, row.words = State.REFUSED, str(refusal)
        return
    target = path_of(row)
    target.unlink(missing_ok=True)
    row.stored_sha256 = vault.seal_into(target, io.BytesIO(picture.content))
    row.stored_size, row.state, row.words = len(picture.content), State.STORED, ""


def shown(photo: VisitPhoto, *, scope: Scope, actor: User) -> list[bytes]:
    """The picture's octets; who looked at it stands in the trail. Errors: OSError, CannotOpen."""
    pieces = list(vault.pieces(path_of(photo)))
    visit = HomeVisit.objects.get(pk=photo.visit_id, county=scope.county)
    audit.record(
        county=photo.county,
        actor=actor,
        action="visit.photo",
        target=Student(pk=visit.student_id),
        after={"visit": str(photo.visit_id)},
    )
    return pieces


def move(announced: Iterable[dict[str, Any]], *, visit: UUID, county: str) -> None:
    """To the visit that their operation became."""
    rows = VisitPhoto.objects.filter(county=county, pk__in=[each["photo"] for each in announced])
    rows.update(visit=visit)


@transaction.atomic
def delete(photos: Iterable[str], *, visit: UUID, scope: Scope, person: User, now: datetime) -> int:
    """The sender's own, or of a visit in reach. One that is still to come will not be taken."""
    rows = VisitPhoto.objects.filter(county=scope.county, visit_id=visit, pk__in=list(photos))
    in_reach = HomeVisit.objects.within(scope, Permission.VISIT_LOG).filter(pk=visit).exists()
    if not in_reach:
        rows = rows.filter(person_id=person.pk)
    gone = 0
    for row in rows.exclude(state=State.DELETED).select_for_update(of=("self",)):
        row.state, row.touched_at = State.DELETED, now
        row.save(update_fields=["state", "touched_at"])
        _note_deletion(row, person)
        _unlink_on_commit([path_of(row), *_piece_paths(row)])
        gone += 1
    return gone


def _note_deletion(row: VisitPhoto, person: User) -> None:
    visit = HomeVisit.objects.filter(pk=row.visit_id, county=row.county).first()
    if visit is not None:
        audit.record(
            county=row.county,
            actor=person,
            action="visit.photo_delete",
            target=Student(pk=visit.student_id),
            after={"visit": str(row.visit_id)},
        )


def purge(*, now: datetime | None = None) -> int:
    """Every night: pieces nobody went on with, and files whose row knows nothing of them."""
    now = now or timezone.now()
    stale = VisitPhoto.objects.filter(state=State.RECEIVING, touched_at__lt=now - KEEP_PIECES)
    stale.update(received=0)
    gone = 0
    for path in folder().glob("*/*"):
        if path.is_file() and path.stat().st_mtime < (now - _ORPHAN).timestamp():
            gone += _purge_unknown(path)
    return gone


def _purge_unknown(path: Path) -> int:
    name, _, piece = path.name.partition(".")
    row = VisitPhoto.objects.filter(pk=name).first()
    known = row is not None and row.state == State.STORED
    if piece:
        known = row is not None and row.state == State.RECEIVING and int(piece) < row.received
    if not known:
        path.unlink(missing_ok=True)
    return int(not known)


def folder() -> Path:
    return Path(settings.MEDIA_ROOT) / "visits"


def path_of(row: VisitPhoto) -> Path:
    """Spread over folders by the beginning of the number, which is random."""
    name = str(row.photo)
    return folder() / name[:2] / name


def _piece_path(row: VisitPhoto, offset: int) -> Path:
    return path_of(row).with_name(f"{row.photo}.{offset:08d}")


def _piece_paths(row: VisitPhoto) -> Iterator[Path]:
    yield from sorted(path_of(row).parent.glob(f"{row.photo}.*"))
