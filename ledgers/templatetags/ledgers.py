from django import template

from ledgers.kinds import Kind
from ledgers.models import LedgerRow

register = template.Library()


@register.filter
def cell(row: LedgerRow, place: int) -> str:
    return row.cells[place]


@register.filter
def status_of(row: LedgerRow, kind: Kind) -> str:
    return kind.statuses.get(row.status, row.status)
