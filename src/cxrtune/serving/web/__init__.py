"""The web service: pictures over HTTP -> predictions and heatmaps, and a page to look at them."""
