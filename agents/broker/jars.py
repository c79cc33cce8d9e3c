"""The jars of a real Kafka broker: where they are, and how they get there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from importlib import resources
from pathlib import Path

from pipeline.errors import ColdwireError

KAFKA_VERSION = "4.4.0"
_BROKER_JAR = f"kafka_2.13-{KAFKA_VERSION}.jar"
_OLDEST_JAVA = 17


def cache_dir() -> Path:
    """Folder of the jars of this Kafka version, whether or not it exists."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "coldwire" / f"kafka-{KAFKA_VERSION}"


def installed() -> bool:
    """Tell whether the jars are at hand."""
    return (cache_dir() / _BROKER_JAR).is_file()


def find_java() -> str | None:
    """Path of a Java of version 17 or newer (``JAVA_HOME`` first, then ``PATH``)."""
    home = os.environ.get("JAVA_HOME")
    candidates = [str(Path(home) / "bin" / "java")] if home else []
    on_path = shutil.which("java")
    if on_path:
        candidates.append(on_path)
    for java in candidates:
        try:
            answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        found = re.search(r'version "(\d+)', answer.stderr)
        if found and int(found.group(1)) >= _OLDEST_JAVA:
            return java
    return None


def install() -> Path:
    """Fetch the jars with Maven into the cache; the folder appears whole or not at all.

    Raises:
        ColdwireError: Maven or Java is missing, or the download failed.
    """
    if installed():
        return cache_dir()
    if find_java() is None:
        raise ColdwireError("no Java 17 or newer was found", "install a JDK 17 and try again")
    maven = shutil.which("mvn")
    if maven is None:
        raise ColdwireError("mvn was not found", "install Maven and try again")
    target = cache_dir()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        pom = Path(scratch) / "pom.xml"
        pom.write_text(resources.files("agents.broker").joinpath("pom.xml").read_text())
        libs = Path(scratch) / "libs"
        command = [
            maven,
            "-q",
            "-B",
            "-f",
            str(pom),
            "dependency:copy-dependencies",
            f"-DoutputDirectory={libs}",
            "-DincludeScope=runtime",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0 or not (libs / _BROKER_JAR).is_file():
            last = (done.stdout + done.stderr).strip().splitlines()[-1:] or ["no output"]
            raise ColdwireError(f"Maven could not fetch Kafka: {last[0]}", "check the network")
        shutil.rmtree(target, ignore_errors=True)
        libs.rename(target)
    return target
