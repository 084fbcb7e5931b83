"""What each kind of list may speak for: its usual owner, and the categories that are its own."""

from dataclasses import dataclass

from students.models.lists import OfficeList

Kind = OfficeList.Kind


@dataclass(frozen=True, slots=True)
class ListKind:
    owner: str
    types: tuple[str, ...] = ()
    # What a row means that names no category: only where the list can mean one thing.
    default_type: str = ""
    promises: bool = False

    @property
    def is_register(self) -> bool:
        """Applying it writes facts; the others are only compared."""
        return bool(self.types) or self.promises


# Owners as in 5.1 of the domain notes (一数一源): 脱贫、监测 by 农业农村局 since 2023, 低保、特困、
# 孤儿、留守 by 民政局 (国发〔2016〕13号, 民发〔2019〕62号), 残疾人证 by 残联.
KINDS: dict[str, ListKind] = {
    Kind.POVERTY: ListKind(
        "农业农村局",
        (
            "lifted_household",
            "monitored_household",
            "lifted_unstable",
            "marginal_at_risk",
            "sudden_severe_hardship",
            "poverty_prevention_target",
        ),
    ),
    Kind.RELIEF: ListKind("民政局", ("subsistence_allowance", "extreme_hardship")),
    Kind.DISABILITY: ListKind("残联", ("disabled",), "disabled"),
    Kind.CIVIL: ListKind(
        "民政局", ("left_behind_civil", "orphan", "de_facto_unsupported", "child_in_difficulty")
    ),
    Kind.POPULATION: ListKind("公安局"),
    Kind.IN_CLASS: ListKind("教育局"),
    Kind.PROMISES: ListKind("教育局", promises=True),
    # 教基厅函〔2024〕15号: sent down through 全国基础教育管理服务平台.
    Kind.SENT_DOWN: ListKind("上级教育行政部门"),
    Kind.OTHER: ListKind(""),
}
