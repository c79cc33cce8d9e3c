"""Fixed tables that turn a payment's codes into small integers.

The order of every table is part of the checkpoint's contract: append, never reorder.
Index 0 always means "absent or not in the table".
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

MESSAGE_TYPES: Final = ("pacs.008", "pacs.009", "pacs.004")

LOCAL_INSTRUMENTS: Final = (
    "",
    *("CTRC", "CTRD", "CTRS"),
    *("BTRC", "BTRD", "BTRS"),
    *("COVC", "COVS"),
)

PURPOSES: Final = (
    "",
    *("SALA", "PENS", "BONU", "SUPP", "GDDS", "SCVE", "TRAD", "TAXS", "GOVT", "VATX"),
    *("LOAN", "INTE", "DIVI", "INVS", "SECU", "HEDG", "FREX", "TREA", "INTC", "CASH"),
    *("CORT", "MSVC", "CHAR", "GIFT", "FAMI", "EDUC", "MDCS", "RENT", "UTIL", "INSU"),
    *("PROP", "MERC", "CCRD", "FEES", "COMM", "REFU", "OTHR"),
    *("LOAR", "BEXP", "HLRP", "DIVD", "FAND"),
)

_REGION_COUNTRIES: Final = {
    "north_america": "CA US",
    "offshore": "AG AI AW BB BM BS BZ CK CW DM GG GI IM JE KN KY LC LI MC MH MS MU NR PA PW SC SM "
    "TC VC VG VI VU WS",
    "western_europe": "AD AT BE CH CY DE DK ES FI FO FR GB GL GR IE IS IT LU MT NL NO PT SE VA",
    "eastern_europe": "AL AM AZ BA BG BY CZ EE GE HR HU KZ LT LV MD ME MK PL RO RS RU SI SK UA XK",
    "east_asia": "CN HK JP KP KR MN MO SG TW",
    "south_asia": "AF BD BT IN LK MV NP PK",
    "southeast_asia": "BN ID KH LA MM MY PH TH TL VN",
    "central_asia": "KG TJ TM UZ",
    "middle_east": "AE BH IL IQ IR JO KW LB OM PS QA SA SY TR YE",
    "africa": "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY "
    "MA MG ML MR MW MZ NA NE NG RE RW SD SH SL SN SO SS ST SZ TD TG TN TZ UG YT ZA ZM ZW",
    "latin_america": "AR BO BL BQ BR CL CO CR CU DO EC FK GD GF GP GT GY HN HT JM MF MQ MX NI PE "
    "PM PR PY SR SV SX TT UY VE",
    "oceania": "AQ AS AU AX BV CC CX FJ FM GS GU HM IO KI MP NC NF NU NZ PF PG PN SB SJ TF TK TO "
    "TV UM WF",
}

REGIONS: Final = ("unknown", *_REGION_COUNTRIES)

COUNTRIES: Final = (
    "",
    *sorted(c for codes in _REGION_COUNTRIES.values() for c in codes.split()),
)
"""ISO 3166-1 alpha-2 codes (and XK), alphabetical; 0 is unknown."""


def _region_of_country() -> npt.NDArray[np.int8]:
    region = {
        country: REGIONS.index(name)
        for name, codes in _REGION_COUNTRIES.items()
        for country in codes.split()
    }
    return np.array([region.get(c, 0) for c in COUNTRIES], dtype=np.int8)


REGION_OF_COUNTRY: Final = _region_of_country()
"""Region index of every country index. The model sees regions; countries only compare."""

_MESSAGE_INDEX: Final = {code: i for i, code in enumerate(MESSAGE_TYPES)}
_INSTRUMENT_INDEX: Final = {code: i for i, code in enumerate(LOCAL_INSTRUMENTS)}
_PURPOSE_INDEX: Final = {code: i for i, code in enumerate(PURPOSES)}
_COUNTRY_INDEX: Final = {code: i for i, code in enumerate(COUNTRIES)}


def message_index(code: str) -> int:
    """Index of a message type; unknown ones count as customer payments."""
    return _MESSAGE_INDEX.get(code, 0)


def instrument_index(code: str) -> int:
    """Index of a local instrument code, 0 if not in the table."""
    return _INSTRUMENT_INDEX.get(code, 0)


def purpose_index(code: str | None) -> int:
    """Index of an ISO external purpose code; codes outside the table count as OTHR."""
    if code is None:
        return 0
    return _PURPOSE_INDEX.get(code, _PURPOSE_INDEX["OTHR"])


def country_index(code: str | None) -> int:
    """Index of an ISO 3166-1 alpha-2 country, 0 if absent or unknown."""
    return _COUNTRY_INDEX.get(code or "", 0)
