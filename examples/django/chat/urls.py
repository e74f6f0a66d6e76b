"""The chat's addresses."""

from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("", views.dialogs, name="dialogs"),
    path("read/", views.read, name="read"),
    path("messages/<str:message_id>/edit/", views.edit, name="edit"),
]
