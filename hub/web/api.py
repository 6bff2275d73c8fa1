"""The endpoints. (Annotations are read when an endpoint is made, so they are no text here.)"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, Any

import orjson
from fastapi import Depends, FastAPI, Header, Path, Query, Request, Response

from hub.app import Hub
from hub.app.copies import refusal
from hub.app.entrance import CHANGES, FEED, WHO_IS, admit, must_have, view_for
from hub.app.exchange import ENTITY, SEVERAL, changes, golden, snapshot, who_is
from hub.app.forwarding import Forwarding
from hub.app.outcome import told
from hub.app.people import decide_between, withdraw
from hub.app.rights import bearer
from hub.app.seeing import must_be_a_view
from hub.app.tracing import trace
from hub.errors import HubError
from hub.records import RecordRef
from hub.store import raw
from hub.store.tokens import Token
from hub.web.bodies import records_in
from hub.web.problems import HEADERS, WrongRequest, problem, tell_problems
from hub.web.shapes import ChangesPage, DecisionAnswer, DecisionWish, GoldenAnswer, Problem, Receipts, RecordWay, SnapshotShape

LONGEST_WAIT = 30.0  # seconds
_LOOKS = 0.1  # seconds between two looks of one who waits
_WAITING_AT_ONCE = 20  # each of them keeps a thread

_NO_NUL = r"^[^\x00]*$"  # which PostgreSQL can neither keep nor compare
_View = Annotated[str | None, Query(description="Only what this reader may see.", max_length=100, pattern=_NO_NUL)]
_ONCE = "The same request twice is taken once. Another one under the same key is answered 422 (idempotency_key_reused)."
_Limit = Annotated[int, Query(ge=1, le=SEVERAL)]


def make_app(hub: Hub) -> FastAPI:
    """The application. Whatever is built lazily is built now, before threads ask for it."""
    _ = hub.landscape, hub.rules, hub.store, hub.bus, hub.keys
    wrong: dict[int | str, dict[str, Any]] = {
        number: {"model": Problem} for number in (400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 503)
    }
    app = FastAPI(
        title="goldenhub", version=version("goldenhub"), openapi_url=None, docs_url=None, redoc_url=None, responses=wrong,
        description="Push records in your own words, ask who somebody is, follow what changes. Show a token as `Bearer`.",
    )  # fmt: skip
    tell_problems(app)
    token = _token(hub)
    _health(app, hub)
    _reading(app, hub, token)
    _asking(app, hub, token)
    _deciding(app, hub, token)
    _pushing(app, hub, token)

    @app.get("/api/openapi.json", include_in_schema=False)
    def openapi(_token: Annotated[Token, Depends(token)]) -> Response:
        return _answer(app.openapi())

    return app


def _token(hub: Hub) -> Callable[[Request], Token]:
    """Whose request it is. It is asked before anything else of a request is read."""

    def token(request: Request) -> Token:
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        found = admit(hub, shown.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            said = (
                "Show a valid token: `Authorization: Bearer gh_...`. Whoever runs the hub makes one by `goldenhub token create`."
            )
            raise WrongRequest(401, "token_invalid", said, {"WWW-Authenticate": 'Bearer realm="goldenhub"'})
        return found

    return token


def _health(app: FastAPI, hub: Hub) -> None:
    @app.get("/healthz", include_in_schema=False)
    def healthz() -> Response:
        """The process lives."""
        return _answer({"status": "ok"})

    @app.get("/readyz", include_in_schema=False)
    def readyz() -> Response:
        """The store answers, and has the tables of this version."""
        try:
            hub.stand()
        except HubError:
            return problem(503, "not_ready", "The store is not ready; the hub's log and `goldenhub doctor` say more.")
        return _answer({"status": "ready"})


def _reading(app: FastAPI, hub: Hub, token: Callable[[Request], Token]) -> None:
    waiting = threading.BoundedSemaphore(_WAITING_AT_ONCE)

    @app.get("/api/changes", response_model=ChangesPage, tags=["follow"])
    def read_changes(
        shown: Annotated[Token, Depends(token)],
        after: Annotated[int, Query(ge=0, lt=2**63, description="0: from the beginning.")] = 0,
        limit: _Limit = 100,
        entity: Annotated[str, Query(max_length=100, pattern=_NO_NUL)] = ENTITY,
        view: _View = None,
        wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for something new.")] = 0,
    ) -> Response:
        """What changed in golden records, in order, after a position. 410: that is no longer kept; begin with /api/golden."""
        seen = _view(hub, shown, CHANGES, view)
        patient = wait > 0 and waiting.acquire(blocking=False)
        try:
            end = time.monotonic() + (wait if patient else 0)
            while True:
                with hub.store.read() as tx:
                    page = changes(hub, tx, after, entity=entity, view=seen, limit=limit)
                if page.events or time.monotonic() >= end:
                    return _answer(page.as_dict())
                time.sleep(_LOOKS)
        finally:
            if patient:
                waiting.release()

    @app.get("/api/golden", response_model=SnapshotShape, tags=["follow"])
    def read_snapshot(
        shown: Annotated[Token, Depends(token)],
        after: Annotated[str, Query(max_length=100, pattern=_NO_NUL)] = "",
        limit: _Limit = 100,
        entity: Annotated[str, Query(max_length=100, pattern=_NO_NUL)] = ENTITY,
        view: _View = None,
    ) -> Response:
        """All golden records as they are, page by page. Then follow /api/changes from the position of the first page."""
        seen = _view(hub, shown, CHANGES, view)
        with hub.store.read() as tx:
            return _answer(snapshot(hub, tx, after, entity=entity, view=seen, limit=limit).as_dict())


def _asking(app: FastAPI, hub: Hub, token: Callable[[Request], Token]) -> None:
    @app.get("/api/golden/{golden_id}", response_model=GoldenAnswer, tags=["ask"])
    def read_golden(
        shown: Annotated[Token, Depends(token)],
        golden_id: Annotated[str, Path(max_length=100, pattern=_NO_NUL)],
        view: _View = None,
    ) -> Response:
        """One golden record. A retired id leads on to the one it went into."""
        seen = _view(hub, shown, WHO_IS, view)
        with hub.store.read() as tx:
            return _answer(golden(hub, tx, golden_id, view=seen))

    @app.get("/api/who-is/{system}/{key:path}", response_model=GoldenAnswer, tags=["ask"])
    def read_who_is(
        shown: Annotated[Token, Depends(token)],
        system: Annotated[str, Path(max_length=200, pattern=_NO_NUL)],
        key: Annotated[str, Path(max_length=1000, pattern=_NO_NUL)],
        view: _View = None,
    ) -> Response:
        """Who a system's record is, and under which keys the other systems know the same customer."""
        seen = _view(hub, shown, WHO_IS, view)
        with hub.store.read() as tx:
            return _answer(who_is(hub, tx, system, key, view=seen))


def _deciding(app: FastAPI, hub: Hub, token: Callable[[Request], Token]) -> None:
    one_at_a_time = threading.Lock()

    @app.post("/api/decisions", status_code=201, response_model=DecisionAnswer, tags=["decide"])
    def decide(shown: Annotated[Token, Depends(token)], wish: DecisionWish) -> Response:
        """These records are one customer, or are not, whatever they become."""
        left, right = ([_ref(text) for text in side] for side in (wish.left, wish.right))
        with one_at_a_time:
            decision, outcome = decide_between(hub, wish.verdict, left, right, bearer(shown), wish.why)
        return _answer({"decision": decision.id, "resolved": told(outcome)}, 201)

    @app.delete("/api/decisions/{decision}", response_model=DecisionAnswer, tags=["decide"])
    def take_back(
        shown: Annotated[Token, Depends(token)], decision: Annotated[str, Path(max_length=100, pattern=_NO_NUL)]
    ) -> Response:
        """Everything that rested on it is looked at again."""
        with one_at_a_time:
            outcome = withdraw(hub, decision, bearer(shown))
        return _answer({"decision": decision, "resolved": told(outcome)})

    @app.put("/api/golden/{golden_id}", tags=["decide"], status_code=409, response_model=Problem)
    @app.patch("/api/golden/{golden_id}", include_in_schema=False)
    @app.delete("/api/golden/{golden_id}", include_in_schema=False)
    def write_golden(
        shown: Annotated[Token, Depends(token)], golden_id: Annotated[str, Path(max_length=100, pattern=_NO_NUL)]
    ) -> Response:
        """Golden records are computed. The answer names the asking system's own records behind it: write those."""
        feeds = [name.partition(":")[2] for name in shown.scopes if name.startswith(f"{FEED}:")]
        if not feeds:
            raise WrongRequest(
                403, "not_allowed", "Golden records are written to by nobody, and this token may push into no feed."
            )
        with hub.store.read() as tx:
            answer = refusal(tx, golden_id, {hub.landscape.feed(name).system for name in feeds})
        if answer is None:
            raise WrongRequest(404, "not_known", f"No golden record has or had the id {golden_id!r}.")
        addresses = [f"/api/in/{name}" for name in feeds]
        raise WrongRequest(409, answer.code, answer.message, records=answer.facts["records"], addresses=addresses)


def _ref(text: str) -> RecordRef:
    system, colon, rest = text.partition(":")
    key, _, generation = rest.partition("#")
    if not colon or not system or not key or "\x00" in text:
        raise WrongRequest(422, "parameter_invalid", f"{text!r} is no record; write system:key.")
    return RecordRef(system, key, int(generation) if generation.isdigit() else 0)


def _pushing(app: FastAPI, hub: Hub, token: Callable[[Request], Token]) -> None:
    one_at_a_time, forwarding = threading.Lock(), Forwarding(hub)

    @app.post("/api/in/{feed}", status_code=202, response_model=Receipts, tags=["push"])
    def push(
        request: Request,
        shown: Annotated[Token, Depends(token)],
        feed: Annotated[str, Path(max_length=200, pattern=_NO_NUL)],
        idempotency_key: Annotated[str | None, Header(max_length=200, description=_ONCE)] = None,
    ) -> Response:
        """Push one record, an array, or one a line (NDJSON), in the system's own words. Each gets a receipt with an address.

        When this answers, what was accepted is safe. A record whose translation fails is kept, too, with its reason.
        """
        must_have(shown, f"{FEED}:{feed}")
        records = records_in(request, hub.settings.message_limit)
        with one_at_a_time:
            receipts = hub.receive(feed, records, f"token/{shown.name}", forward=False, key=idempotency_key or None)
        forwarding.wake()
        answers = [{**one.as_dict(), "address": f"/api/receipts/{one.receipt}"} for one in receipts]
        where = {"Location": str(answers[0]["address"])} if len(answers) == 1 else {}
        return _answer({"counts": dict(Counter(one.state for one in receipts)), "receipts": answers}, 202, where)

    @app.get("/api/receipts/{receipt:path}", response_model=RecordWay, tags=["push"])
    def read_receipt(
        shown: Annotated[Token, Depends(token)], receipt: Annotated[str, Path(max_length=200, pattern=_NO_NUL)]
    ) -> Response:
        """A record's way so far: kept, translated or set aside, taken, and what it changed."""
        with hub.store.read() as tx:
            kept = raw.by_id(tx, [receipt]).get(receipt)
            if kept is None or f"{FEED}:{kept.feed}" not in shown.scopes:  # whose it is, is told to nobody else
                said = f"No receipt {receipt!r} of a feed that this token may push into."
                raise WrongRequest(404, "receipt_unknown", said)
            ways = [way.as_dict() for way in trace(tx, hub, receipt) if way.receipt == receipt]
        hops = [hop for way in ways for hop in way["hops"] if hop["hop"] != "delivered"]  # what others answered is theirs
        return _answer({"receipt": receipt, "hops": [{name: hop[name] for name in ("hop", "at", "said")} for hop in hops]})


def _view(hub: Hub, shown: Token, scope: str, wanted: str | None) -> str | None:
    seen = view_for(shown, scope, wanted)
    must_be_a_view(hub, seen)
    return seen


def _answer(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content, default=str), status, {**HEADERS, **(headers or {})}, media_type="application/json")
