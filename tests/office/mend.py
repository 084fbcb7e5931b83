"""Opens a workbook in a real LibreOffice, as a clerk would: looks at it, mends cells, saves it.

Runs in Debian's own Python, which knows UNO:
    /usr/bin/python3 mend.py IN.xlsx OUT.xlsx < [[sheet, cell, text], …]
and answers on stdout what the office saw: by sheet the notes and the red cells.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException

RED = 0xFF9B9B
WAIT = 120


def main():
    source, target = (Path(path).resolve() for path in sys.argv[1:3])
    changes = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as profile:
        office = subprocess.Popen(
            [
                *("soffice", "--headless", "--norestore", "--nologo", "--nodefault"),
                f"-env:UserInstallation={Path(profile).as_uri()}",
                f"--accept=pipe,name={Path(profile).name};urp;",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            desktop = connected(Path(profile).name)
            document = desktop.loadComponentFromURL(source.as_uri(), "_blank", 0, (hidden(),))
            seen = {sheet.Name: look(sheet) for sheet in document.Sheets}
            for sheet, cell, text in changes:
                document.Sheets.getByName(sheet).getCellRangeByName(cell).setString(text)
            document.storeToURL(target.as_uri(), (value("FilterName", "Calc MS Excel 2007 XML"),))
            document.close(True)
            json.dump(seen, sys.stdout)
        finally:
            office.terminate()
            office.wait(WAIT)


def connected(pipe):
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext(
        "com.sun.star.bridge.UnoUrlResolver", local
    )
    end = time.monotonic() + WAIT
    while True:
        try:
            context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            return context.ServiceManager.createInstanceWithContext(
                "com.sun.star.frame.Desktop", context
            )
        except NoConnectException:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def look(sheet):
    """What a person sees: notes by cell, and whether the cell is red."""
    notes = {}
    for note in sheet.Annotations:
        place = note.Position
        cell = sheet.getCellByPosition(place.Column, place.Row)
        name = cell.AbsoluteName.rpartition(".")[2].replace("$", "")
        notes[name] = {"note": note.String, "is_red": cell.CellBackColor == RED}
    area = sheet.createCursor()
    area.gotoEndOfUsedArea(False)
    address = area.RangeAddress
    links = 0
    rows = []
    for row in range(min(address.EndRow + 1, 60)):
        cells = [sheet.getCellByPosition(n, row) for n in range(min(address.EndColumn + 1, 40))]
        rows.append([cell.String for cell in cells])
        links += sum(cell.TextFields.hasElements() for cell in cells)
    return {"notes": notes, "rows": rows, "links": links, "is_visible": sheet.IsVisible}


def hidden():
    return value("Hidden", True)


def value(name, content):
    return PropertyValue(Name=name, Value=content)


if __name__ == "__main__":
    main()
