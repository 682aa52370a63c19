"""Addresses of the manual, below those of the admin."""

from django.contrib import admin
from django.urls import path

from hireops.manual import views

urlpatterns = [
    path("", admin.site.admin_view(views.contents), name="manual_contents"),
    path("<slug:name>/", admin.site.admin_view(views.page), name="manual_page"),
]
