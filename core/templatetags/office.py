"""Small display helpers every page uses."""

from django import template

register = template.Library()


@register.filter
def or_dash(value: object) -> object:
    """A calm dash for what is not known."""
    return "—" if value in (None, "") else value
