"""Requests on their way: account, connection, retries, quota, cache, progress.

In: a request. Out: its pixels, from the cache or from the service. Knows nothing of
products, variables or forests. `downloads` is the way in; `request_parts` reads what was
downloaded.
"""
