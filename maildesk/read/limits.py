"""How much of a mail is read.

Each cap holds before a parser sees the mail.  What lies beyond it is a fault in `Mail.faults`, never an error: the raw
mail is kept whole elsewhere.
"""

HEADER_OCTETS = 256 * 1024  # of one header, of the mail or of a part; Postfix refuses over 100 KiB
HEADER_FIELDS = 1_000
FIELD_OCTETS = 64 * 1024
ADDRESSES = 1_000  # in one header field
NAME_CHARACTERS = 200  # of a person, beside an address
SUBJECT_CHARACTERS = 2_000
MESSAGE_ID_OCTETS = 250
REFERENCES = 200
PART_HEADER_FIELDS = 100  # of a part, or of an attached message
PARAMETERS_CHARACTERS = 4_000  # of one Content-Type or Content-Disposition
PARAMETERS = 100  # of one Content-Type or Content-Disposition
PARAMETER_CHARACTERS = 600  # of one value, before its encoded words are decoded

PARTS = 500
DEPTH = 30
DELIMITER_LIKE_LINES = 20_000  # lines that begin as a delimiter does, in all levels together

TEXT_OCTETS = 1024 * 1024  # of all plain text parts together, and the same again of HTML
HTML_TAGS = 20_000  # in all HTML of a mail
HTML_TEXT_CHARACTERS = 1024 * 1024
REPORT_OCTETS = 64 * 1024  # of one report part
REPORTS = 20
UU_LINES = 500_000  # each is a step of ours; 22 MB in full lines
FILE_NAME_CHARACTERS = 150
FAULTS = 30
