"""Where the files that come with maildesk lie: in a checkout at its top, in an installed wheel inside the package."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def shipped(name: str) -> Path:
    """The path of a shipped file or folder, ``settings.yaml`` or ``templates``.

    Raises FileNotFoundError where it is in neither place, which means that the installation is damaged.
    """
    for folder in (_PACKAGE / "_shipped", _PACKAGE.parent):
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(
        f"{name} of maildesk is missing: neither in {_PACKAGE / '_shipped'} nor in {_PACKAGE.parent}"
    )
