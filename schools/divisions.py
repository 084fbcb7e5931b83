"""Divisions as people name and choose them, withdrawn ones included."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.db.models import F, TextField, Value

from core import names
from schools.models import Division

_LENGTHS = (2, 4, 6, 9, 12)
_SEVERAL = 6  # so many places of one name are told apart on the page


class PlaceUnknown(ValueError):
    """What was typed names no place, or more than one; the text says what to type."""


@dataclass(frozen=True, slots=True)
class Place:
    """One unit that may be chosen: its code, what it is called, and how it is looked for."""

    code: str
    name: str
    keys: str


def places_below(county: str, *, on: date) -> list[Place]:
    """Townships and villages of a county that exist on a day, by code."""
    rows = Division.objects.under(county).valid_on(on).order_by("code")
    return [Place(code, name, spoken(name)) for code, name in rows.values_list("code", "name")]


@lru_cache(maxsize=1 << 14)
def spoken(name: str) -> str:
    """Full pinyin and initials, as they are typed: xindiancun xdc."""
    keys = names.search_keys(name)
    return f"{keys.pinyin.replace(' ', '')} {keys.initials}"


def place_words(code: str, *, county: str, on: date) -> str:
    """黄羊镇新店村; of another county with all above it; a withdrawn unit says so."""
    if not code:
        return ""
    above = [code[:length] for length in _LENGTHS if length <= len(code)]
    known = Division.objects.in_bulk(above)
    inside = code.startswith(county) and code != county
    line = [known[one] for one in above if one in known and (not inside or len(one) > len(county))]
    if code not in known:
        return f"{''.join(map(str, line))}（区划代码 {code}）"
    return "".join(_own_name(one) for one in line) + _note(known[code], on)


def _own_name(unit: Division) -> str:
    # 市辖区 and 县 stand between a municipality and its districts and are in nobody's address.
    return "" if unit.name in ("市辖区", "县") else unit.name


def _note(unit: Division, on: date) -> str:
    if unit.valid_to and unit.valid_to < on:
        return f"（{unit.valid_to:%Y-%m-%d} 撤销）"
    return ""


def place_named(typed: str) -> Division:
    """A place anywhere by code, name or full name of a county. Errors: PlaceUnknown."""
    bare = "".join(typed.split())
    if bare.isascii() and bare.isdigit():
        unit = Division.objects.filter(pk=bare).first()
        if unit is None:
            raise PlaceUnknown(f"没有区划代码 {bare}，请核对，或改填县（市、区）全称，如“古浪县”")
        return unit
    found = _counties_named(bare)
    if not found:
        raise PlaceUnknown(
            f"没有找到“{bare}”，请填写县（市、区）的全称，如“古浪县”，或六位区划代码"
        )
    if len(found) > 1:
        told = "、".join(f"{unit.parent}{unit}（{unit.pk}）" for unit in found[:_SEVERAL])
        raise PlaceUnknown(f"名为“{bare}”的地方不止一处：{told}，请改填区划代码")
    return found[0]


def _counties_named(bare: str) -> list[Division]:
    counties = Division.objects.filter(level=Division.Level.COUNTY)
    rows = (
        counties.alias(typed=Value(bare, output_field=TextField()))
        .filter(typed__endswith=F("name"))
        .select_related("parent__parent")
        .order_by("code")
    )
    return [unit for unit in rows if bare.removesuffix(unit.name) in _ways_to_say_above(unit)]


def _ways_to_say_above(unit: Division) -> set[str]:
    city = unit.parent
    province = city.parent if city else None
    above = "" if city is None else _own_name(city)
    top = province.name if province else ""
    return {"", above, top, top + above}
