"""How a file that a stranger sent is given out: as a download, never as a page of ours."""

from django.http import HttpResponse
from django.utils.cache import patch_cache_control

from complaints.actions.attaching import content_of
from complaints.models import Attachment
from complaints.rules.words import FileKind

_TYPES = {FileKind.IMAGE: ("image/jpeg", "jpg"), FileKind.PDF: ("application/pdf", "pdf")}


def as_download(attachment: Attachment) -> HttpResponse:
    """The file, to be saved. It can't be shown inside a page of ours, guessed at, or run anything.

    The name says the complaint's number and the file's own, nothing that the sender wrote. Whether the
    reader may have it, and the note of the look, is the caller's matter.
    """
    content_type, ending = _TYPES[FileKind(attachment.kind)]
    number = attachment.complaint.number if attachment.complaint else "file"
    response = HttpResponse(content_of(attachment), content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{number}-{attachment.number}.{ending}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    patch_cache_control(response, private=True, no_store=True)
    return response
