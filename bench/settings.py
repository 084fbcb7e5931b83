"""The product's settings with the peers added, for the peers' processes only."""

import sys

from bench.packages import FOLDER
from config.settings import *  # noqa: F403

# Behind the product's own packages: one Django for all.
sys.path.append(str(FOLDER))

INSTALLED_APPS = [*INSTALLED_APPS, "import_export", "bench.peers"]  # noqa: F405
ROOT_URLCONF = "bench.peers.urls"
MIGRATION_MODULES = {"peers": None}
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None}
