"""What the gates found, `gates/gates.json`, in the form that the end of a run reads."""

from forestflux.jobs.manifests import Manifest


class GatesManifest(Manifest):
    """What the gates found.

    Attributes
    ----------
    counts : rows by status
    failed : one line for each row that failed
    """

    counts: dict[str, int]
    failed: tuple[str, ...]
