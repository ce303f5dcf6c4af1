"""The web service: receives images over HTTP, returns predictions and heatmaps, and has a page to show them.

The path of a request:

    connections.py      uvicorn's protocol: a time limit for the request's head, a limit on connections
    server.py           the application and its middleware, outermost first:
      connections.py      reads the rest of a body after an early refusal, so that the refusal arrives
      guard.py            security headers on every response
      monitoring.py       one log line per request, metrics for Prometheus, a response if the service fails
      guard.py            host name, origin, bearer token
    routes.py           /v1/predictions, /v1/heatmaps; the other routes, and the page
    body.py             the body, or the form in it -> files, in memory only, within limits
    service.py          a place in the queue, a decoding process, a deadline; batches of waiting images
    answers.py          predictions -> JSON (schema.py), radiographs and heatmaps as PNG

Every error is a `Refusal` (refusals.py), with one response format and one table of reasons and status codes.
"""
