#!/usr/bin/env python3
"""Holds docs/language.md and the cases together: each sentence of it that states a behaviour has an anchor, each anchor a
case that names it (`# language: anchor, anchor`), and cases name nothing else."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ANCHOR = re.compile(r'<a id="([a-z-]+)"></a>')
NAMED = re.compile(r"^# language: (.*)$", re.MULTILINE)


def sentences(text):
    """The sentences of the page's paragraphs and the rows of its tables, from the first section on."""
    text = text[text.index("\n## ") :]
    text = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    for paragraph in re.split(r"\n\s*\n", text):
        if paragraph.lstrip().startswith("#"):
            continue
        if paragraph.lstrip().startswith("|"):
            yield from paragraph.strip().splitlines()[2:]
        else:
            joined = " ".join(paragraph.split())
            yield from (part for part in re.split(r"(?<=[.])\s+(?=[A-Z<`-])", joined) if part)


def main():
    text = (ROOT / "docs/language.md").read_text()
    anchors = ANCHOR.findall(text)
    faults = [f"anchor `{a}` stands twice" for a in sorted(set(anchors)) if anchors.count(a) > 1]
    for sentence in sentences(text):
        if not ANCHOR.search(sentence) and not sentence.startswith("["):
            faults.append(f"this states something without an anchor: {sentence}")
    named = {}
    for path in sorted((ROOT / "tests/cases").rglob("*")):
        if path.suffix in (".case", ".truth"):
            for line in NAMED.findall(path.read_bytes().decode(errors="replace")):
                for anchor in line.split(","):
                    named.setdefault(anchor.strip(), path.name)
    faults += [f"`{a}` has no case" for a in anchors if a not in named]
    faults += [f"{path} names `{a}`, which docs/language.md does not have" for a, path in named.items() if a not in anchors]
    print("\n".join(faults) or f"{len(anchors)} sentences of docs/language.md have their cases")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
