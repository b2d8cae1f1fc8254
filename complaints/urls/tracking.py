"""Addresses of whoever holds a receipt."""

from django.urls import URLPattern, path

from complaints.views import tracking

urlpatterns: list[URLPattern] = [
    path("complaints/track/", tracking.track, name="complain-track"),
    path("complaints/mine/", tracking.mine, name="complain-mine"),
    path("complaints/mine/files/<int:number>/", tracking.file, name="complain-file"),
    path("complaints/mine/choose/", tracking.choose, name="complain-choose"),
    path("complaints/mine/add/", tracking.add, name="complain-add"),
    path("complaints/mine/reply/", tracking.reply, name="complain-reply"),
    path("complaints/mine/satisfied/", tracking.satisfied, name="complain-satisfied"),
    path("complaints/mine/not-satisfied/", tracking.dissatisfied, name="complain-dissatisfied"),
    path("complaints/mine/withdraw/", tracking.withdraw, name="complain-withdraw"),
    path("complaints/mine/leave/", tracking.leave, name="complain-leave"),
]
