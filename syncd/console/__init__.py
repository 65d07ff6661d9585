"""The one HTTP port: health, metrics, stop-sell, webhooks, a plain console. Thin: ask, call, show; decide nothing."""
