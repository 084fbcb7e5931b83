from django.contrib.auth.hashers import Argon2PasswordHasher


class OfficeArgon2(Argon2PasswordHasher):
    """argon2id with OWASP's t=2, m=19 MiB, p=1: ten times cheaper than Django's defaults, so that
    a morning of a thousand sign-ins does not stall a two-core county server."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
