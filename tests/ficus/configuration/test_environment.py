from pathlib import Path

import pytest

from ficus.configuration.environment import ConfigurationError, Environment


@pytest.fixture
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("FICUS_ENV", "FICUS_ENV_FILE", "SECRET"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


class TestEnvironment:
    def test_is_production_unless_told_otherwise(self, nothing_set: pytest.MonkeyPatch, tmp_path: Path) -> None:
        assert Environment(tmp_path).development is False

    def test_reads_the_env_file_beneath_the_process_s_own(
        self, nothing_set: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / ".env").write_text("FICUS_ENV=development\nSECRET=from the file\n")
        nothing_set.setenv("SECRET", "from the process")

        env = Environment(tmp_path)

        assert env.development is True
        assert env.str("SECRET") == "from the process"

    def test_gives_secrets_a_default_in_development_alone(
        self, nothing_set: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        nothing_set.setenv("FICUS_ENV", "development")
        assert Environment(tmp_path).secret("SECRET", "default") == "default"

        nothing_set.setenv("FICUS_ENV", "production")
        env = Environment(tmp_path)
        env.secret("SECRET", "default")
        with pytest.raises(ConfigurationError, match="SECRET: Environment variable not set"):
            env.seal()

    def test_names_every_mistake_at_once(self, nothing_set: pytest.MonkeyPatch, tmp_path: Path) -> None:
        nothing_set.setenv("COUNT", "many")
        env = Environment(tmp_path)

        env.int("COUNT")
        env.secret("SECRET", "default")
        env.reject("PLACE", "makes no sense")

        with pytest.raises(ConfigurationError) as error:
            env.seal()
        assert str(error.value).startswith("the environment is not complete: ")
        for part in ("COUNT: Not a valid integer.", "SECRET: Environment variable not set.", "PLACE: makes no sense"):
            assert part in str(error.value)
