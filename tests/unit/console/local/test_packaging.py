"""Is everything a built template names packed, and always the same way?"""

import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from pushhub.console.failure import ConsoleError
from pushhub.console.local.packaging import BUCKET, pack

_TEMPLATE = """
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Parameters: {Architecture: {Type: String}}
Resources:
  Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: !Sub "${AWS::StackName}"}}
  Push: {Type: AWS::Serverless::Function, Properties: {CodeUri: Push, Role: !GetAtt Role.Arn}}
  Inline: {Type: AWS::Serverless::Function, Properties: {InlineCode: "pass"}}
  Fn::ForEach::Logs: [Function, [Push, Inline], {"${Function}Logs": {Type: AWS::Logs::LogGroup}}]
  Steps: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: steps.asl.json}}
"""


def _built(folder: Path) -> Path:
    (folder / "Push").mkdir(parents=True)
    (folder / "Push" / "handler.py").write_text("x = 1\n")
    (folder / "steps.asl.json").write_text("{}")
    (folder / "template.yaml").write_text(_TEMPLATE)
    return folder / "template.yaml"


def test_code_is_replaced_by_where_it_is_uploaded(tmp_path: Path) -> None:
    package = pack(_built(tmp_path))
    resources = json.loads(package.objects[package.template])["Resources"]
    code = resources["Push"]["Properties"]["CodeUri"]
    assert code["Bucket"] == BUCKET
    with zipfile.ZipFile(io.BytesIO(package.objects[code["Key"]])) as archive:
        assert archive.read("handler.py") == b"x = 1\n"
    assert package.objects[resources["Steps"]["Properties"]["DefinitionUri"]["Key"]] == b"{}"
    assert resources["Push"]["Properties"]["Role"] == {"Fn::GetAtt": ["Role", "Arn"]}
    assert resources["Inline"]["Properties"] == {"InlineCode": "pass"}
    assert resources["Fn::ForEach::Logs"] == ["Function", ["Push", "Inline"], {"${Function}Logs": {"Type": "AWS::Logs::LogGroup"}}]
    assert package.parameters == {"Architecture"}


def test_the_same_build_gives_the_same_package(tmp_path: Path) -> None:
    first, second = _built(tmp_path / "1"), _built(tmp_path / "2")
    os.utime(second.parent / "Push" / "handler.py", (0, 0))
    assert pack(first) == pack(second)


def test_an_empty_build_is_refused(tmp_path: Path) -> None:
    built = _built(tmp_path)
    (tmp_path / "Push" / "handler.py").unlink()
    with pytest.raises(ConsoleError, match=r"^sam has built Push empty: start again$"):
        pack(built)
