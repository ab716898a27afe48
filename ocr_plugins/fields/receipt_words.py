"""What stands beside the amounts, days and names of receipts and invoices.

In English, German, French, Spanish, Italian, Dutch, Portuguese and Malay, also as readings misread it.
"""

from __future__ import annotations

import re


def _words(patterns: str) -> re.Pattern[str]:
    """One of some words, each of a line of its own, as a word."""
    choices = "|".join(line.strip() for line in patterns.split("\n") if line.strip())
    return re.compile(rf"(?<!\w)(?:{choices})(?!\w)", re.IGNORECASE)


#: A total, or a part of one.
TOTAL = _words(r"""
    t[o0]ta[l1i]e?s?|totaal|amount due|balance due|amount payable
    summe|gesamt(?:betrag|summe|preis)?|endbetrag|rechnungsbetrag|zu zahlen
    montant|(?:net )?[àa] payer|importe|te betalen|da pagare|jumlah
""")
#: What makes a total the one to pay.
SURELY = _words(r"""
    grand|gross|nett?|due|payable|to pay|amount|sales?|with|rounded|after rounding|rm|eur|usd
    incl\w*|inkl\w*|brutto|ttc
""")
#: What is to pay before taxes, or before they are told.
SUBTOTAL = _words(r"""
    sub ?-?_?t[o0]ta[l1]|subtotaal|subtotale|sous-total|zwischensumme
    total (?:before|without|excl\w*)(?: tax| gst| vat| sst)?|netto(?:betrag|summe)?|total ht|montant ht
""")
#: What makes a total or an amount one of something else.
PARTIAL = _words(r"""
    qty|quantity|items?|disc(?:ount)?s?|rabatt|remise|sav(?:ed|ings?)|points?|deposit|tendered
    excl\w*|exkl\w*|before|without|ht|netto
""")
#: What a total is rounded by.
ROUNDING = _words(r"""
    round(?:ing|ed)?(?: adj\w*)?|rundung|arrondi|pembundaran
""")
TAX = _words(r"""
    tax(?:es)?|[cis]?gst|sst|vat|hst|pst|mwst\.?|ust\.?|umsatzsteuer|mehrwertsteuer|tva|iva|btw|cukai
""")
#: A tax that says of which amount it is a part: "GST included in total".
TAX_IN_TOTAL = re.compile(
    rf"(?:{TAX.pattern})\W+(?:(?:amount|is|was)\W+)?(?:incl\w*\W+)?(?:in|im|of)\W+(?:the\W+)?(?:{TOTAL.pattern})"
    r"|(?<!\w)enthaltene\s+(?:mwst|ust|umsatzsteuer|mehrwertsteuer)",
    re.IGNORECASE,
)
#: What makes an amount beside a tax's name the one that the tax is a part of.
TAXED = _words(r"""
    incl\w*|inkl\w*|gross|brutto|ttc|nett?|netto|with|grand|due|payable
""")
#: What is added to a subtotal, or taken off, besides taxes.
EXTRA = _words(r"""
    tips?|gratuity|trinkgeld|pourboire|service|svc|(?:serv|srv|svc)\.? ?ch(?:ar|r)?ge?
    delivery|shipping|versand|pfand
    disc(?:ount)?s?|rabatt|remise
""")
#: What was handed over.
PAID = _words(r"""
    cash|tender(?:ed)?|paid|payment|received|visa|master(?:card)?|card|debit|credit|amex
    bar|gegeben|esp[eè]ces|efectivo|contanti|contant|tunai
""")
#: What was given back.
CHANGE = _words(r"""
    change|rückgeld|rueckgeld|zurück|rendu|cambio|resto|wisselgeld|baki|troco
""")
#: The day of the document.
DATE = _words(r"""
    dates?|datum|fecha|data|tarikh|issued|rechnungsdatum
""")
#: Days of something else.
OTHER_DATE = _words(r"""
    due|expir\w*|valid|birth|until|before|exchange\w*|return\w*|fällig
""")
#: What stands at the top and is no name.
TITLE = _words(r"""
    (?:tax |simplified )*invoice|receipt|cash (?:bill|sales?)|guest check|order|official|customer
    bill to|sold to
    rechnung|quittung|kassenbon|facture|ticket
    welcome|thank you|original|copy|duplicate|page|date
""")
#: What names of companies have in them.
COMPANY = _words(r"""
    sdn\.?|bhd\.?|ltd\.?|limited|inc\.?|llc|corp\.?|co\.?|company|plc|gmbh|ag|kg|e\. ?k\.
    s\.?a\.?|s\.?a\.?r\.?l\.?
    b\.?v\.?|s\.?r\.?l\.?|s\.?p\.?a\.?|enterprise|trading|restaurant|restoran|cafe|café|hotel|bakery|bäckerei
    mart|market|supermarket|store|shop|pharmacy|apotheke|hardware|stationery|bookstore|kedai
""")
#: What addresses and telephone numbers have in them.
ADDRESS = _words(r"""
    no\.?|lot|floor|street|st\.?|road|rd\.?|avenue|ave\.?|lane|plaza|jalan|jln|taman|selangor|johor
    kuala lumpur
    straße|strasse|str\.|platz|rue|via|calle|tel\.?|fax|phone|e-?mail|www|http\w*|gst|vat|reg\.?|ust-?id(?:nr)?
""")
