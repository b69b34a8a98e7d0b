"""What somebody else has done to an entry while it was being edited."""

from itertools import pairwise

from gateway.control.difference import changes
from gateway.control.entries import Document
from gateway.control.models import Revision


def told(section: str, name: str, *, seen: int, now: Document) -> str:
    """Return who changed the entry since the version that was ``seen``, and how; nothing if nobody did."""
    first = Revision.objects.filter(number=seen).first()
    if first is None:  # nothing was ever changed by then, so the first change kept what there was
        return ""
    then = {section: {each: said for each, said in first.document.get(section, {}).items() if each == name}}
    present = {section: {each: said for each, said in now[section].items() if each == name}}
    made = changes(then, present)
    if not made:
        return ""
    last = _who(section, name, seen)
    how = "; ".join(
        f"{field}: {before or 'default'} -> {after or 'default'}" for field, before, after in made[0].fields
    )
    return (
        f"{last.by if last else 'Somebody'} has changed this meanwhile"
        + (f" ({last.reason})" if last else "")
        + f": {how}. What you typed is still here: save again to put it in place of that, or open the page anew."
    )


def _who(section: str, name: str, seen: int) -> Revision | None:
    """Return the newest revision since ``seen`` that touched the entry."""
    revisions = list(Revision.objects.filter(number__gte=seen).order_by("number"))
    touched = [
        later
        for earlier, later in pairwise(revisions)
        if earlier.document.get(section, {}).get(name) != later.document.get(section, {}).get(name)
    ]
    return touched[-1] if touched else None
