from uuid import UUID

import pytest
from django.urls import Resolver404, resolve, reverse

pytestmark = pytest.mark.urls("tests.ficus.http.urls")

ROW = UUID("0198a1b2-0000-7000-8000-000000000001")


class TestEndpoint:
    @pytest.mark.parametrize("path", ["/rows", "/rows/"])
    def test_answers_with_and_without_a_slash(self, path: str) -> None:
        assert resolve(path).url_name == "rows"

    @pytest.mark.parametrize("path", [f"/rows/{ROW}", f"/rows/{ROW}/"])
    def test_reads_what_the_path_holds(self, path: str) -> None:
        assert resolve(path).kwargs == {"row_id": ROW}

    def test_is_written_without_a_slash(self) -> None:
        assert reverse("row", kwargs={"row_id": ROW}) == f"/rows/{ROW}"

    @pytest.mark.parametrize("path", ["/rows//", "//rows", "/rows/x", f"/rows/{ROW}//", "/rows\n", "/rows/\n"])
    def test_answers_no_other_path(self, path: str) -> None:
        with pytest.raises(Resolver404):
            resolve(path)
