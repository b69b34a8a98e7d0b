from pathlib import Path

from ficus.tls.files import expiring
from tests.gateway.certificates import make


class TestDates:
    def test_of_the_past_and_the_near_future_are_told(self, tmp_path: Path) -> None:
        files = [
            make(tmp_path, "soon.test", days=5.5),
            make(tmp_path, "good.test", days=60),
            make(tmp_path, "past.test", days=-3),
        ]

        told = expiring(each.certificate for each in files)

        assert [line.split(" on ")[0] for line in told] == [
            f"The certificate {files[2].certificate} expired",
            f"The certificate {files[0].certificate} expires",
        ]
        assert told[1].endswith("in 5 days.")
