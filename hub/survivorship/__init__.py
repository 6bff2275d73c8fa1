"""Survivorship: which of the values that the members of a cluster carry live on in their golden record.

``survive`` is pure: records, rules, a date, pins and echoes in; values with their provenance out, and the next day on which
time alone may change one of them. A value is never edited: a steward's correction is a record of the system ``steward`` or
a pin on a source record, and both win over every source.
"""

from hub.survivorship.rules import CRITERIA, FieldRule, Step, SurvivorshipRules, load_survivorship
from hub.survivorship.surviving import Echo, Pin, Survived, survive
from hub.survivorship.views import view

__all__ = [
    "CRITERIA",
    "Echo",
    "FieldRule",
    "Pin",
    "Step",
    "Survived",
    "SurvivorshipRules",
    "load_survivorship",
    "survive",
    "view",
]
