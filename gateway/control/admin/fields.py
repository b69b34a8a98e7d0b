"""Form fields for what an entry of the table has besides plain columns: lines of text instead of JSON."""

from typing import Any

import yaml
from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget


class LinesField(forms.CharField):
    """A list of words, one on each line."""

    def __init__(self, *, rows: int = 3, **options: Any) -> None:
        super().__init__(**{"required": False, "widget": UnfoldAdminTextareaWidget(attrs={"rows": rows}), **options})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in str(value or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or []) != self.to_python(data))


class PairsField(LinesField):
    """A mapping of text to text, ``name: value`` on each line."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return "\n".join(f"{name}: {wanted}" for name, wanted in value.items())
        return value

    def to_python(self, value: Any) -> Any:
        pairs = {}
        for line in super().to_python(value):
            name, colon, wanted = line.partition(":")
            if not colon or not name.strip():
                raise forms.ValidationError(f"{line}: this is not of the form name: value")
            pairs[name.strip()] = wanted.strip()
        return pairs


class InstancesField(LinesField):
    """Addresses, each with its weight after it unless that is 1."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return "\n".join(_instance_line(each) for each in value)
        return value

    def to_python(self, value: Any) -> Any:
        found = []
        for line in super().to_python(value):
            address, _, weight = line.partition(" ")
            weight = weight.strip().removeprefix("weight").strip(" =")
            if weight and not (weight.isdecimal() and len(weight) < 4):
                raise forms.ValidationError(f"{line}: after the address comes its weight, a number, or nothing")
            found.append({"address": address, "weight": int(weight or 1)})
        return found


class YamlField(forms.CharField):
    """Whatever has no field of its own: YAML, such as ``orders: 90`` on each line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False, "widget": UnfoldAdminTextareaWidget(attrs={"rows": 4}), **options})

    def prepare_value(self, value: Any) -> Any:
        if value in (None, "", {}, []):
            return ""
        return value if isinstance(value, str) else yaml.safe_dump(value, sort_keys=False)

    def to_python(self, value: Any) -> Any:
        try:
            return yaml.safe_load(value or "")
        except yaml.YAMLError as error:
            raise forms.ValidationError(f"This is no YAML: {' '.join(str(error).split())}") from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return True


def _instance_line(instance: dict[str, Any]) -> str:
    weight = instance.get("weight", 1)
    return f"{instance['address']} {weight}" if weight != 1 else str(instance["address"])
