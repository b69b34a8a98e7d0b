"""What a change would do, before it is made: the difference of the table, and requests that would go elsewhere."""

from dataclasses import dataclass, field

from gateway.control.compiling import compile_document
from gateway.control.difference import Change, changes
from gateway.control.effects import Effect, effects
from gateway.control.entries import Document


@dataclass
class Preview:
    """
    :ivar mistakes: why it cannot be done; the effects are not known then.
    """

    changes: list[Change]
    effects: list[Effect] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, before: Document, after: Document) -> "Preview":
        now, then = compile_document(before), compile_document(after)
        preview = cls(changes(before, after), mistakes=then.mistakes)
        if not then.mistakes and not now.mistakes:
            preview.effects = effects(now.table(0), then.table(0))
        return preview
