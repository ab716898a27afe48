"""The texts of the sample documents, all written for them: the people, firms and places do not exist."""


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text, which blank lines separate, each on one line."""
    return [" ".join(part.split()) for part in text.split("\n\n")]


LETTER = """\
Thank you for walking the northern boundary with our crew on 5 March. The weather held, and we were able to
recover all but one of the iron pins that the 1962 survey describes. The missing pin stood near the culvert,
where the bank has moved about 1.8 metres since the flood of 2019.

Our measurements agree with the recorded plan to within 40 millimetres along the whole of parcel 41. On
parcel 42 the fence does not follow the line: between stations 6 and 9 it runs up to 2.35 metres inside your
land. Nothing suggests that your neighbour did this on purpose; the posts were most likely set along an old
hedge that has since been cleared.

We recommend that you do three things before the growing season starts. First, let us set a new pin at the
culvert, tied to the county’s control points. Second, share the enclosed sketch with Mr. Jürgen Adler, who
farms the other side, and agree on a date for moving the fence. Third, ask the recorder to file the
corrected plan, so that the question does not come up again when either of you sells.

The fee for the new pin and the filing is $1,480.00, including travel. If you return the signed order by
Friday, 29 March, we can be on site in the second week of April. Please call me at (555) 014-2260 or write
to survey@brightwater.example.com if anything is unclear."""

# In the article, a vertical bar marks where a word may be broken; it never prints.
ARTICLE_LEFT = """\
For most of the year the old ice|house on Ferry Street is easy to miss. Its brick front has no sign, its two
win|dows are shut|tered, and the gulls on the roof out|number the people be|low. On the first Sat|ur|day of
each month, how|ever, a queue forms before nine o’clock, and by noon more than 300 vis|i|tors have passed
through its doors.

They come for the re|pair café. A dozen vol|un|teers sit at long ta|bles with sol|der|ing irons, sew|ing
ma|chines and jars of screws, and try to mend what|ever is put in front of them. Last year they took in
1,946 ob|jects and sent 1,312 of them home in work|ing or|der, a rate of 67 per cent.

“We never prom|ise any|thing,” says Lucía Brandt, who founded the café in 2016 with her neigh|bour, a
re|tired clock|maker. “But we al|ways open the thing up, and the own|er al|ways watches. Half the re|pairs
are sim|ple. A lamp needs a new switch; a toast|er is full of crumbs.”

The rules fit on a post|card. Noth|ing is left over|night, noth|ing is sold, and who|ever brings a thing
sits down with the per|son who mends it."""

ARTICLE_RIGHT = """\
The rest are harder. One ta|ble is kept for what the vol|un|teers call the sea|son ticket: ob|jects that
re|turn month af|ter month while some|body looks for a part. A ra|dio from 1958 has been there since
Oc|to|ber. A knit|ting ma|chine, miss|ing a sin|gle cam, was fin|ished in May af|ter a reader of this
news|let|ter found the piece in her aunt’s at|tic.

Mon|ey is the small|est of the wor|ries. Vis|i|tors pay what they like, and do|na|tions cov|er the rent of
$420 a month. Peo|ple are scarc|er: of the twelve vol|un|teers, eight are over sev|en|ty. From Jan|u|ary the
café will there|fore of|fer eve|ning class|es on Tues|days, be|gin|ning with lamps, plugs and zips.

What mat|ters more, she thinks, is that the skills move on. A boy of thir|teen, Owen, has learned to read a
cir|cuit di|a|gram at the ra|dio ta|ble and now runs it when the reg|u|lars are away. He charges noth|ing
ei|ther, but ex|pects a bis|cuit.

“If you can thread a nee|dle, you can join us,” Brandt says. She pulls a ket|tle to|wards her, turns it over
and smiles. “This one has been here before, but so have most of us.”"""

TYPESCRIPT = """\
Minutes of the Harbor Committee                         Page 2

The chairman, Mr. Oldfield, called the meeting to order at
7.35 p.m. Ten members were present. The minutes of August
14 were read and, after a correction to the third item, to
read "$1,510" in place of "$1,150", approved.

4. The Breakwater. Captain Thorsen reported that the storm
of September 3 had carried off some forty feet of the eastern
arm, together with the lamp. The Keeper, whose quarters were
flooded to a depth of 18 inches, has moved his family to the
schoolhouse. An engineer, Mr. P. W. Castellane of Duxbury,
puts the cost of repair at $6,240, or $5,875 if the stone is
quarried on the island. After some discussion it was

   RESOLVED, that the Town advance $2,000 from the reserve;
   that the balance be raised by a levy of 1 1/4 cents per
   ton landed; and that work begin not later than May 1.

   For: 8. Against: 2, Messrs. Hale and Quimby. Absent: 3.

5. Fish Landings. The Clerk laid the following figures before
the Committee and asked that they be entered in the record:

       Year      Vessels      Tons      Value
       1951         41        1,206    $88,430
       1952         44        1,377    $97,015
       1953         39          984    $71,260

Mrs. Vandermeer observed that the decline was due less to the
weather than to the price of ice, which has doubled since the
spring. She moved that the ice plant be inspected; seconded
by Mr. Hale; carried without a vote.

6. Correspondence. A letter from the Lightkeepers' Union was
read, dated Sept. 22, asking for a telephone in the tower. The
Clerk was directed to reply that the matter is before the
State, and that the Committee is in full sympathy with it.

There being no other business, the meeting adjourned at 9.50.

                         Respectfully submitted,


                         Eunice B. Farraday, Clerk"""

CODE = '''\
"""Send the nightly readings to the archive."""

from dataclasses import dataclass
from pathlib import Path

RETRIES = 4
ENDPOINT = "https://archive.example.com/v2/readings"


@dataclass(frozen=True)
class Reading:
    station: str
    level_mm: float
    taken_at: int = 0


def export(folder: Path, limit: int = 250) -> int:
    # Stations that report nothing are skipped.
    sent = 0
    for file in sorted(folder.glob("*.csv")):
        rows = [line.split(";") for line in file.open()]
        if len(rows) < 2 or sent >= limit:
            continue
        sent += upload(ENDPOINT, rows, retries=RETRIES)
    return sent'''

HANDBOOK = """\
Before you set out, look at the tide table and at the sky. The causeway to Merrow Island is dry for about
two hours and forty minutes on either side of low water, and not a minute longer. Walkers who turn back in
time lose an afternoon; those who do not may lose rather more.

Wear boots that you can take off with cold hands. Carry a whistle, a torch, a litre of water and something
sweet. A paper map is still worth its weight: the signal fails past the third marker post, and a wet
telephone tells nobody where you are.

Keep to the posts. They stand 60 metres apart and are numbered from the mainland, 1 to 38. The sand between
posts 21 and 24 is soft after rain, and a detour of some 150 metres to the south is marked with yellow flags
from October to April. If fog comes down, stop, sound the whistle six times in a minute, and wait for an
answer before you move.

At the island end, sign the book in the stone hut and note the time of your return. The warden, Niamh
Kowalczyk, checks it twice a day and will telephone the coastguard on 555-0166 if a name is left open."""

# A report of two pages; the first paragraph of each is its heading.
REPORT_1 = """\
Weather Station Report

The station on Gull Rock recorded 31 days without a gap in January. The mean temperature was 3.4 °C, half a
degree above the average of the past twenty years, and the lowest reading, -6.8 °C, fell on the morning of
the 19th. Rain or snow was measured on 17 days and amounted to 92.6 mm.

Gusts above 80 km/h were counted on four days. The strongest, 104 km/h from the north-west, bent the arm of
the second anemometer, which now reads about 3 per cent low. A spare has been ordered."""

REPORT_2 = """\
Maintenance

The battery bank was replaced on 8 January after eleven years of service. Charging was checked for 48 hours
and stayed between 12.9 and 14.1 volts. The old cells went ashore with the supply boat.

In February we shall paint the north face of the hut, renew two hinges and calibrate the rain gauge. The
next crew change is planned for the 12th, weather permitting."""

# Item, description, quantity, unit price, amount.
INVOICE_ROWS = [
    ("SP-1040", "Spruce plywood, 18 mm, 1250 x 2500", "12", "46.80", "561.60"),
    ("SP-1052", "Birch veneer, natural, per sheet", "30", "9.35", "280.50"),
    ("HW-0317", "Brass hinges, pair, 76 mm", "24", "5.90", "141.60"),
    ("HW-0442", "Drawer runners, soft close, 450 mm", "16", "18.25", "292.00"),
    ("FN-2208", "Linseed finish, matt, 2.5 l", "4", "39.00", "156.00"),
    ("FN-2231", "Beeswax polish, tin", "6", "12.75", "76.50"),
    ("TL-0096", "Router bits, set of 8", "1", "118.00", "118.00"),
    ("SV-0001", "Cutting to size, per hour", "3.5", "54.00", "189.00"),
    ("SV-0010", "Delivery, zone 2", "1", "65.00", "65.00"),
]

PAYMENT = """\
Please pay within 30 days to Harbor Mutual Bank, account 0047 1186 5520, and quote the invoice number.
Payments made by 16 May earn a further 2% discount. Overdue amounts bear interest at 1% per month."""

DECLARATION = """\
I agree to follow the rules of the library, to return what I borrow on time, and to report a lost card
within two days. I understand that fees of up to $0.25 a day may be charged for overdue items."""
