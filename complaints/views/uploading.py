"""Files on their way in: cut off where they are too large, kept under the form's token on every error."""

import datetime as dt
import tempfile
from typing import Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest
from django.utils.translation import gettext as _

from cases.views.answers import client_address
from complaints import flood
from complaints.actions.attaching import attach, attached, too_many
from complaints.files import MOST_BYTES, MOST_FILES, Wrong, clean_file, refusal
from complaints.models import Complaint
from policy.refusals import BadInput

MOST_SENT = (MOST_FILES + 1) * MOST_BYTES
"""Nothing larger is read at all; six files of ten megabytes and the text fit well."""
IN_MEMORY = 512 * 1024
FIELD = "files"


class CappedUpload(FileUploadHandler):
    """Lets a file that is too large run dry while the rest of the form is read; counts the files."""

    file: Any = None

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.position = 0
        self.too_large: list[int] = []

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin with the next file; what comes in another field is not read."""
        super().new_file(*args, **kwargs)
        self.file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the parser closes it
        if self.field_name != FIELD:
            raise SkipFile
        self.position += 1

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take a piece, as long as the whole is not too large."""
        if start + len(raw_data) > MOST_BYTES:
            self.too_large.append(self.position)
            raise SkipFile
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        """The whole file, with its place in the list as its name: what the sender called it is not kept."""
        self.file.seek(0)
        return UploadedFile(file=self.file, name=str(self.position), size=file_size)


def cap_uploads(request: HttpRequest) -> bool:
    """Prepare a request that nobody has read yet for files; False: it is too large to be read at all."""
    try:
        sent = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return False
    if sent > MOST_SENT:
        return False
    request.upload_handlers = [CappedUpload(request)]
    return True


def keep_files(
    request: HttpRequest, *, token: str, at: dt.datetime, complaint: Complaint | None = None
) -> list[str]:
    """Keep the files that came with a form under its token; the sentences about those that were not taken.

    Files that came before, and those that are in order, stay whatever becomes of the others.
    """
    wrong = {position: str(refusal(Wrong.TOO_LARGE, position)) for position in _too_large(request)}
    sent = cast(list[UploadedFile], request.FILES.getlist(FIELD))
    if sent and flood.seconds_to_wait(flood.files_lane(), client_address(request), at, more=len(sent)):
        slow = _("Too many files came from your network within the hour. Please file without them.")
        return [*wrong.values(), slow]
    free = MOST_FILES - attached(token).count()
    for file in sent:
        position = int(str(file.name))
        try:
            if free <= 0:
                raise too_many()
            kept = attach(clean_file(file.read(), position), token=token, at=at, complaint=complaint)
            free -= kept is not None
        except BadInput as refused:
            wrong[position] = str(refused)
    return list(dict.fromkeys(wrong[position] for position in sorted(wrong)))


def _too_large(request: HttpRequest) -> list[int]:
    handlers = request.upload_handlers
    return [position for each in handlers if isinstance(each, CappedUpload) for position in each.too_large]
