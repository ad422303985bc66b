"""Which origins may be allowed, and are the rules of a deployed template read right?"""

import re

import pytest

from pushhub.console.local.cors import ORIGIN, CorsRules, cors_rules
from pushhub.console.local.routes import ProcessedTemplate
from tests.template import expanded_template

ALLOWED = [
    "https://shop.example.com",
    "http://localhost",
    "http://localhost:3000",
    "http://127.0.0.1:8080",
    "https://xn--e1afmkfd.example",
]
REFUSED = [
    *("", "*", "null", "shop.example.com", "//shop.example.com", "https://", "https://*.example.com", "https://shop.example.com/"),
    *("https://shop.example.com/path", "https://shop.example.com?a", "HTTPS://shop.example.com", "https://Shop.example.com"),
    *(
        "https://a.example,https://b.example",
        " https://shop.example.com",
        "https://shop.example.com\n",
        "https://shop.example.com:",
    ),
    *("https://ann@shop.example.com", "capacitor://localhost", "file:///page.html", "https://..", "https://пример.example"),
]
PARAMETER = expanded_template()["Parameters"]["AllowedOrigins"]


@pytest.mark.parametrize("origin", ALLOWED)
def test_an_origin_as_browsers_send_it_is_taken(origin: str) -> None:
    assert ORIGIN.fullmatch(origin)


@pytest.mark.parametrize("text", REFUSED)
def test_anything_else_is_no_origin(text: str) -> None:
    assert not ORIGIN.fullmatch(text)


def test_the_parameter_of_the_template_takes_the_same_origins_separated_by_commas() -> None:
    assert PARAMETER["AllowedPattern"] == f"^({ORIGIN.pattern}(,{ORIGIN.pattern})*)?$"
    assert re.fullmatch(PARAMETER["AllowedPattern"], ",".join(ALLOWED))
    assert PARAMETER["Default"] == ""


def deployed() -> ProcessedTemplate:
    """Return what SAM makes of the template's configuration."""
    told = {"allowMethods": ["GET"], "allowHeaders": ["a", "b"], "exposeHeaders": ["c"], "maxAge": 60}
    configuration = {"Fn::If": ["HasAllowedOrigins", {"allowOrigins": {"Fn::Split": [",", ""]}, **told}, {"Ref": "AWS::NoValue"}]}
    body = {"paths": {}, "x-amazon-apigateway-cors": configuration}
    return ProcessedTemplate({"Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": body}}}, {"Api": "a1b2c3"})


def test_the_rules_of_a_deployed_template_are_read() -> None:
    origins = ("https://a.example", "http://localhost:3000")
    assert cors_rules(deployed(), origins) == CorsRules(origins, ("GET",), ("a", "b"), ("c",), 60)


def test_without_an_origin_there_are_no_rules() -> None:
    assert cors_rules(deployed(), ()) is None
