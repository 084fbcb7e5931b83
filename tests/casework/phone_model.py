"""What a server of phones has to do, told in plain lists: the reference of the simulation.

It knows no database and shares no line with the product. Operations arrive one after the other;
`arrive` answers with the verdict, and `visits` holds what every visit must say in the end.
"""

from dataclasses import dataclass, field


@dataclass
class ModelVisit:
    student: int
    content: dict
    # For each version: which fields it changed, by which phone, at which place of its row.
    versions: list = field(default_factory=list)

    @property
    def number(self):
        return len(self.versions)


@dataclass
class Model:
    today: str
    in_reach: dict  # phone -> children it may visit
    visits: dict = field(default_factory=dict)
    answers: dict = field(default_factory=dict)
    kept: dict = field(default_factory=dict)  # visit -> its first held operation, as mended so far
    waiting: list = field(default_factory=list)
    wrote: list = field(default_factory=list)  # operations, in the order of the versions they made
    came: dict = field(default_factory=dict)  # operation -> the how-many-eth it arrived

    def arrive(self, phone, op):
        if op["op"] in self.answers:
            return self.answers[op["op"]]
        self.came[op["op"]] = len(self.came)
        self.decide(phone, op)
        self.wake(op["visit"])
        return self.answers[op["op"]]

    def decide(self, phone, op):
        decide = self.create if op["kind"] == "visit" else self.edit
        verdict = decide(phone, op)
        self.answers[op["op"]] = verdict
        return verdict

    def wake(self, visit):
        """Edits of this visit that waited, by their place in the phone's row."""
        moved = True
        while moved:
            moved = False
            mine = [pair for pair in self.waiting if pair[1]["visit"] == visit]
            for pair in sorted(mine, key=self.place):
                self.waiting.remove(pair)
                moved |= self.decide(*pair) != "waiting"

    def place(self, pair):
        return pair[1]["seq"], self.came[pair[1]["op"]]

    # -- a new visit ----------------------------------------------------------------------------

    def create(self, phone, op):
        visit = self.visits.get(op["visit"])
        if visit is not None:
            return "accepted" if self.is_first(visit, op) else "conflict"
        if op["visit"] in self.kept:
            first = self.kept[op["visit"]]["first"]
            same = all(first[name] == op[name] for name in ("student", "content"))
            return "accepted" if same else "conflict"
        if self.must_wait_for_a_person(phone, op["student"], op["content"]):
            self.kept[op["visit"]] = {"first": op, "phone": phone, "content": {**op["content"]}}
            return "quarantined"
        return self.write_first(phone, op, op["content"])

    def is_first(self, visit, op):
        return visit.versions[0]["first"] == (op["student"], op["content"])

    def must_wait_for_a_person(self, phone, student, content):
        return student not in self.in_reach[phone] or content["visited_on"] > self.today

    def write_first(self, phone, op, content):
        first = {"fields": set(), "phone": phone, "seq": op["seq"]}
        first["first"] = (op["student"], dict(content))
        self.visits[op["visit"]] = ModelVisit(op["student"], dict(content), [first])
        self.wrote.append(op["op"])
        return "accepted"

    # -- an edit --------------------------------------------------------------------------------

    def edit(self, phone, op):
        visit = self.visits.get(op["visit"])
        if visit is None:
            return self.edit_of_no_visit(phone, op)
        if (op["base"] or 1) > visit.number:
            self.waiting.append((phone, op))
            return "waiting"
        if visit.student not in self.in_reach[phone]:
            return "quarantined"
        since = visit.versions[(op["base"] or 1) :]
        others = {name for v in since if v["phone"] != phone for name in v["fields"]}
        newer = {
            name
            for v in since
            if v["phone"] == phone and v["seq"] > op["seq"]
            for name in v["fields"]
        }
        wanted = {
            name: value
            for name, value in op["content"].items()
            if name not in newer and visit.content.get(name, "") != value
        }
        if wanted.keys() & others:
            return "conflict"
        if wanted:
            visit.content |= wanted
            visit.versions.append({"fields": set(wanted), "phone": phone, "seq": op["seq"]})
            self.wrote.append(op["op"])
        return "merged" if others | newer else "accepted"

    def edit_of_no_visit(self, phone, op):
        kept = self.kept.get(op["visit"])
        if kept is None or kept["phone"] != phone:
            self.waiting.append((phone, op))
            return "waiting"
        kept["content"] |= op["content"]
        first = kept["first"]
        if self.must_wait_for_a_person(phone, first["student"], kept["content"]):
            return "quarantined"
        del self.kept[op["visit"]]
        self.answers[first["op"]] = "accepted"
        return self.write_first(phone, first, kept["content"])
