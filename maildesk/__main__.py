"""``python -m maildesk`` and the ``maildesk`` script."""

from maildesk.cli import main

if __name__ == "__main__":
    main()
