"""Fields of commands that take a value as it is in JSON, and nothing that could be read as one."""

import re
from typing import Any
from uuid import UUID

from django.core.validators import RegexValidator
from rest_framework import serializers
from rest_framework.fields import empty

# Something to see, and no NUL, which PostgreSQL does not store.
SAYS_SOMETHING = RegexValidator(
    r"\A[^\x00]*[^\s\x00-\x1f\x7f-\x9f\ufeff][^\x00]*\Z", "This has nothing in it that can be seen."
)
NO_NUL = RegexValidator(r"\A[^\x00]*\Z", "NUL is not allowed.")
# A dot-atom (RFC 5322, section 3.2.3) at a domain of two labels or more (RFC 1035, section 2.3.1), in ASCII.
MAILBOX = RegexValidator(
    r"\A[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]\Z",
    "Not an email address in ASCII; write an international domain in its xn-- form.",
)
LONGEST_NAME = 64
HYPHENATED = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def _check_name(address: str) -> None:
    if address.find("@") > LONGEST_NAME:
        raise serializers.ValidationError(f"An address has at most {LONGEST_NAME} characters before the @.")


class Text(serializers.CharField):
    """
    A string; not blank unless ``allow_blank``. ``max_length`` counts the blanks around it too.

    Its rules are regular expressions, so that the OpenAPI document states them; of several, one.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if not any(isinstance(each, RegexValidator) for each in self.validators):
            self.validators.append(NO_NUL if self.allow_blank else SAYS_SOMETHING)

    def run_validation(self, data: Any = empty) -> Any:
        if data is not empty and data is not None and not isinstance(data, str):
            self.fail("invalid")
        if isinstance(data, str) and self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return super().run_validation(data)


class Email(Text):
    """An address to write to, in the form that nearly all have; of 64 characters at most before the @ (RFC 5321)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validators=[MAILBOX, _check_name], trim_whitespace=False, **options)


class Whole(serializers.IntegerField):
    """A whole number: neither digits in a string nor a boolean."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        value: int = super().to_internal_value(data)
        return value


class Identifier(serializers.UUIDField):
    """A UUID in its usual form (RFC 9562, section 4), of those that Python knows."""

    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str) or not HYPHENATED.fullmatch(data):
            self.fail("invalid", value=data)
        value: UUID = super().to_internal_value(data)
        return value
