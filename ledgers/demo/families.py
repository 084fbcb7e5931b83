"""Households with their adults and what is known of them; brothers and sisters share one."""

from collections import deque
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from uuid import UUID

from core import crypto, idnumber
from ledgers.demo.copying import Table
from ledgers.demo.people import Invention, Lineage
from students.models import Guardian, Household, HouseholdCategory

FATHER, MOTHER, GRANDFATHER, GRANDMOTHER = "51", "52", "61", "62"
_PARENTS = (FATHER, MOTHER)
_SEX = {FATHER: "男", MOTHER: "女", GRANDFATHER: "男", GRANDMOTHER: "女"}
_ADULTS = (
    ((FATHER, MOTHER), 86),
    ((FATHER,), 5),
    ((MOTHER,), 5),
    ((GRANDFATHER, GRANDMOTHER), 2),
    ((GRANDMOTHER,), 2),
)
_GROUPS = ("一组", "二组", "三组", "四组", "五组", "六组", "七组", "八组")
_WORK_PLACES = (
    "甘肃省兰州市",
    "新疆哈密市",
    "新疆石河子市",
    "内蒙古阿拉善左旗",
    "青海省西宁市",
    "宁夏银川市",
    "陕西省西安市",
    "江苏省昆山市",
    "浙江省义乌市",
    "广东省东莞市",
    "武威市城区",
)
_APART = timedelta(days=300)
_WAITING = 60  # households per township that may get another child

_RURAL, _CIVIL = "农业农村局", "民政局"
# type, share of households, held since, source
_CATEGORIES = (
    ("lifted_household", 0.14, date(2021, 1, 1), _RURAL),
    ("resettled", 0.03, date(2019, 11, 1), _RURAL),
    ("subsistence_allowance", 0.05, date(2024, 7, 1), _CIVIL),
)


@dataclass(slots=True)
class Adult:
    id: UUID
    relation: str
    name: str


@dataclass(slots=True)
class Family:
    id: int
    lineage: Lineage
    village: str
    address: str
    adults: list[Adult]
    away: str  # "", "one" or "both": which parents work elsewhere
    births: list[date] = field(default_factory=list)

    def takes(self, born: date) -> bool:
        return all(abs(born - other) > _APART for other in self.births)


class Families:
    """Hands every child a family: at times one of the township that has children already."""

    def __init__(
        self,
        invention: Invention,
        *,
        county: str,
        villages: dict[str, list[tuple[str, str]]],
        start_year: int,
    ) -> None:
        """`villages`: code and full address by township."""
        self._invent = invention
        self._rng: Random = invention.rng
        self._county = county
        self._villages = villages
        self._start_year = start_year
        self._waiting: dict[str, deque[Family]] = {}
        self._made = 0
        self._phone = ""
        self.households = Table(Household, "id county household_no head_name village group_name")
        self.categories = Table(
            HouseholdCategory,
            "county household_id type_id risk_removed_on valid_from valid_to source",
        )
        self.guardians = Table(
            Guardian,
            "id county full_name phone_sealed phone_mask number_sealed number_blind number_mask"
            " work_place",
        )
        self.tables = [self.households, self.categories, self.guardians]

    def family_for(self, *, township: str, born: date) -> Family:
        waiting = self._waiting.setdefault(township, deque(maxlen=_WAITING))
        if waiting and self._rng.random() < 0.4:
            place = self._rng.randrange(len(waiting))
            family = waiting[place]
            if family.takes(born):
                if len(family.births) == 2:
                    del waiting[place]
                family.births.append(born)
                return family
        family = self._found(township)
        family.births.append(born)
        waiting.append(family)
        return family

    def _found(self, township: str) -> Family:
        rng = self._rng
        village, place = rng.choice(self._villages[township])
        # Only villages (…200 and above) have groups; communities in town have none.
        group = rng.choice(_GROUPS) if village[9] >= "2" else ""
        lineage = self._invent.lineage()
        (relations,) = rng.choices([who for who, _ in _ADULTS], [share for _, share in _ADULTS])
        away = self._away(relations, is_rural=township[6] != "0")
        pk = self.households.next_id()
        adults = [self._adult(relation, lineage, away) for relation in relations]
        self._made += 1
        number = f"{township}{self._made:09d}"
        self.households.add(pk, self._county, number, adults[0].name, village, group)
        self._categorise(pk)
        return Family(pk, lineage, village, f"{place}{group}", adults, away)

    def _away(self, relations: tuple[str, ...], *, is_rural: bool) -> str:
        if not set(relations) & set(_PARENTS):
            return "both"
        draw = self._rng.random()
        if not is_rural or draw > 0.12:
            return ""
        # One parent alone who leaves has both away from the child's point of view.
        return "both" if draw < 0.04 or len(relations) == 1 else "one"

    def _adult(self, relation: str, lineage: Lineage, away: str) -> Adult:
        pk, sex = self._invent.uuid(), _SEX[relation]
        named = relation in (FATHER, GRANDFATHER)
        own = lineage if named or lineage.ethnicity != "01" else self._invent.lineage()
        name = self._invent.name(own, sex)
        self._change_phone(relation)
        is_head = relation in (FATHER, GRANDFATHER)
        number = self._invent.adult_number(sex) if is_head else ""
        works = away == "both" or (away == "one" and relation == FATHER)
        self.guardians.add(
            pk,
            self._county,
            name,
            crypto.seal(self._phone, field=Guardian.PHONE_FIELD, row=pk),
            f"{self._phone[:3]}****{self._phone[-4:]}",
            crypto.seal(number, field=Guardian.NUMBER_FIELD, row=pk) if number else None,
            crypto.blind_index(number) if number else None,
            idnumber.mask(number) if number else "",
            self._rng.choice(_WORK_PLACES) if works and relation in _PARENTS else "",
        )
        return Adult(pk, relation, name)

    def _change_phone(self, relation: str) -> None:
        """Half of the second adults use the first one's phone, some families a relative's."""
        keeps = 0.5 if relation in (MOTHER, GRANDMOTHER) else 0.06
        if not self._phone or self._rng.random() >= keeps:
            self._phone = self._invent.phone()

    def _categorise(self, household: int) -> None:
        for code, share, since, source in _CATEGORIES:
            if self._rng.random() < share:
                self._category(household, code, since, source=source)
        if self._rng.random() < 0.02:
            self._watch(household)

    def _watch(self, household: int) -> None:
        """Watched since 2024; half left when the risk was gone, the others were renamed in 2026."""
        since, gone = date(2024, 3, 1), date(2025, 12, 15)
        if self._rng.random() < 0.5:
            self._category(household, "monitored_household", since, removed=gone)
        else:
            self._category(household, "monitored_household", since, until=date(2025, 12, 31))
            self._category(household, "poverty_prevention_target", date(2026, 1, 1))

    def _category(
        self,
        household: int,
        code: str,
        since: date,
        *,
        until: date | None = None,
        removed: date | None = None,
        source: str = _RURAL,
    ) -> None:
        self.categories.add(self._county, household, code, removed, since, until, source)
