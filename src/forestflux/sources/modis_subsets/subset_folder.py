"""The files of a folder of subsets, listed without opening any."""

from pathlib import Path

from forestflux.core.input_errors import InputError
from forestflux.jobs.small_files import refuse_odd_names


def list_subset_files(folder: str | None) -> list[str]:
    """Every file below a folder, sorted, without hidden ones; none where no folder is named.

    Raises
    ------
    InputError : no such folder, one without files, or a name that does not print
    """
    if folder is None:
        return []
    root = Path(folder)
    files = sorted(
        path
        for path in root.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(root).parts)
    )
    if not files:
        raise InputError(
            root,
            variable="towers.subsets",
            expected="a folder of ORNL or AppEEARS files",
            found="an empty folder" if root.is_dir() else "no such folder",
        )
    refuse_odd_names(files)
    return [str(path) for path in files]
