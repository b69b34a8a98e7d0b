from django.apps import apps

# Deployables without sagas have no table for them.
collect_ignore_glob = [] if apps.is_installed("ficus.sagas") else ["test_*.py"]
