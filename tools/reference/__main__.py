"""`python tools/reference`: bring every generated part of docs/ up to date."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from reference.pages import DOCS, pages, refreshed


def main() -> None:
    for page in pages():
        text = page.read_text(encoding='utf-8')
        new = refreshed(text)
        if new != text:
            page.write_text(new, encoding='utf-8')
            print(f'docs/{page.relative_to(DOCS)}: brought up to date')


if __name__ == '__main__':
    main()
