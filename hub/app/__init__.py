"""Everything is built here, once: settings, landscape, model, rules, store, resolver, connectors. Doors call this and no edge.

hub = open_hub()
hub.ingest()        every feed: read, translate, check, publish
hub.work()          what was published: resolve customers, attach the rest, until nothing waits

``hub`` builds the parts; ``feeding`` reads feeds and ``landing`` keeps what was read; ``working`` takes what waits on the bus,
``stages`` says what is done with it;
``people`` are stewards' answers; ``looking`` shows, exports and rebuilds.
"""

from hub.app.hub import Clock, Hub, now, open_hub, shipped_landscape
from hub.app.outcome import Tell, untold
from hub.app.stages import ENTITY

__all__ = ["ENTITY", "Clock", "Hub", "Tell", "now", "open_hub", "shipped_landscape", "untold"]
