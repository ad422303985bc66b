"""The template as CloudFormation has it once its transforms have run, but for what SAM makes of a resource."""

from collections.abc import Mapping
from typing import Any

from samcli.lib.cfn_language_extensions.models import ResolutionMode, TemplateProcessingContext
from samcli.lib.cfn_language_extensions.pipeline import ProcessingPipeline
from samcli.lib.cfn_language_extensions.processors import ForEachProcessor, TemplateParsingProcessor
from samcli.lib.cfn_language_extensions.resolvers import FnFindInMapResolver, FnSubResolver, IntrinsicResolver
from samtranslator.plugins.globals.globals import Globals
from samtranslator.yaml_helper import yaml_parse

from tests.lambda_environment import ROOT

LOOP = "Fn::ForEach::"


def expanded_template() -> dict[str, Any]:
    """Return the template with each loop as the resources that it stands for, and each function with what all of them share."""
    template: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    shared = Globals(template)
    resources = {name: one for name, one in template["Resources"].items() if not name.startswith(LOOP)}
    for name, resource in _of_loops(template).items():
        assert name not in resources, f"{name} stands in the template, and a loop makes it as well"
        resources[name] = resource
    for resource in resources.values():
        resource["Properties"] = shared.merge(resource["Type"], resource["Properties"])
    return template | {"Resources": resources}


def _of_loops(template: Mapping[str, Any]) -> dict[str, Any]:
    """Expand the loops alone, so that parameters and conditions stay as they are written."""
    loops = {name: loop for name, loop in template["Resources"].items() if name.startswith(LOOP)}
    context = TemplateProcessingContext(
        fragment={"Mappings": template["Mappings"], "Resources": loops}, resolution_mode=ResolutionMode.PARTIAL
    )
    fragment = ProcessingPipeline([TemplateParsingProcessor(), ForEachProcessor()]).process_template(context)
    resolver = IntrinsicResolver(context)
    for function in (FnFindInMapResolver, FnSubResolver):
        resolver.register_resolver(function)
    resources: dict[str, Any] = resolver.resolve_value(fragment["Resources"])
    return resources
