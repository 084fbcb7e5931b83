"""Every page each role can reach, in the demo county: no address names anybody, no page a number.

Links, forms, htmx and script addresses and redirects are all followed or collected. The requests
scripts make by themselves are watched in tests/browser/test_student_list.py.
"""

import re
from collections import Counter, deque
from datetime import date
from io import BytesIO
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

import lxml.html
import openpyxl
import pytest
from django.core.management import call_command
from django.test import Client, override_settings
from django.urls import Resolver404, resolve, reverse

from accounts.models import Grant, User
from core import idnumber
from students.comparison import services as comparison
from students.lists import services as lists
from students.models import Guardian, Student, StudentIdentifier
from tests.factories import COUNTY
from tests.ledgers.demo_county import empty_county, make_in

PLACES = ("href", "action", "formaction", "src", "hx-get", "hx-post", "data-peek", "data-edit")
EACH_SHAPE = 3  # pages of one kind: children, cases, filters
LONG_DIGITS = re.compile(r"\d{15}|(?<!\d)1[3-9]\d{9}(?!\d)")
PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
NUMBER = re.compile(r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])")


@pytest.fixture(scope="module")
def county(tmp_path_factory, django_db_setup, django_db_blocker):
    folder = tmp_path_factory.mktemp("crawl")
    kept = override_settings(MEDIA_ROOT=folder)
    with kept, empty_county(folder, django_db_blocker):
        make_in(folder)
        call_command("build_ledger", "dropout", "2026-10")
        compare_a_list()
        yield


def compare_a_list():
    """A list of another office, read, and compared with the children."""
    book = openpyxl.Workbook()
    book.active.append(["姓名", "身份证号", "出生日期", "人员类别"])
    for student in Student.objects.filter(identifiers__kind="id_number")[:5]:
        number = student.identifiers.get(kind="id_number", valid_to=None).reveal()
        book.active.append([student.full_name, number, f"{student.birth_date}", "低保"])
    book.active.append(["欧阳远方", "6.29900E+17", "2015-01-01", "低保"])
    content = BytesIO()
    book.save(content)
    content.seek(0)
    described = lists.Described(kind="relief", owning_body="民政局", list_date=date(2026, 11, 1))
    told = {"county": COUNTY, "actor": None}
    office_list = lists.receive(
        described=described, file_name="低保名单.xlsx", content=content, **told
    )
    lists.read(county=COUNTY, list_id=office_list.pk)
    asked = comparison.Asked(kind="any", list_id=office_list.pk, as_of=date(2026, 11, 21))
    run = comparison.start(asked=asked, **told)
    comparison.compare(county=COUNTY, run_id=run.pk)


@pytest.fixture(scope="module")
def seeded(county):
    """What must stand in no address: names, numbers and phones of children and their kin."""
    names = set(Student.objects.values_list("full_name", flat=True))
    names |= set(Guardian.objects.values_list("full_name", flat=True))
    names |= set(Student.objects.values_list("name_key", flat=True)[:50])
    numbers = {identifier.reveal() for identifier in StudentIdentifier.objects.all()[:100]}
    return {value for value in names | numbers if len(value) > 1}


def people():
    grants = Grant.objects.select_related("user").order_by("role", "pk")
    return {grant.role: grant.user for grant in reversed(grants)}


class Crawl:
    def __init__(self, user):
        self.client = Client()
        self.client.force_login(user)
        self.addresses = set()
        self.pages = {}
        self.seen = Counter()
        self.waiting = deque()

    def meet(self, address, base="/"):
        """Collect an address; a page of ours of a kind not seen often waits for its visit."""
        path = urlsplit(urljoin(base, address))
        if path.scheme or path.netloc or address.startswith(("#", "mailto:")):
            return
        whole = f"{path.path}?{path.query}" if path.query else path.path
        if whole in self.addresses:
            return
        self.addresses.add(whole)
        shape = self.shape(path)
        if shape and self.seen[shape] < EACH_SHAPE:
            self.seen[shape] += 1
            self.waiting.append(whole)

    def shape(self, path):
        try:
            name = resolve(path.path).view_name
        except Resolver404:
            return None
        return name, tuple(sorted(key for key, _ in parse_qsl(path.query)))

    def walk(self):
        self.meet(reverse("home"))
        while self.waiting:
            self.visit(self.waiting.popleft())
        return self

    def visit(self, address):
        answer = self.client.get(address)
        if answer.status_code in (301, 302):
            self.meet(answer["Location"], base=address)
        if answer.status_code != 200 or "text/html" not in answer["Content-Type"]:
            _use_up(answer)
            return
        text = answer.content.decode()
        self.pages[address] = text
        for place in PLACES:
            for found in lxml.html.fromstring(text).xpath(f"//@*[name()='{place}']"):
                self.meet(str(found), base=address)

    def search(self, words):
        """What is searched for is posted; the answer's address is one of ours as well."""
        answer = self.client.post(reverse("students:student-search"), {"words": words})
        if answer.status_code == 302:
            self.meet(answer["Location"])
            self.walk()


def _use_up(answer):
    """Closed by hand, it would close the connection this crawl stands on."""
    for _ in answer.streaming_content if answer.streaming else ():
        pass


@pytest.fixture(scope="module")
def crawls(county):
    found = {}
    child = Student.objects.filter(school__isnull=False).first()
    for role, user in people().items():
        crawl = Crawl(user).walk()
        crawl.search(child.full_name)
        crawl.search(child.identifiers.first().reveal())
        found[role] = crawl
    return found


def test_the_crawl_reaches_what_it_should(crawls):
    kinds = {role: {name for name, _ in crawl.seen} for role, crawl in crawls.items()}

    assert {"county_officer", "school_head", "class_teacher", "auditor"} <= set(kinds)
    assert len(crawls["county_officer"].pages) > 60
    assert {
        "students:student-detail",
        "students:list-detail",
        "students:transfer-detail",
        "casework:case-detail",
        "ledgers:ledger-detail",
        "accounts:notice-list",
    } <= kinds["county_officer"]
    assert User.objects.count() > len(kinds) - 1


def test_u003_no_address_in_a_full_crawl_names_a_child_a_number_or_a_phone(crawls, seeded):
    told = [
        (role, address)
        for role, crawl in crawls.items()
        for address in crawl.addresses
        if LONG_DIGITS.search(said := readable(address)) or any(value in said for value in seeded)
    ]

    assert told == []


def readable(address):
    """Without the sealed tokens of searches, which are noise of their own."""
    return re.sub(r"(find|selection)=[^&]*", "", unquote(address))


def test_u057_every_page_with_a_box_for_a_day_brings_the_calendar(crawls):
    pages = [(a, text) for crawl in crawls.values() for a, text in crawl.pages.items()]
    asking = [(address, text) for address, text in pages if "data-day" in text]

    assert len(asking) > 5
    times = {re.sub(r"\d+", "N", address): text.count("js/days.js") for address, text in asking}
    assert {address: n for address, n in times.items() if n != 1} == {}


def test_u053_no_page_in_a_full_crawl_holds_a_whole_number(crawls):
    shown = [
        (role, address, found)
        for role, crawl in crawls.items()
        for address, text in crawl.pages.items()
        if (found := whole_numbers(text))
    ]

    assert shown == []


def whole_numbers(text):
    """Numbers of people and phones; a household's number is neither, and shown on purpose."""
    found = NUMBER.findall(text)
    return PHONE.findall(text) + [number for number in found if idnumber.is_valid(number.upper())]
