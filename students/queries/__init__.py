from students.queries.children import (
    VIEW,
    category_life,
    category_words,
    filter_choices,
    for_list,
    history,
    students,
)

__all__ = [
    "VIEW",
    "category_life",
    "category_words",
    "filter_choices",
    "for_list",
    "history",
    "students",
]
