"""docs/gateway.md, "Adding a policy": one file and one line, and the data path, table, YAML and admin know it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.commands import ROOT

PAGE = ROOT / "docs" / "gateway.md"
LOOK = """
import sys
sys.path.insert(0, sys.argv[1])
import django
django.setup()
import gateway
assert gateway.__file__.startswith(sys.argv[1]), gateway.__file__

from gateway.control.admin.forms import RouteFormWithPolicies
from gateway.control.compiling import compile_document
from gateway.control.management.commands.route import answer
from gateway.control.probes import made
from gateway.data.message.refusal import Refusal

def compiled(terms):
    route = {"service": "orders", "path": "/a", "policies": {"maintenance": terms}}
    return compile_document({"services": {"orders": {}}, "routes": {"a": route}})

print("mistakes:", compiled({"back_in_seconds": 0}).mistakes)
table, request = compiled({"back_in_seconds": 300}).table(1), made("GET", "/a/b", "any.host")
print("said:", [line.strip() for line in answer(table, request) if "maintenance" in line])
field = RouteFormWithPolicies.base_fields["policy_maintenance__back_in_seconds"]
print("form:", field.help_text)
try:
    request.route = table.find(request)
    request.route.steps[0](request)
except Refusal as refusal:
    print("refused:", refusal.status, refusal.headers)
"""


class TestAddingAPolicy:
    def test_takes_one_file_and_one_line(self, tmp_path: Path) -> None:
        shutil.copytree(ROOT / "gateway", tmp_path / "gateway", ignore=shutil.ignore_patterns("__pycache__"))
        policies = tmp_path / "gateway" / "data" / "policies"
        pattern = r"```python\n# gateway/data/policies/maintenance\.py\n(.*?)```"
        [example] = re.findall(pattern, PAGE.read_text(), re.DOTALL)
        (policies / "maintenance.py").write_text(example)
        order = (policies / "__init__.py").read_text()
        (policies / "__init__.py").write_text(order.replace('    "match",\n', '    "match",\n    "maintenance",\n'))

        looked = subprocess.run(
            [sys.executable, "-c", LOOK, str(tmp_path)],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.gateway.settings"},
            capture_output=True,
            text=True,
        )

        assert looked.stdout.splitlines() == [
            "mistakes: ['a: maintenance: back_in_seconds: Expected `int` >= 1']",
            "said: ['maintenance: back_in_seconds 300']",
            "form: When clients are told to come back.",
            "refused: 503 ((b'retry-after', b'300'),)",
        ], looked.stderr
