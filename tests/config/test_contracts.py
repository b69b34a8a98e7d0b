import json

from config.contracts import last_release, release
from tests.commands import ROOT, run


class TestCheck:
    def test_finds_the_contracts_as_the_last_release_knows_them(self):
        done = run("-m", "config.contracts", "check", FICUS_ENV="development")

        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.endswith(" events agree with the last release\n")

    def test_needs_no_django(self):
        asked = "import sys, config.contracts; config.contracts.last_release; sys.exit('django' in sys.modules)"

        assert run("-c", asked).returncode == 0


class TestRelease:
    def test_is_kept_by_its_version(self, tmp_path, monkeypatch):
        monkeypatch.setattr("config.contracts.ROOT", tmp_path)

        code = release(tmp_path / "0.2.0.json", {"orders.order_placed": {"1": {}}})

        assert (code, last_release(tmp_path)) == (0, {"orders.order_placed": {"1": {}}})

    def test_is_never_changed(self, tmp_path, capsys):
        path = tmp_path / "0.2.0.json"
        path.write_text("{}")

        code = release(path, {"orders.order_placed": {}})

        assert (code, json.loads(path.read_text())) == (1, {})
        assert capsys.readouterr().err == "contracts: 0.2.0 is released; raise VERSION first\n"

    def test_is_the_highest_version_not_the_last_by_name(self, tmp_path):
        for version in ("0.9.0", "0.10.0"):
            (tmp_path / f"{version}.json").write_text(json.dumps({version: {}}))

        assert last_release(tmp_path) == {"0.10.0": {}}

    def test_is_there(self):
        assert last_release(ROOT / "contracts" / "released")
