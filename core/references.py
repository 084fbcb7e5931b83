"""References of hot tables, kept by one check a statement instead of one trigger a row.

A foreign key queues one event for each row and each reference, and answers them one by one: over
100,000 children that was a third of the time of an import. Here a trigger looks at all rows of a
statement at once. What a foreign key does beyond this, it locks the parent against a delete in
the same moment, is given up: the parents (children, schools, classes) are hardly ever deleted.
"""

from dataclasses import dataclass

FUNCTIONS = """
CREATE OR REPLACE FUNCTION core_refuse_orphans() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    missing text;
    at integer := 0;
BEGIN
    WHILE at < TG_NARGS LOOP
        EXECUTE format(
            'SELECT min(a.%1$I::text) FROM arrived a WHERE a.%1$I IS NOT NULL'
            ' AND NOT EXISTS (SELECT FROM %2$I p WHERE p.%3$I = a.%1$I)',
            TG_ARGV[at], TG_ARGV[at + 1], TG_ARGV[at + 2]) INTO missing;
        IF missing IS NOT NULL THEN
            RAISE foreign_key_violation USING
                MESSAGE = format('%s.%s names %s, which is not in %s',
                                 TG_TABLE_NAME, TG_ARGV[at], missing, TG_ARGV[at + 1]);
        END IF;
        at := at + 3;
    END LOOP;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION core_refuse_orphaning() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    missed text;
    at integer := 0;
BEGIN
    WHILE at < TG_NARGS LOOP
        EXECUTE format(
            'SELECT min(g.%3$I::text) FROM gone g'
            ' WHERE EXISTS (SELECT FROM %1$I c WHERE c.%2$I = g.%3$I)',
            TG_ARGV[at], TG_ARGV[at + 1], TG_ARGV[at + 2]) INTO missed;
        IF missed IS NOT NULL THEN
            RAISE foreign_key_violation USING
                MESSAGE = format('%s %s is still named by %s.%s',
                                 TG_TABLE_NAME, missed, TG_ARGV[at], TG_ARGV[at + 1]);
        END IF;
        at := at + 3;
    END LOOP;
    RETURN NULL;
END $$;
"""


@dataclass(frozen=True, slots=True)
class Reference:
    """A column of a table, and the key it must find in another one."""

    table: str
    column: str
    parent: str
    key: str = "id"


def keep(*references: Reference) -> tuple[str, str]:
    """SQL for a migration (forwards, backwards): both ends of each reference are watched."""
    children: dict[str, list[str]] = {}
    parents: dict[str, list[str]] = {}
    for one in references:
        children.setdefault(one.table, []).extend([one.column, one.parent, one.key])
        parents.setdefault(one.parent, []).extend([one.table, one.column, one.key])
    made, dropped = [FUNCTIONS], []
    for table, names in children.items():
        for event in ("INSERT", "UPDATE"):
            trigger = f"references_on_{event.lower()}"
            made.append(_trigger(trigger, event, table, "NEW", "arrived", "orphans", names))
            dropped.append(f"DROP TRIGGER {trigger} ON {table};")
    for table, names in parents.items():
        made.append(
            _trigger("referenced_on_delete", "DELETE", table, "OLD", "gone", "orphaning", names)
        )
        dropped.append(f"DROP TRIGGER referenced_on_delete ON {table};")
    return "".join(made), "".join(dropped)


def _trigger(
    name: str, event: str, table: str, side: str, rows: str, refused: str, names: list[str]
) -> str:
    arguments = ", ".join(f"'{one}'" for one in names)
    return (
        f"CREATE TRIGGER {name} AFTER {event} ON {table}"
        f" REFERENCING {side} TABLE AS {rows} FOR EACH STATEMENT"
        f" EXECUTE FUNCTION core_refuse_{refused}({arguments});\n"
    )
