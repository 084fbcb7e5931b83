"""The usual ways to do the same work with Django, at their best settings."""
