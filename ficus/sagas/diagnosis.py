"""What ``doctor`` says about sagas: stories in trouble, and stories of declarations that are not the newest."""

from collections.abc import Iterator

from django.db.models import Count

from ficus.configuration.diagnosis import Finding, State
from ficus.sagas import registry
from ficus.sagas.models import SagaInstance


def diagnose() -> Iterator[Finding]:
    running = SagaInstance.objects.filter(status=SagaInstance.Status.RUNNING)
    troubled = running.exclude(trouble="").count()
    if troubled:
        yield Finding(State.WARN, "sagas", f"{troubled} could not be ended at their deadline; see the admin")
    known = {(saga.name, saga.version) for saga in registry.declared()}
    versions = running.values_list("saga", "declaration").annotate(stories=Count("pk")).order_by("saga", "declaration")
    for saga, version, stories in versions:
        if (saga, version) not in known:
            detail = f"{stories} stories of {saga} run by version {version}, which is not declared here"
            yield Finding(State.WRONG, "sagas", detail)
        elif version < registry.newest(saga):
            yield Finding(State.OK, "sagas", f"{stories} stories of {saga} still run by version {version}; keep it")
    if not troubled:
        yield Finding(State.OK, "sagas", f"{running.count()} running")
