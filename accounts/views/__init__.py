"""`locked_out` stands here because the settings name it to django-axes."""

from accounts.views.own import locked_out

__all__ = ["locked_out"]
