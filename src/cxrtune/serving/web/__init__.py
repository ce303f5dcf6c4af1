"""The web service: images over HTTP -> predictions and heatmaps, and a page that shows them.

The way of a request:

    connections.py      uvicorn's protocol: a clock for the request's head, a limit of connections
    server.py           the application, and what stands around it, from outside to inside:
      connections.py      reads what an early refusal left of a body, so that the refusal arrives
      guard.py            security headers on every answer
      monitoring.py       one line in the log, counts for Prometheus, an answer when the service fails
      guard.py            host name, origin, bearer token
    routes.py           /v1/predictions, /v1/heatmaps; the other addresses, and the page
    body.py             the body, or the form in it -> files, in memory only, within the limits
    service.py          a place in the queue, a decoding process, a deadline; what waits together is one batch
    answers.py          predictions -> JSON (schema.py), radiographs and heatmaps as PNG

Whatever is not answered is a `Refusal` (refusals.py): one shape, one table of reasons and status codes.
"""
