"""Addresses of the queue and of the cases in it."""

from django.urls import URLPattern, path

from complaints.views import case, handling, identity, joining, queue, together

urlpatterns: list[URLPattern] = [
    path("complaint-desk/", queue.complaints, name="complaints"),
    path("complaint-desk/answer/", together.answer_together, name="complaints-answer"),
    path("complaint-desk/accept/", together.accept_together, name="complaints-accept"),
    path("complaint-desk/<int:pk>/", case.complaint, name="complaint"),
    path("complaint-desk/<int:pk>/files/<int:number>/", case.attachment, name="complaint-file"),
    path("complaint-desk/<int:pk>/who/", identity.reveal, name="complaint-reveal"),
    path("complaint-desk/<int:pk>/telephone/", identity.call, name="complaint-telephone"),
    path("complaint-desk/<int:pk>/coordinator/", joining.coordinator, name="complaint-coordinator"),
    path("complaint-desk/<int:pk>/recuse/", joining.recuse, name="complaint-recuse"),
    path("complaint-desk/<int:pk>/alike/<int:link>/", joining.judge, name="complaint-alike"),
    path("complaint-desk/<int:pk>/<slug:verb>/", handling.act, name="complaint-do"),
]
