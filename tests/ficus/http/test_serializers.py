import pytest
from rest_framework.exceptions import ValidationError

from tests.ficus.http.urls import MakeThing


class TestStrictSerializer:
    def test_takes_the_fields_that_it_declares(self) -> None:
        command = MakeThing(data={"name": "x", "lines": [{"sku": "A", "quantity": 2}]})

        assert command.is_valid()
        assert command.validated_data == {"name": "x", "lines": [{"sku": "A", "quantity": 2}]}

    def test_refuses_others_and_tells_all_that_is_wrong_at_once(self) -> None:
        command = MakeThing(data={"nmae": "x", "total": 1})

        assert not command.is_valid()
        assert command.errors == {
            "name": ["This field is required."],
            "nmae": ["Unknown field."],
            "total": ["Unknown field."],
        }

    def test_refuses_a_field_that_may_only_be_read(self) -> None:
        command = MakeThing(data={"name": "x", "made_at": "2026-01-01T00:00:00Z"})

        assert not command.is_valid()
        assert command.errors == {"made_at": ["Unknown field."]}

    def test_refuses_others_inside_a_list_too(self) -> None:
        command = MakeThing(data={"name": "x", "lines": [{"sku": "A", "quantity": 1, "price": 1}]})

        with pytest.raises(ValidationError):
            command.is_valid(raise_exception=True)

    @pytest.mark.parametrize("data", [None, [], "text", 7])
    def test_refuses_what_is_no_object(self, data: object) -> None:
        assert not MakeThing(data=data).is_valid()
