"""The image and the compose file, read as text: there is no Docker here. Their commands are run for real."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path, PurePosixPath

import httpx
import pytest
import yaml
from django.conf import settings

from pairly.embedded import paths, processes
from pairly.settings import environment
from pairly.testing import databases
from pairly.testing.ports import free_port

ROOT = databases.ROOT
PROVE = bool(os.environ.get("PAIRLY_PROVE"))
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "env_file" in service}
TOOLS = {"migrate", "backup", "restore"}  # run once and end


def dockerfile(path=ROOT / "Dockerfile"):
    """The instructions of a Dockerfile: (name, rest)."""
    text = re.sub(r"^#.*\n", "", path.read_text(), flags=re.M).replace("\\\n", " ")
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in text.splitlines() if line.strip()]


def rest_of(name):
    return [rest for found, rest in dockerfile() if found == name]


def is_ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path out of the build: the last pattern that fits it or a parent decides."""
    ignored = False
    for pattern in (ROOT / ".dockerignore").read_text().splitlines():
        if not pattern or pattern.startswith("#"):
            continue
        wanted = pattern.lstrip("!")
        candidates = [str(path), *map(str, PurePosixPath(path).parents)]
        fits = any(
            fnmatch.fnmatch(one, wanted) or (wanted.startswith("**/") and fnmatch.fnmatch(one, wanted[3:]))
            for one in candidates
        )
        if fits:
            ignored = not pattern.startswith("!")
    return ignored


# -- the image -----------------------------------------------------------------------------------------------


def sources():
    """What the Dockerfile copies from the checkout."""
    for rest in rest_of("COPY"):
        parts = rest.split()
        if not parts[0].startswith("--from"):
            yield from parts[:-1]


def test_what_the_image_copies_is_there_and_not_ignored():
    found = set(sources())
    assert found
    for source in found:
        assert (ROOT / source).exists(), source
        assert not is_ignored(source), source
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    code = [name for name in tracked if name.endswith((".py", ".html", ".sql", ".css", ".ts")) and "/" in name]
    lost = [name for name in code if name.split("/")[0] in found and is_ignored(name) and "frontend/audit" not in name]
    assert lost == []


def test_every_app_is_in_the_image():
    apps = re.search(r"^APPS := (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert apps
    assert set(apps[1].split()) <= set(sources())


@pytest.mark.parametrize(
    "path", [".env", "deploy/.env", "var/secrets.env", "pairly/x/secrets.env", ".git/config", ".venv/bin/python",
             "node_modules/x", "frontend/audit/node_modules/x", "frontend/dist/main.css", "README.md"],
)  # fmt: skip
def test_what_is_private_or_made_here_never_reaches_the_build(path):
    assert is_ignored(path)


def test_the_stages_that_files_come_from_exist_and_base_images_are_pinned():
    stages = {rest.split(" AS ")[1] for rest in rest_of("FROM") if " AS " in rest}
    for rest in rest_of("COPY"):
        if rest.startswith("--from="):
            assert rest.split()[0].removeprefix("--from=") in stages
    bases = [rest.split()[0] for rest in rest_of("FROM")]
    bases += [rest.split()[0] for name, rest in dockerfile(ROOT / "deploy/pgbouncer/Dockerfile") if name == "FROM"]
    bases += [service["image"] for service in SERVICES.values() if "build" not in service]
    for image in bases:
        assert re.search(r":\d+\.\d+", image), f"{image} is not pinned"
    python = next(base for base in bases if base.startswith("python:"))
    assert tuple(map(int, python.split(":")[1].split(".")[:2])) >= (3, 11)


def test_the_image_runs_as_nobody_in_particular_and_holds_no_secret():
    assert rest_of("USER")[-1] == "10001:10001"
    secret = re.compile(r"(SECRET|PASSWORD|TOKEN|KEY)", re.I)
    assert not [rest for rest in rest_of("ENV") + rest_of("ARG") if secret.search(rest)]
    assert not rest_of("ADD")


def test_entrypoint_and_health_check_name_scripts_that_can_be_run():
    entry = json.loads(rest_of("ENTRYPOINT")[0])
    health = json.loads(rest_of("HEALTHCHECK")[0].split("CMD ")[1])
    for command in (entry, health):
        assert os.access(ROOT / command[0], os.X_OK)
    assert health[1] in commands_of_the_entrypoint()
    assert json.loads(rest_of("CMD")[0])[0] in commands_of_the_entrypoint()


def test_every_script_of_deploy_is_posix_shell_and_may_be_run():
    scripts = sorted((ROOT / "deploy").rglob("*.sh"))
    assert len(scripts) >= 8
    for script in scripts:
        assert os.access(script, os.X_OK), script
        assert script.read_text().startswith("#!/bin/sh\n"), script
        done = subprocess.run(["sh", "-n", str(script)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def collecting():
    """The environment and the command by which the image collects its files."""
    rest = next(rest for rest in rest_of("RUN") if "collectstatic" in rest)
    words = shlex.split(rest.split("&&")[0])
    given = dict(word.split("=", 1) for word in words if "=" in word and not word.startswith("-"))
    return given, words[len(given) :]


def test_the_image_is_built_without_secrets_and_leaves_none(tmp_path):
    given, command = collecting()
    path = f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"
    env = {"PATH": path, "PAIRLY_VAR_DIR": str(tmp_path), **given}
    command = command if PROVE else [*command, "--dry-run"]  # writing and compressing takes long
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "secrets.env").exists()
    assert (tmp_path / "static" / "staticfiles.json").exists() is PROVE


# -- the services --------------------------------------------------------------------------------------------


def commands_of_the_entrypoint():
    return set(re.findall(r"^([a-z-]+)\)$", (ROOT / "deploy/entrypoint.sh").read_text(), re.M))


def networks_of(service):
    return set(service.get("networks", []))


def test_the_services_of_the_design_are_there():
    assert set(SERVICES) == {
        "web-1", "web-2", "worker-1", "worker-2", "beat", "migrate", "backup", "restore",
        "postgres", "pgbouncer", "redis", "nginx",
    }  # fmt: skip


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_names_only_what_exists(name):
    service = SERVICES[name]
    assert networks_of(service) <= set(COMPOSE["networks"])
    for other, how in service.get("depends_on", {}).items():
        assert other in SERVICES
        if how["condition"] == "service_healthy":
            assert SERVICES[other].get("healthcheck", {}).get("test"), other
        else:
            assert (how["condition"], SERVICES[other]["restart"]) == ("service_completed_successfully", "no")
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("./"):
            assert (ROOT / source).exists(), source
        elif not source.startswith("${"):
            assert source in COMPOSE["volumes"], source
    if isinstance(service.get("build"), dict):
        assert (ROOT / service["build"]["context"] / "Dockerfile").exists()


@pytest.mark.parametrize("name", sorted(set(SERVICES) - TOOLS))
def test_a_service_that_stays_is_watched_limited_and_started_again(name):
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"]
    assert {"cpus", "memory"} <= set(service["deploy"]["resources"]["limits"])
    assert service["logging"]["options"]["max-size"]
    if name != "postgres":  # its image sets the rights of its folder as root
        assert service["cap_drop"] == ["ALL"]
        assert service["read_only"] is True
        assert "no-new-privileges:true" in service["security_opt"]


def test_only_nginx_can_be_reached_and_the_stores_cannot_go_out():
    assert [name for name, service in SERVICES.items() if service.get("ports")] == ["nginx"]
    assert COMPOSE["networks"]["data"]["internal"] is True
    for name in ("postgres", "pgbouncer", "redis"):
        assert networks_of(SERVICES[name]) == {"data"}
    assert networks_of(SERVICES["nginx"]) == {"edge"}
    assert [name for name in SERVICES if "edge" in networks_of(SERVICES[name])] == ["web-1", "web-2", "nginx"]


def test_nginx_asks_the_addresses_that_the_web_processes_have():
    given = SERVICES["nginx"]["environment"]
    for number in (1, 2):
        address = SERVICES[f"web-{number}"]["networks"]["edge"]["ipv4_address"]
        assert given[f"PAIRLY_WEB_{number}"] == f"{address}:{SERVICES['web-1']['environment']['PORT']}"


def test_nginx_is_given_every_value_that_its_templates_name():
    wanted = set()
    for template in (ROOT / "deploy/nginx").glob("*.template"):
        wanted |= set(re.findall(r"\$\{(PAIRLY_[A-Z_0-9]+)\}", template.read_text()))
    given = {key for key in SERVICES["nginx"]["environment"] if key.startswith("PAIRLY_")}
    assert given == wanted


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_runs_a_command_of_the_entrypoint_with_variables_that_are_read(name):
    service = OURS[name]
    assert service["command"][0] in commands_of_the_entrypoint()
    if "test" in service.get("healthcheck", {}):
        assert service["healthcheck"]["test"][:2] == ["CMD", "deploy/entrypoint.sh"]
        assert service["healthcheck"]["test"][2] in commands_of_the_entrypoint()
    read = set(environment.env.dump()) | {"POSTGRES_PASSWORD", "DATABASE_OWNER_PASSWORD"}
    scripts = set(re.findall(r"\$\{?([A-Z_]+)", (ROOT / "deploy/backup.sh").read_text()))
    assert set(service["environment"]) <= read | scripts


def test_only_those_who_change_the_schema_are_given_the_owner():
    for name, service in OURS.items():
        given = service["environment"]
        assert ("DATABASE_OWNER_URL" in given) == (name in TOOLS), name
        assert given["POSTGRES_PASSWORD"] == given["DATABASE_OWNER_PASSWORD"] == ""


def test_a_web_process_has_the_time_to_finish_what_it_began():
    drain = getattr(environment, "SERVER_DRAIN_SECONDS", 20)
    assert int(SERVICES["web-1"]["stop_grace_period"].rstrip("s")) > drain


def test_every_variable_of_the_compose_file_is_in_the_example():
    listed = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.M))
    used = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert "PAIRLY_HOST" in used
    assert used <= listed


# -- the commands --------------------------------------------------------------------------------------------


@pytest.fixture
def container(committed_db, tmp_path):
    """What the compose file gives a container, with the servers of the test run."""
    port = free_port()
    return {
        **databases.server_environment(settings.VAR_DIR, name=committed_db),
        "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}",
        "DATABASE_OWNER_URL": paths.database_url(settings.VAR_DIR, role="owner", name=committed_db),
        "REDIS_URL": settings.REDIS_URL,
        "PORT": str(port),
        "WEB_HOST": "127.0.0.1",
        "PUBLIC_URL": "https://pairly.example",
        "ALLOWED_HOSTS": "pairly.example",
        "TMPDIR": str(tmp_path),
        "REDIS_PREFIX": f"image-{port}",
    }


def entrypoint(*arguments, env):
    command = [str(ROOT / "deploy/entrypoint.sh"), *arguments]
    return subprocess.run(command, env=env, cwd="/", capture_output=True, text=True, timeout=120)


def test_web_worker_beat_and_migrate_do_what_their_names_say(container, tmp_path):
    logs = {name: tmp_path / f"{name}.log" for name in ("web", "worker", "beat", "migrate")}
    ready = {
        "web": lambda: entrypoint("health", env=container).returncode == 0,
        "worker": lambda: " ready." in logs["worker"].read_text(),
        "beat": lambda: "beat: Starting" in logs["beat"].read_text(),
    }
    children = {name: start(name, log, env=container) for name, log in logs.items()}
    try:
        assert children["migrate"].wait(120) == 0, logs["migrate"].read_text()
        assert "No migrations to apply" in logs["migrate"].read_text()
        for name, is_ready in ready.items():
            processes.wait_until(ready=is_ready, child=children[name], name=name, log_path=logs[name])
        url = f"http://127.0.0.1:{container['PORT']}/health"
        answer = httpx.get(url, headers={"Host": "pairly.example"}, trust_env=False, timeout=30)
        assert answer.json()["checks"]["worker"] == "ok"
        if PROVE:
            assert entrypoint("worker-health", env=container).returncode == 0
    finally:
        for child in children.values():
            child.terminate()
        for child in children.values():
            processes.stop(child)
    # All have ended, and their checks say so.
    assert entrypoint("health", env=container).returncode == 2
    if PROVE:
        assert entrypoint("worker-health", env=container).returncode != 0
    assert entrypoint("beat-health", env={**container, "TMPDIR": str(tmp_path / "none")}).returncode != 0


def start(name, log, *, env):
    command = [*processes.wrap(death_signal="TERM"), str(ROOT / "deploy/entrypoint.sh"), name]
    return processes.start(command=command, log_path=log, env=env, cwd=Path("/"))


def test_an_unknown_command_is_refused_with_the_known_ones(container):
    done = entrypoint("serve", env=container)
    assert (done.returncode, "web, worker" in done.stderr) == (64, True)


# -- the health check ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_curl", [True, False], ids=["curl", "python"])
@pytest.mark.parametrize(
    ("status", "document", "code", "says"),
    [
        (200, {"status": "ok", "checks": {"database": "ok"}}, 0, "ok"),
        (
            200,
            {"status": "degraded", "checks": {"database": "ok", "redis": "failed", "mail": "failed"}},
            1,
            "redis mail",
        ),
        (503, {"status": "degraded", "checks": {"database": "failed"}}, 2, "503"),
        (None, None, 2, "no answer"),
    ],
)
def test_the_health_check_tells_by_its_exit_code(tmp_path, status, document, code, says, with_curl):
    port, child = free_port(), None
    if status:
        serve = (
            "import http.server,sys\n"
            "class H(http.server.BaseHTTPRequestHandler):\n"
            " def do_GET(self):\n"
            "  b=sys.argv[3].encode();self.send_response(int(sys.argv[2]))\n"
            "  self.send_header('Content-Length',str(len(b)))\n"
            "  self.end_headers();self.wfile.write(b)\n"
            " def log_message(self,*a): pass\n"
            "http.server.HTTPServer(('127.0.0.1',int(sys.argv[1])),H).serve_forever()\n"
        )
        command = [sys.executable, "-c", serve, str(port), str(status), json.dumps(document)]
        child = processes.start(command=command, log_path=tmp_path / "log")
        url = f"http://127.0.0.1:{port}/"
        processes.wait_until(ready=lambda: is_up(url), child=child, name="stub", log_path=tmp_path / "log")
    try:
        env = {"PATH": os.environ["PATH"] if with_curl else path_without_curl(tmp_path)}
        command = [str(ROOT / "deploy/health-check.sh"), f"http://127.0.0.1:{port}/health"]
        done = subprocess.run(command, env=env, capture_output=True, text=True)
        assert (done.returncode, says in done.stdout) == (code, True), done.stdout + done.stderr
        lenient = subprocess.run(command, env={**env, "HEALTH_ALLOW_DEGRADED": "1"}, capture_output=True, text=True)
        assert lenient.returncode == (0 if code == 1 else code)
    finally:
        if child:
            processes.stop(child)


def is_up(url):
    try:
        return bool(httpx.get(url, trust_env=False).status_code)
    except httpx.HTTPError:
        return False


def path_without_curl(folder):
    """A PATH with what the image has: no curl."""
    there = folder / "bin"
    there.mkdir()
    for name in ("sh", "printf", "tail", "sed", "tr", "echo"):
        for base in ("/bin", "/usr/bin"):
            if Path(base, name).exists() and not (there / name).exists():
                (there / name).symlink_to(Path(base, name))
    (there / "python3").symlink_to(sys.executable)
    return str(there)
