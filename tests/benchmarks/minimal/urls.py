from django.urls import path

from tests.benchmarks.minimal import settings, views

urlpatterns = [path("webhook/event", views.store_and_ring if settings.RINGS else views.store)]
