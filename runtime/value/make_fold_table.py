#!/usr/bin/env python3
"""Prints fold_table.def: Unicode simple case folding as ranges, from Python's own Unicode data.

    python3 runtime/value/make_fold_table.py > runtime/value/fold_table.def
"""
import sys
import unicodedata


def fold(code):
    """Simple case folding: one code point to one. Where the full folding has several, lower case is it."""
    text = chr(code)
    folded = text.casefold()
    if len(folded) != 1:
        folded = text.lower()
    return ord(folded) if len(folded) == 1 else code


def ranges():
    """(first, last, stride, delta) with stride 1 or 2, every code point that folds to another once."""
    found = []
    for code in range(sys.maxunicode + 1):
        delta = fold(code) - code
        if 0xD800 <= code <= 0xDFFF or delta == 0:
            continue
        if found:
            first, last, stride, known_delta = found[-1]
            step = code - last
            if delta == known_delta and step <= 2 and (step == stride or first == last):
                found[-1] = (first, code, step, delta)
                continue
        found.append((code, code, 1, delta))
    return found


print("// Unicode " + unicodedata.unidata_version + " simple case folding: FOLD(first, last, stride, delta), ascending.")
print("// Made by make_fold_table.py; not edited by hand.")
for row in ranges():
    print("FOLD(0x%04X, 0x%04X, %d, %d)" % row)
