"""Forms of the table's entries: what they say is checked as a part of the whole table, and against other editors."""

from typing import Any

from django import forms
from django.db import transaction
from unfold.widgets import UnfoldAdminTextInputWidget

from gateway.control import conflicts, document
from gateway.control.admin import policy_fields, service_fields
from gateway.control.admin.fields import InstancesField, LinesField, PairsField
from gateway.control.compiling import compile_document
from gateway.control.entries import Document
from gateway.control.models import Route, Service, TableVersion

WANTED = "name: value on each line; * any value, ! none at all, ~ and a regular expression"


class EntryForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """
    :ivar before: the table as it is.
    :ivar wished: the table as it would be, once the form has been found valid.
    """

    reason = forms.CharField(
        max_length=500, widget=UnfoldAdminTextInputWidget, help_text="Why; the history keeps it with your name."
    )
    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    before: Document
    wished: Document

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._name_before = self.instance.name
        version = TableVersion.objects.values_list("number", flat=True).get(pk=1)
        self.fields["seen_version"].initial = version

    def clean(self) -> dict[str, Any] | None:
        """Check the table as it would be, and name every mistake; nobody else changes it until this is done."""
        cleaned = super().clean()
        if not cleaned or self.errors:
            return cleaned
        with transaction.atomic():
            version = TableVersion.objects.select_for_update().get(pk=1).number
            self.before = document.current()
            self._look_for_other_editors(version, cleaned.get("seen_version"))
        self.wished = self._wish(cleaned)
        for mistake in compile_document(self.wished).mistakes:
            self.add_error(None, mistake)
        return cleaned

    def _wish(self, cleaned: dict[str, Any]) -> Document:
        entry = self._entry(cleaned)
        section, name = document.place(entry)
        others = {each: said for each, said in self.before[section].items() if each != self._name_before}
        said = document.of_route(entry) if isinstance(entry, Route) else document.of_service(entry)
        return {**self.before, section: dict(sorted({**others, name: said}.items()))}

    def _entry(self, cleaned: dict[str, Any]) -> Service | Route:
        own = [field.name for field in self._meta.model._meta.concrete_fields]
        columns = {name: cleaned[name] for name in own if name in cleaned}
        return self._meta.model(**columns)  # type: ignore[no-any-return]

    def _look_for_other_editors(self, version: int, seen: int | None) -> None:
        """Refuse once if somebody else has changed this entry since the form was opened; what was typed stays."""
        if not seen or seen == version or self.instance.pk is None:
            return
        section, _ = document.place(self.instance)
        told = conflicts.told(section, self._name_before, seen=seen, now=self.before)
        if told:
            typed: Any = self.data.copy()  # type: ignore[attr-defined]  # what a browser posts is a QueryDict
            typed["seen_version"] = str(version)
            self.data = typed
            self.add_error(None, told)


class RouteForm(EntryForm):
    hosts = LinesField(help_text="One on each line, without a port; *.example.com for all below it; none: all hosts.")
    headers = PairsField(help_text=f"Header fields that a request must have: {WANTED}.")
    query = PairsField(help_text=f"Query parameters that a request must have: {WANTED}.")

    class Meta:
        model = Route
        fields = (
            "name",
            "service",
            "path",
            "match",
            "pattern",
            "methods",
            "hosts",
            "headers",
            "query",
            "priority",
            "access",
            "timeout_ms",
            "waits",
            "body_limit",
            "is_active",
            "note",
        )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial = {**policy_fields.initial(self.instance.policies), **self.initial}

    def _entry(self, cleaned: dict[str, Any]) -> Service | Route:
        entry = super()._entry(cleaned)
        entry.policies = self.instance.policies = policy_fields.document(cleaned)  # type: ignore[union-attr]
        return entry


class ServiceForm(EntryForm):
    instances = InstancesField(
        rows=5,
        help_text="Addresses, one on each line: http://10.0.0.5:8000, and after a space a weight, unless it is 1. "
        "None: where the environment says.",
    )

    class Meta:
        model = Service
        fields = ("name", "description", "instances")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial = {**service_fields.initial(self.instance.terms), **self.initial}

    def _entry(self, cleaned: dict[str, Any]) -> Service | Route:
        entry = super()._entry(cleaned)
        entry.terms = self.instance.terms = service_fields.document(cleaned)  # type: ignore[union-attr]
        return entry


RouteFormWithPolicies = type("RouteFormWithPolicies", (RouteForm,), policy_fields.form_fields())
ServiceFormWithTerms = type("ServiceFormWithTerms", (ServiceForm,), service_fields.form_fields())
