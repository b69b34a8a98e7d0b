"""Shapes of what comes in and goes out over HTTP. No query and no rule beyond shape here."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from rest_framework import serializers

from apps.users.models import CreditEntry, Role, User
from ficus.http.fields import NO_NUL, Email, Text, Whole
from ficus.http.openapi import example
from ficus.http.serializers import StrictSerializer

USERNAME = RegexValidator(
    r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z", "Letters, digits, dots, hyphens and underscores; a letter or digit first."
)
PASSWORD = RegexValidator(r"\A[^\x00]*[^\x000-9][^\x00]*\Z", "Not digits alone.")
PASSWORD_MAX = 256
GRANT_MAX = 10**12


@example({"username": "ada", "password": "a-fig-a-day-keeps"})
class SignIn(StrictSerializer):
    username = Text(max_length=64)
    password = Text(
        min_length=1,
        max_length=PASSWORD_MAX,
        trim_whitespace=False,
        validators=[NO_NUL],
        style={"input_type": "password"},
    )


@example({"refresh_token": "as it came with the access token"})
class RefreshToken(StrictSerializer):
    refresh_token = Text(max_length=256)


class SessionTokens(serializers.Serializer[Any]):
    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds that the access token is good for.")


@example({"username": "grace", "email": "grace@example.com", "password": "a-fig-a-day-keeps"})
class RegisterUser(StrictSerializer):
    username = Text(min_length=2, max_length=64, validators=[USERNAME])
    email = Email(max_length=254)
    password = Text(
        min_length=10,
        max_length=PASSWORD_MAX,
        trim_whitespace=False,
        validators=[PASSWORD],
        style={"input_type": "password"},
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            validate_password(attrs["password"], User(username=attrs["username"], email=attrs["email"]))
        except ValidationError as error:
            raise serializers.ValidationError({"password": error.messages}) from None
        return attrs


@example({"first_name": "Ada", "last_name": "Lovelace"})
class ChangeProfile(StrictSerializer):
    email = Email(max_length=254, required=False)
    first_name = Text(max_length=100, allow_blank=True, required=False)
    last_name = Text(max_length=100, allow_blank=True, required=False)


@example({"reason": "Asked us to"})
class Reason(StrictSerializer):
    reason = Text(max_length=200)


@example({"reason": "Is back"})
class OptionalReason(StrictSerializer):
    reason = Text(max_length=200, required=False, allow_blank=True, default="")


class UserDetail(serializers.ModelSerializer[User]):
    roles = serializers.ListField(child=serializers.ChoiceField(choices=Role.choices))

    class Meta:
        model = User
        fields = ("id", "username", "email", "first_name", "last_name", "roles", "is_active", "joined_at")
        read_only_fields = fields


class CreditDetail(serializers.Serializer[Any]):
    """Amounts are in minor units of ``currency``; available + held + captured = granted."""

    currency = serializers.CharField(help_text="ISO 4217.")
    granted = serializers.IntegerField()
    held = serializers.IntegerField(help_text="For orders that are confirmed and not yet fulfilled.")
    captured = serializers.IntegerField(help_text="For orders that are fulfilled.")
    available = serializers.IntegerField()


@example({"amount": 50000, "reason": "A good year"})
class GrantCredit(StrictSerializer):
    amount = Whole(min_value=1, max_value=GRANT_MAX, help_text="Minor units of the currency.")
    reason = Text(max_length=200)


class CreditEntryDetail(serializers.ModelSerializer[CreditEntry]):
    class Meta:
        model = CreditEntry
        fields = ("id", "kind", "amount", "order_id", "reason", "recorded_at")
        read_only_fields = fields
