"""The WSGI application that granian serves."""

import os

from config.tether import die_with_parent

die_with_parent()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings  # noqa: E402  (a killed parent must be noticed before the slow imports)
from django.core.wsgi import get_wsgi_application  # noqa: E402
from granian.utils.proxies import wrap_wsgi_with_proxy_headers  # noqa: E402

application = get_wsgi_application()
if settings.TRUSTED_PROXIES:
    # Throttles and the login lock go by the client's address, so only the proxies named in the settings
    # may say in a header whose request they pass on.
    application = wrap_wsgi_with_proxy_headers(application, trusted_hosts=settings.TRUSTED_PROXIES)
