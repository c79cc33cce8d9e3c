"""Names, accounts and numbers of made-up banks and customers, each a function of an index."""

from __future__ import annotations

from typing import Final

from simulators.codes import Kind


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST: Final = _words(
    "Ada Amara Anton Asha Bela Bruno Carla Chen Dario Dina Edda Elias Emre Farah Felix Gwen "
    "Hana Hugo Ines Ivan Jonas Jun Kaya Lena Leo Lina Luca Maja Marco Mei Milan Mira Nadia "
    "Nils Noor Olga Omar Pia Ravi Rosa Sami Sara Tariq Tess Theo Uma Vera Viktor Yara Zoe "
)
_LAST: Final = _words(
    "Abara Acker Alder Anwar Baros Bell Bianchi Brook Castell Chan Cole Dahl Dietz Duran "
    "Eklund Farrow Feld Ferro Gale Grau Haas Hale Holm Iqbal Ivers Jarvi Kane Keller Kim "
    "Kovac Lang Lind Lopes Marek Marsh Mori Nair Novak Oakes Okoro Orsini Park Pell Quist Rao "
    "Reyes Rossi Sand Sato Silva Stein Tanaka Thorne Ude Vance Vega Weiss Wolf Yates Zeller "
)
_ROOT: Final = _words(
    "Alta Amber Apex Arbor Aster Baltic Beacon Birch Bluff Bright Cable Canyon Cedar Cinder "
    "Clear Cobalt Copper Crest Delta Dune Eagle East Ember Fern Flint Forge Glacier Granite "
    "Grove Harbor Hazel Heron High Iron Juniper Keel Kite Lake Laurel Maple Marble Meadow "
    "Mesa North Oak Onyx Orchard Otter Pine Prairie Quartz Raven Ridge River Sable Sage Slate "
    "Spruce Summit Tidal Timber Vale West Willow "
)
_TRADE: Final = {
    Kind.FIRM: [
        "Mills",
        "Tools",
        "Foods",
        "Freight",
        "Textiles",
        "Systems",
        "Supply",
        "Motors",
        "Paper",
        "Clinics",
        "Studios",
        "Farms",
    ],
    Kind.FUND: ["Growth Fund", "Income Fund", "Equity Partners", "Credit Fund", "Pension Trust"],
    Kind.ACQUIRER: ["Merchant Services", "Card Acquiring"],
    Kind.REMITTER: ["Remit", "Money Transfer"],
    Kind.EXCHANGE: ["Exchange", "Markets"],
    Kind.GOVERNMENT: ["County Treasury", "State Revenue Office", "City Collector"],
    Kind.CORRESPONDENT: ["Banca Commerciale", "Handelsbank", "Trade Bank", "Banque Generale"],
    Kind.PROPERTY: ["Title and Escrow", "Properties", "Homes"],
    Kind.LENDER: ["Home Loans", "Capital", "Leasing"],
}
_FORM: Final = ("LLC", "Inc", "Co", "LP", "Group")
_BANK: Final = ("Bank", "National Bank", "Trust Company", "Savings Bank", "Credit Union")

MOST_PARTICIPANTS: Final = 99_999
"""As many as an endpoint id has numbers for."""
_NAMES: Final = 4_294_967_291
_NAME_STEP: Final = 2_654_435_761
_ACCOUNTS: Final = 999_999_999_989
_ACCOUNT_STEP: Final = 362_436_069_511
_ROUTING_PREFIX: Final = 40_000_000
_ROUTING_SPAN: Final = 20_000_000
_ROUTING_STEP: Final = 7_368_787
_LEI_PREFIX: Final = "ZZCW00"
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def party_name(kind: Kind, index: int) -> str:
    """Name of a customer; scrambled, so that it does not tell when the customer was born."""
    index = index * _NAME_STEP % _NAMES
    if kind is Kind.PERSON:
        first = _FIRST[index % len(_FIRST)]
        return f"{first} {_LAST[index // len(_FIRST) % len(_LAST)]}"
    trades = _TRADE[kind]
    root = f"{_ROOT[index % len(_ROOT)]}{_ROOT[index // len(_ROOT) % len(_ROOT)].lower()}"
    form = _FORM[index // 7 % len(_FORM)]
    trade = trades[index // 3 % len(trades)]
    return f"{root} {trade}" if kind is Kind.GOVERNMENT else f"{root} {trade} {form}"


def account(index: int, salt: int) -> str:
    """Account number of a customer, unique in the world (a permutation of the index)."""
    return f"{(index * _ACCOUNT_STEP + salt) % _ACCOUNTS:012d}"


def bank_name(index: int) -> str:
    """Name of a participant."""
    root = f"{_ROOT[index % len(_ROOT)]} {_ROOT[(index // len(_ROOT) + index) % len(_ROOT)]}"
    return f"{root} {_BANK[index // 5 % len(_BANK)]}"


def routing_number(index: int) -> str:
    """Routing number with a valid check digit in a range (40-59) that is assigned to nobody."""
    body = f"{_ROUTING_PREFIX + index * _ROUTING_STEP % _ROUTING_SPAN:08d}"
    weighted = sum(w * int(d) for w, d in zip((3, 7, 1, 3, 7, 1, 3, 7), body, strict=True))
    return f"{body}{-weighted % 10}"


def lei(index: int) -> str:
    """Legal entity identifier with valid check digits (ISO 7064 mod 97-10), of no issuer."""
    value, body = index, ""
    for _ in range(12):
        value, digit = divmod(value, 36)
        body = _ALPHABET[digit] + body
    base = _LEI_PREFIX + body
    number = int("".join(str(_ALPHABET.index(c)) for c in base) + "00")
    return f"{base}{98 - number % 97:02d}"


def endpoint(index: int) -> str:
    """Eight-character endpoint id of a participant, as it stands in an IMAD."""
    return f"CWB{index:05d}"


def inquiries_endpoint(index: int) -> str:
    """Endpoint id of the desk of a participant that asks for payments back.

    It numbers its messages apart from the payments.
    """
    return f"CWI{index:05d}"
