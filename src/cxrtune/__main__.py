"""`python -m cxrtune` is `cxrtune`."""

from cxrtune.cli.main import main

if __name__ == "__main__":
    main()
