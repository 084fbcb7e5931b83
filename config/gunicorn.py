"""The web server, on a developer's machine and in the image alike."""

import os
from pathlib import Path

wsgi_app = "config.wsgi"
bind = os.environ.get("APP_BIND", f"127.0.0.1:{os.environ.get('PORT', '8000')}")
worker_class = "gthread"
workers = int(os.environ.get("APP_WEB_WORKERS", "2"))
threads = 4
timeout = 60
graceful_timeout = 10
max_requests, max_requests_jitter = 5000, 500
control_socket_disable = True  # it would lie in the home folder, which is read-only in the image
if Path("/dev/shm").is_dir():  # noqa: S108
    worker_tmp_dir = "/dev/shm"  # noqa: S108
# The path without its query: searches carry children's names.
accesslog = "-"
access_log_format = "%(t)s %(h)s %(m)s %(U)s %(s)s %(B)s %(M)sms"
