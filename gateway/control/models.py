"""Services and routes as an operator edits them. What makes a table sound is in ``validation``."""

from django.db import models

from gateway.data.routing.route import Access


class Service(models.Model):
    """
    Somebody behind the gateway.

    ``instances`` are ``{"address", "weight"}`` each; without any, the registry or settings.UPSTREAMS says where they
    are. ``terms`` are those of ``gateway.data.upstream.terms`` that are not as by default.
    """

    name = models.SlugField(max_length=50, unique=True)
    description = models.CharField(max_length=200, blank=True)
    instances = models.JSONField(default=list, blank=True)
    terms = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name_plural = "services"

    def __str__(self) -> str:
        return self.name


class Route(models.Model):
    """
    A line of the table: who serves the requests for a path, and on what terms.

    ``headers`` and ``query`` are what is wanted by name, and ``policies`` terms by kind, as ``entries`` has them.
    """

    class Match(models.TextChoices):
        PREFIX = "prefix", "this path and all below it"
        EXACT = "exact", "this path alone"
        PATTERN = "pattern", "below this path, what matches the pattern"

    class AccessChoice(models.TextChoices):
        PUBLIC = Access.PUBLIC.value, "anyone; tokens and sessions are not looked at"
        OPTIONAL = Access.OPTIONAL.value, "anyone, as himself if signed in"
        SIGNED_IN = Access.SIGNED_IN.value, "signed in only"

    name = models.SlugField(max_length=100, unique=True)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="routes")
    path = models.CharField(max_length=500, help_text="Begins with a slash and does not end with one.")
    match = models.CharField(max_length=10, choices=Match, default=Match.PREFIX)
    pattern = models.CharField(
        max_length=500, blank=True, help_text="Regular expression (RE2) for all that follows the path: /[0-9]+/history"
    )
    hosts = models.JSONField(default=list, blank=True)
    headers = models.JSONField(default=dict, blank=True)
    query = models.JSONField(default=dict, blank=True)
    priority = models.SmallIntegerField(
        default=0, help_text="Before path and host: a route with a higher one goes before all with a lower one."
    )
    methods = models.CharField(
        max_length=100, blank=True, help_text="Separated by spaces; empty for all. A path may have one route for each."
    )
    access = models.CharField(max_length=20, choices=AccessChoice, default=AccessChoice.SIGNED_IN)
    timeout_ms = models.PositiveIntegerField(
        "timeout", default=2000, help_text="Milliseconds for one try, from the whole request sent to the answer's head."
    )
    waits = models.BooleanField(
        "honours Prefer: wait", default=False, help_text="Prefer: wait=N adds N seconds to the time allowed."
    )
    body_limit = models.PositiveBigIntegerField(default=10 * 1024 * 1024, help_text="Bytes.")
    policies = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField("active", default=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(timeout_ms__gte=1, timeout_ms__lte=30_000), name="control_route_timeout_in_range"
            ),
            models.CheckConstraint(condition=models.Q(path__startswith="/"), name="control_route_path_absolute"),
        ]

    def __str__(self) -> str:
        return self.name


class TableVersion(models.Model):
    """The one row that says which version of the table is in force; workers look at it every second."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    number = models.PositiveBigIntegerField(default=1)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="control_table_version_single")]

    def __str__(self) -> str:
        return f"version {self.number}"


class Revision(models.Model):
    """
    The whole table as it was made by one change, with who and why. Never changed afterwards.

    ``restores`` is the number of the revision that a rollback went back to.
    """

    number = models.PositiveBigIntegerField(primary_key=True)
    document = models.JSONField()
    by = models.CharField(max_length=250)
    reason = models.CharField(max_length=500)
    at = models.DateTimeField()
    restores = models.PositiveBigIntegerField(null=True)

    class Meta:
        verbose_name = "version"

    def __str__(self) -> str:
        return f"version {self.number}"


class CachePurge(models.Model):
    """
    One order to throw kept answers away. Workers look for new ones by ``number``, which is given under a lock, so that
    a lower one never comes after a higher.
    """

    class Kind(models.TextChoices):
        ROUTE = "route", "all of a route"
        KEY = "key", "a path, with its query"
        TAG = "tag", "a tag that the service gave"
        ALL = "all", "everything"

    number = models.PositiveBigIntegerField(primary_key=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    value = models.TextField(blank=True)
    by = models.CharField(max_length=250)
    reason = models.CharField(max_length=500)
    at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "cache purge"
        permissions = [("purge_cache", "Can drop kept answers")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}".strip()


class CacheCount(models.Model):
    """How often requests of a route came out in one way at the cache, over all workers."""

    route = models.CharField(max_length=100, blank=True)
    outcome = models.CharField(max_length=50)
    requests = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField("last")

    class Meta:
        verbose_name = "cache count"
        constraints = [models.UniqueConstraint(fields=("route", "outcome"), name="control_cache_count_unique")]

    def __str__(self) -> str:
        return f"{self.route}: {self.outcome}"


class MirrorCount(models.Model):
    """How often mirroring a route to a service came out in one way, over all workers."""

    route = models.CharField(max_length=100)
    service = models.CharField(max_length=50)
    outcome = models.CharField(max_length=50)
    requests = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField("last")

    class Meta:
        verbose_name = "mirrored requests"
        verbose_name_plural = "mirrored requests"
        constraints = [
            models.UniqueConstraint(fields=("route", "service", "outcome"), name="control_mirror_count_unique")
        ]

    def __str__(self) -> str:
        return f"{self.route} to {self.service}: {self.outcome}"


class MirrorDifference(models.Model):
    """One request whose two answers differed: in what, and never by what, since values may be somebody's own."""

    route = models.CharField(max_length=100)
    service = models.CharField(max_length=50)
    method = models.CharField(max_length=20)
    path = models.TextField()
    found = models.JSONField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "mirror difference"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class UpstreamOrder(models.Model):
    """What an operator ordered all workers to do about a service, with who and why. Never changed afterwards."""

    class Action(models.TextChoices):
        FORCE_OPEN = "force open", "refuse every request"
        FORCE_CLOSE = "force close", "refuse none, whatever fails"
        RESET = "reset", "let the breaker work by itself"

    service = models.CharField(max_length=50)
    action = models.CharField(max_length=20, choices=Action)
    by = models.CharField(max_length=250)
    reason = models.CharField(max_length=500)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "upstream order"
        verbose_name_plural = "upstreams"
        permissions = [("order_upstream", "Can force breakers and reset upstreams")]

    def __str__(self) -> str:
        return f"{self.action} {self.service}"


class WorkerReport(models.Model):
    """How upstreams are doing in one worker, by its own account; replaced every few seconds."""

    worker = models.CharField(max_length=100, primary_key=True)
    report = models.JSONField()
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.worker
