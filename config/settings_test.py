"""The settings under pytest: the real ones, on a var folder of their own that is thrown away.

`DATABASE_URL` and `REDIS_URL` choose the servers as ever (script/test runs the suite on both databases).
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# xdist's processes each get a folder inside the one that the first process made and removes: the demo
# clock, the cache and the database are files in it.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if "JIEFENG_VAR" not in os.environ:
    os.environ["JIEFENG_VAR"] = tempfile.mkdtemp(prefix="jiefeng-test-")
    atexit.register(shutil.rmtree, os.environ["JIEFENG_VAR"], ignore_errors=True)
elif _worker and Path(os.environ["JIEFENG_VAR"]).name != _worker:
    os.environ["JIEFENG_VAR"] += f"/{_worker}"

from config.settings import *  # noqa: E402, F403
from config.settings import CACHES, DATABASES, REDIS_URL, REST_FRAMEWORK, VAR  # noqa: E402
from script.messages import compile_catalogues  # noqa: E402

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: several threads and processes meet in it under the locks of the real one. Only
    # the wait for the disk is left out.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR / f"test-{os.getpid()}.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = DATABASES["default"]["OPTIONS"]["init_command"].replace(
        "synchronous=FULL", "synchronous=OFF"
    )

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_AUTOREFRESH = True  # else every new test client lists all static files, half of a request's time
AXES_ENABLED = False  # the tests of the lock switch it on
REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = dict.fromkeys(REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], None)
if REDIS_URL:
    CACHES["default"]["KEY_PREFIX"] = f"test-{_worker}"  # one Redis, several processes
else:
    CELERY_BROKER_URL = "memory://"
    CELERY_BROKER_TRANSPORT_OPTIONS = {}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

compile_catalogues()
