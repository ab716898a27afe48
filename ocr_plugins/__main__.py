"""``python -m ocr_plugins`` is the command ``ocr-plugins``."""

from ocr_plugins.cli import main

if __name__ == "__main__":
    main()
