"""What of a build has to be uploaded, and under which names?"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

from pushhub.console.failure import ConsoleError

BUCKET = "pushhub-artifacts"
"""Where the engine is to find it."""

# Where a resource names its code; after `sam build`, as a path relative to the built template.
_CODE_PROPERTIES = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Serverless::StateMachine": "DefinitionUri",
}

# The key of a loop, which stands among the resources and has no type.
_LOOP = "Fn::ForEach::"

# Date of every file in an archive, so that the same files give the same bytes.
_NO_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Package:
    """A template and all the code it names, as objects named after their content."""

    template: str
    """Name of the object that is the template."""
    parameters: frozenset[str]
    """Names of the parameters it declares."""
    objects: Mapping[str, bytes]


def pack(built_template: Path) -> Package:
    """Pack what `sam build` made.

    Args:
        built_template: the template it wrote, beside the built code.

    Raises:
        ConsoleError: something that it built is empty, as when another build of the checkout took its packages away meanwhile.
    """
    template = yaml_parse(built_template.read_text(encoding="utf-8"))
    objects: dict[str, bytes] = {}
    for logical_id, resource in template["Resources"].items():
        # No loop holds code; the engine expands them.
        name = None if logical_id.startswith(_LOOP) else _CODE_PROPERTIES.get(resource["Type"])
        if name is not None and isinstance(path := resource["Properties"].get(name), str):
            artifact = built_template.parent / path
            if artifact.is_dir() and not any(artifact.iterdir()):
                raise ConsoleError(f"sam has built {logical_id} empty: start again")
            key = _add(objects, _bytes_of(artifact))
            resource["Properties"][name] = {"Bucket": BUCKET, "Key": key}
    key = _add(objects, json.dumps(template, default=str).encode())
    return Package(key, frozenset(template.get("Parameters", {})), objects)


def _add(objects: dict[str, bytes], content: bytes) -> str:
    key = hashlib.sha256(content).hexdigest()
    objects[key] = content
    return key


def _bytes_of(artifact: Path) -> bytes:
    if artifact.is_file():
        return artifact.read_bytes()
    archive = io.BytesIO()
    # Stored, not deflated: nothing leaves this machine, and every worker unpacks it again.
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as files:
        for path in sorted(artifact.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(artifact).as_posix(), _NO_DATE)
                entry.external_attr = path.stat().st_mode << 16
                files.writestr(entry, path.read_bytes())
    return archive.getvalue()
