"""A Django project whose chat runs over QuickBlox; docs/django.md tells how to run it."""
