"""The words of a legal paper: the text of its kind filled with the facts of the day it is made."""

from typing import Any

from casework.models.legal import LegalKind
from core import papers
from core.papers import Block, Paper

BLANK = "＿＿＿＿＿＿"


def sheets(kind: LegalKind, facts: dict[str, str]) -> list[Paper]:
    """The paper itself and, where it is to be served, the 送达回证 that goes with it.

    `facts` are words of people and are put in as they are: only the kind's text has {places}.
    """
    to_guardian = kind.to == LegalKind.To.GUARDIAN
    paper: Paper = {
        "title": kind.name,
        # A petition to a court or another office bears no head of the one that asks.
        "issuer": facts["body"] if to_guardian else "",
        "number": facts["number"],
        "addressee": facts["addressee"] if kind.to != LegalKind.To.COURT and kind.is_served else "",
        "blocks": [_block(part, facts) for part in kind.text],
        "signers": [facts["body"]],
        "sealed": kind.is_served,
        "day": facts["day"],
        "notes": [f"法律依据：{kind.law}"],
    }
    return [paper, _receipt(kind, facts)] if kind.is_served else [paper]


def _block(part: Any, facts: dict[str, str]) -> Block:
    if isinstance(part, str):
        return papers.text(part.format_map(facts))
    if "heading" in part:
        return papers.heading(part["heading"])
    if "line" in part:
        return papers.line(part["line"].format_map(facts))
    rows = [[cell.format_map(facts) for cell in row] for row in part["table"]]
    return papers.table(rows, widths=[1, 4])


def _receipt(kind: LegalKind, facts: dict[str, str]) -> Paper:
    to_court = kind.to == LegalKind.To.COURT
    rows = [
        ("送达文书名称及文号", f"《{kind.name}》{facts['number']}"),
        ("受送达人", facts["court"] if to_court else facts["addressee"]),
        ("送达地点", facts["address"] if kind.to == LegalKind.To.GUARDIAN else ""),
        ("送达方式", "□直接　□留置　□委托　□邮寄　□公告"),
        ("收件人签名或盖章", "　　　　　　　　　　年　　月　　日"),
        ("代收人及与受送达人关系", ""),
        ("拒收事由、见证人", ""),
        ("送达人（两人以上）", "　　　　　　　　　　年　　月　　日"),
        ("备注", ""),
    ]
    return {
        "title": "送达回证",
        "issuer": facts["body"],
        "number": facts["number"],
        "blocks": [papers.table(rows, widths=[2, 5])],
        "signers": [],
        "notes": ["本回证由送达人收回，扫描后上传到系统，原件归入个案卷宗。"],
    }


def voided(sheets: list[Paper], *, on: str, reason: str) -> list[Paper]:
    """As printed after it was made void: the words stay, and the first line says so."""
    said = papers.line(f"【本文书已于{on}作废：{reason}】")
    return [{**sheet, "blocks": [said, *sheet["blocks"]]} for sheet in sheets]
