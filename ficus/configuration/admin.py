"""
The page of what may change while a deployable runs: each value, where it comes from, and every version. A service puts
it into its own admin with ``register(site)``. Support looks, operators change.
"""

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path

from ficus.auth.operated import OperatedAdmin
from ficus.configuration import changing, following
from ficus.configuration.changing import ChangedMeanwhile, NoStore, Present
from ficus.configuration.document import Document
from ficus.configuration.groups import find
from ficus.configuration.kinds import read, written
from ficus.configuration.models import Configuration
from ficus.configuration.store import StoreAway
from ficus.configuration.validation import InvalidConfiguration

LONGEST_REASON = 500
REFUSALS = (InvalidConfiguration, ChangedMeanwhile, NoStore, StoreAway)


def register(site: AdminSite) -> None:
    """Show the page in a service's admin."""
    site.register(Configuration, ConfigurationAdmin)


class ConfigurationAdmin(OperatedAdmin):
    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.changelist_view)
        return [path("", page, name="ficus_configuration_configuration_changelist")]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the page, or do what one of its forms says and show it again."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return self._shown(request)
        if not self.has_operate_permission(request):
            raise PermissionDenied
        self._do(request)
        return HttpResponseRedirect(request.path)

    def _shown(self, request: HttpRequest) -> HttpResponse:
        present = changing.look()
        name = request.GET.get("name", "")
        row = changing.find_row(name, present.document) if name else None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Configuration",
            "present": present,
            "trouble": present.trouble or following.trouble(),
            "groups": _groups(present),
            "unknown": changing.unknown(present.in_force),
            "history": _history(present.document),
            "row": row,
            "name": name,
            "value": written(row.value) if row else "",
            "may_change": self.has_operate_permission(request) and has_store(),
            "has_store": has_store(),
            "everything": "all" in request.GET,
        }
        return TemplateResponse(request, "admin/ficus_configuration/page.html", context)

    def _do(self, request: HttpRequest) -> None:
        who = self.told(request)
        expected = request.POST.get("expected", "")
        if not expected.isdecimal() or len(expected) > 18:
            self.message_user(request, "Nothing was changed: for which version is it?", messages.ERROR)
            return
        who |= {"reason": who["reason"][:LONGEST_REASON], "expected": int(expected)}
        try:
            made = self._made(request, who)
        except REFUSALS as error:
            mistakes = error.mistakes if isinstance(error, InvalidConfiguration) else [str(error)]
            for mistake in mistakes:
                self.message_user(request, f"Nothing was changed: {mistake}.", messages.ERROR)
            return
        if made.number == int(expected):
            self.message_user(request, "It is so already.", messages.WARNING)
        else:
            self.message_user(request, f"Version {made.number}. All processes have it in two seconds.")

    @staticmethod
    def _made(request: HttpRequest, who: dict[str, Any]) -> Document:
        name, text, version = (request.POST.get(field, "").strip() for field in ("name", "value", "version"))
        match request.POST.get("do"):
            case "unset":
                return changing.change({}, [name], **who)
            case "rollback" if version.isdecimal() and len(version) < 19:
                return changing.roll_back(int(version), **who)
            case "set":
                setting = find(name)
                return changing.change({name: setting.kind.read(text) if setting else read(text)}, **who)
        raise InvalidConfiguration(["it is not said what to do"])


def has_store() -> bool:
    try:
        changing.store()
    except NoStore:
        return False
    return True


def _groups(present: Present) -> list[dict[str, Any]]:
    """Return for each group its rows, with the values as one reads them; those that nobody set may be hidden."""
    short = dict(changing.rows(present.in_force))
    return [
        {
            "title": title,
            "rows": [_cells(row) for row in short[title]],
            "others": [_cells(row) for row in rows if row not in short[title]],
        }
        for title, rows in changing.rows(present.in_force, everything=True)
    ]


def _cells(row: changing.Row) -> dict[str, Any]:
    central = "" if row.central is None else written(row.central)
    return {
        "name": row.name,
        "value": written(row.value),
        "source": row.source,
        "remark": row.remark,
        "central": central,
        "meaning": row.setting.meaning,
        "kind": str(row.setting.kind),
    }


def _history(document: Document) -> list[dict[str, Any]]:
    return [
        {"version": version, "differences": changing.differences(document, version)} for version in document.versions
    ]
