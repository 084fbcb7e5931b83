"""Which bodies a person may act for: what the grant reaches decides, never a choice alone."""

from dataclasses import dataclass

from casework.legal_rules import Body
from casework.models import DropoutCase
from core.access import Permission, Reach, Scope
from schools.models import Division, School

ISSUE = Permission.LEGAL_ISSUE


@dataclass(frozen=True, slots=True)
class IssuingBody:
    body: Body
    code: str
    name: str
    sign: str  # 机关代字


def bodies_of(scope: Scope) -> list[IssuingBody]:
    """A grant over the county speaks for its bureau, one over a township for its government."""
    towns = [
        g.region for g in _grants(scope) if len(g.region) == 9 and g.region.startswith(scope.county)
    ]
    schools = [g.school for g in _grants(scope) if g.school]
    county = Division.objects.get(pk=scope.county).name
    found = []
    if scope.whole_county(ISSUE):
        found.append(IssuingBody(Body.COUNTY, scope.county, f"{county}教育局", f"{county}教控辍"))
    for town in Division.objects.filter(pk__in=towns).order_by("pk") if towns else ():
        name = f"{county}{government(town.name)}"
        found.append(IssuingBody(Body.TOWNSHIP, town.pk, name, f"{town.name}控辍"))
    for school in School.objects.filter(pk__in=schools).order_by("pk") if schools else ():
        found.append(IssuingBody(Body.SCHOOL, school.code, school.name, f"{school.name}催学"))
    return found


def _grants(scope: Scope) -> list[Reach]:
    return [grant for grant in scope.grants if ISSUE in grant.permissions]


def bodies_for(scope: Scope, case: DropoutCase) -> list[IssuingBody]:
    """Those whose own place the child of the case belongs to today."""
    student = case.student
    school = student.school.code if student.school else ""
    own = {Body.COUNTY: case.county, Body.TOWNSHIP: student.township, Body.SCHOOL: school}
    return [body for body in bodies_of(scope) if own[body.body] == body.code]


def government(name: str) -> str:
    """黄羊镇人民政府; a 街道 has a 街道办事处 instead."""
    if name.endswith("办事处"):
        return name
    return f"{name}办事处" if name.endswith("街道") else f"{name}人民政府"
