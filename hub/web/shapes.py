"""What answers look like, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field


class GoldenEvent(BaseModel):
    """CloudEvents 1.0."""

    specversion: str
    id: str = Field(description="Golden id and version: what was told twice is recognised by it.")
    source: str
    type: str = Field(
        description="customer.created.v1, .updated, .merged, .split, .moved, .reinstated, .ended; .snapshot in a snapshot."
    )
    subject: str = Field(description="The golden id.")
    time: str
    sequence: str = Field("", description="The position, as text that sorts.")
    data: dict[str, Any]


class ChangesPage(BaseModel):
    position: int = Field(description="Go on with after=position, once these are dealt with.")
    more: bool
    events: list[GoldenEvent]


class SnapshotShape(BaseModel):
    position: int = Field(description="Of the first page: where the feed goes on from, after all pages.")
    next: str | None = Field(description="The next page: after=next. Null: this was the last.")
    events: list[GoldenEvent]


class KeyReference(BaseModel):
    system: str
    key: str
    state: str = Field(description="active, alias, moved or closed")
    since: str
    until: str | None = None


class GoldenAnswer(BaseModel):
    asked: str
    id: str
    redirected: bool
    version: int
    state: str
    golden: dict[str, Any]
    references: list[KeyReference] = Field(description="Every key the customer has, or had, in any system.")


class DecisionWish(BaseModel):
    verdict: Literal["same", "not_same"]
    left: list[str] = Field(min_length=1, max_length=100, description="Records, as erp:4711.")
    right: list[str] = Field(min_length=1, max_length=100)
    why: str = Field("", max_length=2000, description="For whoever asks later.")


class DecisionAnswer(BaseModel):
    decision: str
    resolved: dict[str, Any]


class RecordReceipt(BaseModel):
    receipt: str
    state: str = Field(description="accepted, rejected (kept, with its reason), left out (by the mapping), known (came before)")
    code: str = ""
    reason: str = ""
    address: str = Field(description="Where its whole way can be seen.")


class Receipts(BaseModel):
    counts: dict[str, int]
    receipts: list[RecordReceipt]


class WayHop(BaseModel):
    hop: str = Field(
        description="kept, translated, left_out, rejected, waiting, taken, golden, attached, announced, dead, replayed"
    )
    at: str | None
    said: str = Field(description="For a person.")


class RecordWay(BaseModel):
    receipt: str
    hops: list[WayHop]


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    code: str
    detail: str
