"""What a bench found: goals met or missed, as JSON and as the table in the README."""

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"
NAMES = (
    "import",
    "build",
    "export",
    "pull",
    "list",
    "duplicates",
    "comparison",
    "preview",
    "deadlines",
    "visits",
)


@dataclass
class Goal:
    """`measured` must be at least or at most `bound`."""

    what: str
    measured: float
    bound: float
    at_least: bool
    unit: str = "×"

    @property
    def is_met(self):
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound

    def as_row(self):
        sign = "≥" if self.at_least else "≤"
        verdict = "met" if self.is_met else "**missed**"
        shown = f"{_figure(self.measured)} {self.unit}"
        return f"| {self.what} | {sign} {_figure(self.bound)} {self.unit} | {shown} | {verdict} |"


@dataclass
class Report:
    name: str
    title: str
    size: int
    goals: list
    variants: list
    notes: list = field(default_factory=list)

    def as_json(self):
        return {
            "name": self.name,
            "title": self.title,
            "size": self.size,
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "goals": [{**asdict(goal), "is_met": goal.is_met} for goal in self.goals],
            "variants": [
                {
                    "name": one.name,
                    "runs": one.runs,
                    "median_seconds": round(one.median(), 4),
                    "spread": round(one.spread(), 2),
                    "facts": [_scalars(facts) for facts in one.facts],
                }
                for one in self.variants
            ],
            "notes": self.notes,
        }

    def write(self, folder=RESULTS):
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.as_json(), ensure_ascii=False, indent=1)
        (folder / f"{self.name}.json").write_text(text + "\n", "utf-8")


def _scalars(facts):
    return {
        key: round(value, 4) if isinstance(value, float) else value
        for key, value in facts.items()
        if isinstance(value, int | float | str)
    }


def machine():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def write_table(folder=RESULTS):
    """All results that are there, as one page."""
    found = [folder / f"{name}.json" for name in NAMES if (folder / f"{name}.json").exists()]
    parts = [_section(json.loads(path.read_text("utf-8"))) for path in found]
    (folder / "table.md").write_text("\n".join(parts), "utf-8")


def _section(said):
    day = said["measured_at"][:10]
    lines = [f"**{said['title']}** ({said['machine']}; {day})", ""]
    lines += ["| ratio within one run | goal | measured | |", "|---|--:|--:|---|"]
    for goal in said["goals"]:
        goal.pop("is_met")
        lines.append(Goal(**goal).as_row())
    lines += ["", "| variant | s (median) | runs | peak MB |", "|---|--:|--:|--:|"]
    lines += [_variant_row(one) for one in said["variants"]]
    lines += ["", *[f"- {note}" for note in said["notes"]], ""]
    return "\n".join(lines)


def _variant_row(one):
    peaks = [fact["peak_mb"] for fact in one["facts"] if fact.get("peak_mb")]
    peak = max(peaks) if peaks else ""
    return f"| {one['name']} | {_figure(one['median_seconds'])} | {one['runs']} | {peak} |"


def _figure(value):
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.4f}"
