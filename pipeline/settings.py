"""One frozen tree of settings, read from the environment (prefix ``COLDWIRE_``).

Nested names are joined by two underscores: ``COLDWIRE_KAFKA__BOOTSTRAP_SERVERS``. The
defaults run everything on one machine with nothing else installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline.errors import ColdwireError


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaSettings(_Group):
    """How to reach Kafka; without servers a broker is started as a child process."""

    bootstrap_servers: str | None = None
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    username: str | None = None
    password: SecretStr | None = None
    replication_factor: int = Field(default=1, ge=1)


class DatabaseSettings(_Group):
    """Where flags are stored: a SQLAlchemy URL, by default SQLite in the data directory."""

    url: SecretStr | None = None


class WorkerSettings(_Group):
    """How a worker takes its records."""

    batch_records: int = Field(default=256, ge=1, le=4096)
    session_timeout_ms: int = Field(default=10_000, ge=1_000)
    instance: int = Field(default=0, ge=0, description="number of this process in its group")
    snapshot_every: int = Field(default=20_000, ge=1, description="graph records a snapshot")
    metrics_port: int = Field(default=0, ge=0, le=65_535, description="0 serves no metrics")


class Settings(BaseSettings):
    """Everything that can be set from outside."""

    model_config = SettingsConfigDict(
        env_prefix="COLDWIRE_", env_nested_delimiter="__", frozen=True, extra="ignore"
    )

    data_dir: Path = Path("data")
    broker: Literal["auto", "kafka", "demo"] = "auto"
    kafka: KafkaSettings = KafkaSettings()
    database: DatabaseSettings = DatabaseSettings()
    worker: WorkerSettings = WorkerSettings()
    checkpoint: Path | None = None
    pseudonym_key: SecretStr | None = None
    deadline_ms: int = Field(default=275, ge=1)
    prevalence_ratio: float = Field(
        default=1.0,
        gt=0,
        description="odds of risk here, divided by those that the checkpoint is calibrated for",
    )
    alert_cost_ratio: float = Field(
        default=9.0, gt=0, description="needless alerts that cost as much as one miss"
    )
    flag_cost_ratio: float = Field(
        default=4.0, gt=0, description="the same for flags, which spread through the graph"
    )
    oldest_days: int = Field(default=3_660, ge=1, description="age at which a payment is refused")
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def database_url(self) -> str:
        """URL of the flag database."""
        if self.database.url is not None:
            return self.database.url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'flags.db'}"


def load_settings(**overrides: object) -> Settings:
    """Read the settings; ``overrides`` win over the environment.

    Raises:
        ColdwireError: a variable has a value that cannot be used.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "COLDWIRE_" + "__".join(str(part).upper() for part in first["loc"])
        raise ColdwireError(f"{name}: {first['msg']}", "correct or unset the variable") from None
