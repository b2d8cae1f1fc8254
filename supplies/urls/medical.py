"""Addresses of hospitals, medical needs, prescriptions and counselling."""

from django.urls import URLPattern, path

from supplies.views import counselling, hospitals, medical, prescriptions

urlpatterns: list[URLPattern] = [
    path("medical/", medical.medical_needs, name="medical-needs"),
    path("medical/<int:pk>/", medical.medical_need, name="medical-need"),
    path("medical/<int:pk>/ask/", medical.medical_ask, name="medical-ask"),
    path("medical/<int:pk>/answer/", medical.medical_answer, name="medical-answer"),
    path("medical/<int:pk>/set-out/", medical.medical_set_out, name="medical-set-out"),
    path("medical/<int:pk>/stage/", medical.medical_stage, name="medical-stage"),
    path("medical/<int:pk>/turned-away/", medical.medical_turned_away, name="medical-turned-away"),
    path("medical/<int:pk>/120/", medical.medical_120, name="medical-120"),
    path("medical/<int:pk>/end/", medical.medical_end, name="medical-end"),
    path("hospitals/", hospitals.hospitals, name="hospitals"),
    path("hospitals/<int:pk>/", hospitals.hospital, name="hospital"),
    path("prescriptions/", prescriptions.prescriptions, name="prescriptions"),
    path("prescriptions/<int:pk>/", prescriptions.prescription, name="prescription"),
    path("prescriptions/new/<int:pk>/", prescriptions.prescription_new, name="prescription-new"),
    path("prescriptions/<int:pk>/refill/", prescriptions.prescription_refill, name="prescription-refill"),
    path("prescriptions/<int:pk>/end/", prescriptions.prescription_end, name="prescription-end"),
    path("counsel/", counselling.counsels, name="counsels"),
    path("counsel/<int:pk>/", counselling.counsel, name="counsel"),
]
