"""Photos: in pieces, under limits, written anew, sealed, shown to whoever may, deleted."""

import hashlib
import io
import os
import struct
import uuid
import zlib
from datetime import timedelta

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from casework.models import VisitPhoto
from casework.services import photos, pictures
from casework.services.pictures import PictureRefused
from casework.states import CaseState
from core import vault
from core.models import AuditEntry
from tests.casework.phones import PHOTOS, Phone
from tests.factories import ClassGroupFactory, DropoutCaseFactory, class_teacher, subsidy_officer

pytestmark = pytest.mark.django_db
GPS = 0x8825


def jpeg(size=(900, 600), *, quality=90, exif=None, kind="JPEG"):
    """Noise, so that it is as large as a real photo."""
    image = Image.frombytes("RGB", size, os.urandom(3 * size[0] * size[1]))
    target = io.BytesIO()
    image.save(target, kind, quality=quality, **({"exif": exif} if exif else {}))
    return target.getvalue()


def located():
    exif = Image.Exif()
    exif[0x0112] = 6  # on its side
    exif[0x010F] = "MakerOfPhones"
    exif.get_ifd(GPS)[1] = "N"
    return exif


# -- the picture --------------------------------------------------------------------------------


def test_u076_a_large_photo_becomes_small_upright_and_bare():
    octets = jpeg((2400, 1800), quality=75, exif=located())

    picture = pictures.clean(octets)

    assert (picture.width, picture.height) == (1200, 1600)
    with Image.open(io.BytesIO(picture.content)) as image:
        assert image.size == (1200, 1600)
        assert not image.getexif()
    assert b"Exif" not in picture.content
    assert b"MakerOfPhones" not in picture.content


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_each_format_of_a_phone_is_taken(kind):
    assert pictures.clean(jpeg((64, 48), kind=kind)).width == 64


def bomb():
    """A PNG of a few hundred octets that says it is 30,000 by 30,000."""

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b"")


def with_comment(octets, comment):
    return octets[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + octets[2:]


SMALL = jpeg((40, 30))
REFUSED = {
    "bomb": (bomb(), "像素"),
    "zip behind it": (SMALL + b"PK\x03\x04" + b"\0" * 40, "夹带"),
    "page behind it": (SMALL + b"<html><script>x</script>", "夹带"),
    "one zero behind it": (SMALL + b"\0", "夹带"),
    "script in its comment": (with_comment(SMALL, b"<script>alert(1)</script>"), "夹带"),
    "pdf in its comment": (with_comment(SMALL, b"%PDF-1.7"), "夹带"),
    "page behind a png": (jpeg((40, 30), kind="PNG") + b"<html>", "夹带"),
    "page behind a webp": (jpeg((40, 30), kind="WEBP") + b"<html>", "夹带"),
    "cut in half": (SMALL[: len(SMALL) // 2], "不完整"),
    "head alone": (SMALL[:20], "不完整"),
    "page": (b"<html><body>hello</body></html>", "不是能识别的照片"),
    "gif": (b"GIF89a" + b"\0" * 40, "不是能识别的照片"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "不是能识别的照片"),
    "nothing": (b"", "不是能识别的照片"),
    "too many octets": (b"\xff\xd8\xff" + b"\0" * pictures.MAX_BYTES, "MB"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_honest_picture_is_refused_in_words(name):
    octets, words = REFUSED[name]

    with pytest.raises(PictureRefused, match=words):
        pictures.clean(octets)


# -- the pieces ---------------------------------------------------------------------------------


@pytest.fixture
def case():
    return DropoutCaseFactory(state=CaseState.PERSUADING)


@pytest.fixture
def phone(case):
    return Phone(class_teacher(case.student.class_group))


def announced(octets, visit, **fields):
    digest = hashlib.sha256(octets).hexdigest()
    about = {"photo": str(uuid.uuid4()), "visit": visit, "size": len(octets), "sha256": digest}
    return about | fields


def begin(phone, about):
    return phone.client.post(PHOTOS, about, content_type="application/json")


def put(phone, about, octets, offset):
    return phone.client.patch(
        f"{PHOTOS}{about['photo']}/",
        octets,
        content_type="application/offset+octet-stream",
        headers={"Upload-Offset": str(offset)},
    )


def upload(phone, about, octets, *, step=photos.PIECE):
    offset = begin(phone, about).json()["offset"]
    answer = None
    while offset < len(octets):
        answer = put(phone, about, octets[offset : offset + step], offset)
        offset += step
    return answer


def test_f19_a_photo_comes_in_pieces_and_goes_on_where_it_stopped(
    case, phone, django_capture_on_commit_callbacks
):
    octets = jpeg((700, 500))
    visit = phone.visit(case.student, case=case)
    about = announced(octets, visit["visit"])
    visit["photos"] = [{name: about[name] for name in ("photo", "size", "sha256")}]
    phone.send(visit)

    assert begin(phone, about).json()["offset"] == 0
    assert put(phone, about, octets[:100_000], 0).json()["offset"] == 100_000
    # The answer was lost: sent again, the server says where it stands.
    lost = put(phone, about, octets[:100_000], 0)
    assert (lost.status_code, lost.json()["offset"]) == (409, 100_000)
    assert begin(phone, about).json()["offset"] == 100_000
    with django_capture_on_commit_callbacks(execute=True):
        end = upload(phone, about, octets)

    assert end.json()["state"] == "stored"
    row = VisitPhoto.objects.get()
    assert (str(row.visit_id), row.position) == (visit["visit"], 0)
    kept = b"".join(vault.pieces(photos.path_of(row)))
    assert hashlib.sha256(kept).hexdigest() == row.stored_sha256
    assert len(kept) == row.stored_size <= pictures.KEPT_BYTES
    on_disk = photos.path_of(row).read_bytes()
    assert b"JFIF" not in on_disk
    assert [path.name for path in photos.path_of(row).parent.glob(f"{row.photo}*")] == [
        str(row.photo)
    ]
    assert begin(phone, about).json()["offset"] == len(octets)


def test_f15_a_photo_may_come_before_its_visit_and_the_page_counts_what_is_missing(
    case, phone, client
):
    op = phone.visit(case.student, case=case)
    octets = jpeg((60, 40))
    first, second = announced(octets, op["visit"]), announced(octets, op["visit"])
    upload(phone, first, octets)
    op["photos"] = [{n: each[n] for n in ("photo", "size", "sha256")} for each in (first, second)]

    phone.send(op)

    page = phone.client.get(reverse("casework:visit-detail", args=[op["visit"]]))
    assert "照片（2 张）" in page.content.decode()
    assert "还没有送到" in page.content.decode()
    sheet = phone.client.get(reverse("casework:case-detail", args=[case.pk])).content.decode()
    assert "照片 1 张" in sheet


def test_a_spoilt_photo_begins_anew(case, phone):
    octets = jpeg((60, 40))
    about = announced(octets, str(uuid.uuid4()), sha256="0" * 64)

    answer = upload(phone, about, octets)

    assert (answer.status_code, answer.json()["offset"]) == (422, 0)
    assert "重新上传" in answer.json()["words"]


def test_f30_a_bomb_is_refused_in_words_and_stays_refused(case, phone):
    octets = bomb()
    about = announced(octets, str(uuid.uuid4()))

    answer = upload(phone, about, octets)

    assert (answer.status_code, answer.json()["state"]) == (422, "refused")
    assert begin(phone, about).status_code == 422
    assert not photos.path_of(VisitPhoto.objects.get()).exists()


@pytest.mark.parametrize("offset", ["", "x", "-1", "99"])
def test_a_piece_must_say_where_it_begins(case, phone, offset):
    octets = jpeg((60, 40))
    about = announced(octets, str(uuid.uuid4()))
    begin(phone, about)

    assert put(phone, about, octets, offset).status_code in (400, 409)


def test_a_piece_too_large_or_beyond_the_photo_is_not_taken(case, phone):
    about = announced(b"x" * 10, str(uuid.uuid4()))
    begin(phone, about)

    assert put(phone, about, b"x" * (photos.PIECE + 1), 0).status_code == 400
    assert put(phone, about, b"x" * 11, 0).status_code == 409


def test_one_person_does_not_go_on_with_the_photo_of_another(case, phone):
    octets = jpeg((60, 40))
    about = announced(octets, str(uuid.uuid4()))
    begin(phone, about)
    other = Phone(class_teacher(case.student.class_group))

    assert put(other, about, octets, 0).status_code == 404
    with pytest.raises(ObjectDoesNotExist):
        photos.own(county="620602", photo=uuid.UUID(about["photo"]), person=other.user)


def test_a_visit_has_so_many_photos_and_no_more(case, phone):
    visit = str(uuid.uuid4())
    for _ in range(photos.MOST):
        assert begin(phone, announced(b"x", visit)).status_code == 200

    refused = begin(phone, announced(b"x", visit))

    assert refused.status_code == 422
    assert "最多" in refused.json()["words"]


def stored(case, phone):
    octets = jpeg((60, 40))
    op = phone.visit(case.student, case=case)
    phone.send(op)
    about = announced(octets, op["visit"])
    upload(phone, about, octets)
    return op, about


def test_who_may_see_the_case_sees_the_photo_and_the_trail_knows(case, phone, client):
    op, about = stored(case, phone)
    door = reverse("casework:visit-photo", args=[about["photo"]])

    seen = phone.client.get(door)

    assert (seen.status_code, seen["Content-Type"]) == (200, "image/jpeg")
    assert "no-store" in seen["Cache-Control"]
    with Image.open(io.BytesIO(seen.getvalue())) as image:
        assert image.size == (60, 40)
    entry = AuditEntry.objects.get(action="visit.photo")
    assert (entry.actor_id, entry.after) == (phone.user.pk, {"visit": op["visit"]})
    client.force_login(subsidy_officer())
    assert client.get(door).status_code == 403
    client.force_login(class_teacher(ClassGroupFactory()))
    assert client.get(door).status_code == 404


def test_a_deleted_photo_is_gone_and_is_not_taken_again(
    case, phone, django_capture_on_commit_callbacks
):
    op, about = stored(case, phone)
    path = photos.path_of(VisitPhoto.objects.get())
    assert path.exists()

    with django_capture_on_commit_callbacks(execute=True):
        answer = phone.send(phone.op("delete_photo", op["visit"], photos=[about]))

    assert answer["verdict"] == "accepted"
    assert not path.exists()
    assert begin(phone, about).status_code == 422
    assert AuditEntry.objects.filter(action="visit.photo_delete").count() == 1


def test_f42_files_no_row_knows_go_after_a_day_and_kept_ones_stay(case, phone):
    stored(case, phone)
    kept = photos.path_of(VisitPhoto.objects.get())
    half = announced(b"x" * 100, str(uuid.uuid4()))
    begin(phone, half)
    put(phone, half, b"x" * 50, 0)
    orphan = kept.with_name(str(uuid.uuid4()))
    vault.seal_into(orphan, io.BytesIO(b"x"))
    now = timezone.now()

    photos.purge(now=now)
    assert orphan.exists()
    assert photos.purge(now=now + timedelta(days=2)) >= 1

    assert kept.exists()
    assert not orphan.exists()
    assert put(phone, half, b"x" * 50, 50).status_code == 422  # it went on, and was no picture
    late = announced(b"x" * 100, str(uuid.uuid4()))
    begin(phone, late)
    put(phone, late, b"x" * 50, 0)
    assert photos.purge(now=now + photos.KEEP_PIECES + timedelta(days=2)) >= 1
    assert begin(phone, late).json()["offset"] == 0
