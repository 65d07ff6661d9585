"""Which currency codes exist (ISO 4217). Knows names only; what a coin is worth or how it rounds is not here."""

from __future__ import annotations

from rules.domain.near_miss import near_miss

# In use today, and those retired since 2000 that older books still carry (the second table).
_IN_USE = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF CLP CNY COP
CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD
IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR
MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP
SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYI UYU UZS VED VES VND VUV WST XAF XCD
XCG XOF XPF YER ZAR ZMW ZWG
"""
_RETIRED = """
ANG BGN BYR CUC CYP EEK GHC HRK LTL LVL MRO MTL MZM ROL SDD SIT SKK SLL SRG STD TMM TRL VEB VEF ZMK ZWD ZWL ATS BEF DEM
ESP FIM FRF GRD IEP ITL LUF NLG PTE
"""
_OFTEN_MEANT = ("USD", "EUR", "GBP", "NZD", "AUD", "CAD", "CHF", "JPY", "SEK", "NOK", "DKK", "PLN")
ISO_4217: frozenset[str] = frozenset((_IN_USE + _RETIRED).split())


def currency_of(code: object) -> str:
    """`code` itself where it is a currency.

    Raises:
        ValueError: it is none; the message names the code that was probably meant.
    """
    if isinstance(code, str) and code in ISO_4217:
        return code
    word = code.strip().upper() if isinstance(code, str) else ""
    hint = near_miss(word, _OFTEN_MEANT) or near_miss(word, sorted(ISO_4217)) or "; write an ISO 4217 code such as USD"
    raise ValueError(f'"{code}" is not a currency code{hint}')
