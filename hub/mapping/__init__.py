"""Mappings: their words into ours. YAML files that analysts own, compiled to plain functions when they are loaded."""

from hub.mapping.codes import CodeList, load_code_list, load_code_lists
from hub.mapping.coverage import Coverage, coverage, fields_of
from hub.mapping.engine import Mapping, load_mapping
from hub.mapping.examples import ExampleResult, run_examples
from hub.mapping.findings import Finding
from hub.mapping.lint import lint_folder
from hub.mapping.outbound import OutboundMapping, load_outbound

__all__ = [
    "CodeList",
    "Coverage",
    "ExampleResult",
    "Finding",
    "Mapping",
    "OutboundMapping",
    "coverage",
    "fields_of",
    "lint_folder",
    "load_code_list",
    "load_code_lists",
    "load_mapping",
    "load_outbound",
    "run_examples",
]
