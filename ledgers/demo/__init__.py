"""A synthetic county on real divisions: 凉州区, with invented schools and invented people.

Nobody in it exists: ID numbers carry the county code 629900, which was never assigned.
"""
