# ruff: noqa: RUF001 - the tables are in many alphabets
"""Tables and tests of single lines that tell whose words a line is: quotes, rules, header blocks, footers, signatures.

Rules speak of mail clients and languages, never of one mail.  Every test is linear in a line that the
caller has already shortened.
"""

import re

from maildesk.read.tables import phrases, words

QUOTE_MARKS = (">", "＞", "|>")
_INITIALS_MARK = re.compile(r"(?!PS>)[A-Z]{1,2}>(?:\s|$)")  # "JD> text"; PS> is a shell's prompt
_NAME_MARK = re.compile(r"\w{1,20}>(?:\s|$)")
_RULE_ONLY = re.compile(r"[-_=~*#+—–―─━•\s]{2,}")
_DASHES = "-—–―─_=*~ \t"

# "-----Original Message-----" and "Begin forwarded message:", without their dashes, in lower case.
HISTORY_TITLES = frozenset(
    phrases(
        """
original message|original email|original mail|original appointment|reply message|replied message|forwarded message
forwarded email|forward|begin forwarded message|start of forwarded message|mail original|forwarded by
ursprüngliche nachricht|originalnachricht|original-nachricht|originalmeldung|originale nachricht|ursprünglicher termin
weitergeleitete nachricht|anfang der weitergeleiteten nachricht|beginn der weitergeleiteten nachricht
message d'origine|message d’origine|message original|message initial|courriel original|message transféré|message de transfert
début du message transféré|début du message réexpédié|e-mail d'origine|e-mail d’origine|rendez-vous d'origine
mensaje original|mensaje reenviado|inicio del mensaje reenviado|mensaje enviado|correo original
messaggio originale|messaggio inoltrato|inizio messaggio inoltrato|messaggio inviato
oorspronkelijk bericht|origineel bericht|doorgestuurd bericht|begin doorgestuurd bericht|oorspronkelijke bericht
mensagem original|mensagem encaminhada|início da mensagem reencaminhada|início da mensagem encaminhada
oryginalna wiadomość|wiadomość oryginalna|wiadomość przekazana|treść przekazanej wiadomości|początek przekazywanej wiadomości
ursprungligt meddelande|originalmeddelande|vidarebefordrat meddelande|vidarebefordrat brev|originalmelding|opprinnelig melding
videresendt melding|videresendt besked|videresendt meddelelse|oprindelig meddelelse|original meddelelse|den oprindelige meddelelse
alkuperäinen viesti|edelleenlähetetty viesti|välitetty viesti|původní zpráva|původní e-mail|přeposlaná zpráva
pôvodná správa|preposlaná správa|eredeti üzenet|továbbított üzenet|mesajul original|mesaj original|mesaj redirecționat
özgün ileti|orijinal mesaj|iletilen mesaj|özgün mesaj|αρχικό μήνυμα|προωθημένο μήνυμα|izvorna poruka|originalna poruka
исходное сообщение|пересылаемое сообщение|пересланное сообщение|оригинальное сообщение|перенаправленное сообщение
оригінальне повідомлення|переслане повідомлення|оригинално съобщение|препратено съобщение|tin nhắn gốc|thư gốc
元のメッセージ|オリジナルメッセージ|転送されたメッセージ|転送メッセージ|原始邮件|原邮件|转发邮件信息|转发的邮件|原始郵件|原始訊息|轉寄郵件|已转发邮件
원본 메시지|원본메시지|전달된 메시지|הודעה מקורית|הודעה שהועברה|الرسالة الأصلية|رسالة معاد توجيهها|pesan asli|mesej asal
"""
    )
)

# What other help desks ask to write above, within a line of its own.
_WRITE_ABOVE = phrases(
    """
above this line|oberhalb dieser linie|oberhalb dieser zeile|über dieser linie|über dieser zeile|au-dessus de cette ligne
encima de esta línea|arriba de esta línea|sopra questa riga|sopra questa linea|boven deze regel|boven deze lijn|acima desta linha
powyżej tej linii|ovanför denna rad|ovenfor denne linje|выше этой строки|выше этой линии
"""
)

_HEADER_WORDS = {
    "from": """from|von|de|da|van|från|fra|od|lähettäjä|от|от кого|від|kimden|gönderen|από|feladó|差出人|送信者|发件人|寄件者|寄件人
|보낸 사람|보낸사람|מאת|من|expéditeur|remitente|mittente|afzender|remetente|nadawca|avsändare|absender|odesílatel|odosielateľ
|de la|expeditor|từ|dari|šalje|pošiljatelj|saatja|nuo|no""",
    "sent": """sent|date|gesendet|datum|envoyé|envoyé le|enviado|enviado el|enviado em|enviada em|enviada|fecha|data|inviato|inviata
|data invio|verzonden|verstuurd|wysłano|data wysłania|skickat|sendt|dato|lähetetty|päivämäärä|päiväys|отправлено|дата|дата отправки|надіслано
|odesláno|odoslané|dátum|elküldve|küldve|trimis|trimisă|gönderildi|tarih|gönderilme tarihi|στάλθηκε|ημερομηνία|ngày|đã gửi|dikirim|tanggal|poslano
|送信日時|日付|日時|发送时间|发送日期|日期|時間|时间|傳送日期|寄件日期|보낸 날짜|날짜|נשלח|תאריך|تاريخ الإرسال|التاريخ|date et heure|sent at|received""",
    "to": """to|an|à|para|a|aan|do|till|til|vastaanottaja|кому|komu|kime|alıcı|kime(to)|προς|címzett|către|宛先|收件人|收件者|받는 사람|받는사람
|אל|إلى|destinataire|destinatario|geadresseerde|destinatário|empfänger|đến|tới|kepada|prima|za|saaja|mottagare|pour""",
    "cc": """cc|bcc|kopie|kopia|kopi|copie|copie à|copia|cópia|kopio|копия|копія|bilgi|κοιν|másolat|抄送|副本|참조|עותק|نسخة|reply-to|antwort an
|répondre à|responder a|antwoord aan|in reply to|importance|wichtigkeit|priorität|attachments|anlagen|pièces jointes|anexos|sent by""",
    "subject": """subject|betreff|objet|sujet|asunto|assunto|oggetto|onderwerp|ämne|emne|temat|aihe|тема|předmět|predmet|tárgy|subiect|konu
|θέμα|件名|主题|主旨|主題|제목|נושא|الموضوع|chủ đề|subjek|perihal|naslov|teema|re""",
}
HEADER_LABELS = {label: kind for kind, table in _HEADER_WORDS.items() for label in phrases(table)}

# How a phone's or program's own footer begins, in lower case.
_FOOTER_OPENINGS = phrases(
    """
sent from|sent via|sent with|sent using|sent on the go|sent by my|get outlook for|get bluemail|download outlook
typed on|envoyé de|envoyé depuis|envoyé à partir|envoyé avec|télécharger outlook|obtenez outlook|provenance : courrier
von meinem|von meiner|vom meinem|gesendet mit|gesendet von|gesendet aus|gesendet vom|diese nachricht wurde von meinem
holen sie sich outlook|outlook für|enviado desde|enviado do|enviado de|enviado mediante|enviado con|enviado a partir
enviado através|obtener outlook|obtenga outlook|obter o outlook|inviato da|inviato dal|inviato con|ottieni outlook
scarica outlook|verstuurd vanaf|verzonden vanaf|verzonden met|verstuurd met|verzonden via|outlook voor
download outlook voor|sendt fra|sendt via|skickat från|skickat med|hämta outlook|hent outlook|få outlook|lähetetty
hanki outlook|wysłane z|wysłano z|wysłane za|pobierz outlook|отправлено с|отправлено из|надіслано з|отримайте outlook
скачать outlook|odesláno z|odoslané z|poslano s|poslano z|küldve|trimis de pe|trimis din|iphone'umdan|ipad'imden
samsung cihazımdan|στάλθηκε από|εστάλη από|발신:|나의 iphone|发自|從我的|发送自|傳自|נשלח מה|נשלח מ-|أُرسلت من|أرسل من|đã gửi từ
được gửi từ|dikirim dari|enviat des|sendt frå
"""
)
_FOOTER_ENDINGS = ("から送信", "에서 보냄", "gesendet", "gönderildi", "küldve", "から送信されました")
_DEVICES = words(
    "iphone ipad ipod android blackberry samsung galaxy handy smartphone mobile outlook mail windows tablet"
)
_CONFIDENTIAL = phrases(
    """
confidential|intended recipient|intended solely|intended only|privileged|addressee|disclos|unauthori|disseminat
notify the sender|delete|virus|vertraulich|empfänger|adressat|unbefugt|irrtümlich|vernicht|löschen|confidentiel
destinataire|divulg|détrui|par erreur|confidencial|destinatario|por error|prohibid|riservat|per errore|vertrouwelijk
geadresseerde|bestemd|ten onrechte|destinatário|por engano|proibid|poufn|adresat|konfidentiel|fortrolig|mottagare
конфиденциальн|получател|адресат|luottamuksel
"""
)
_CONFIDENTIAL_HITS = 3
_DISCLAIMER_LENGTH = 120
_FOOTER_LENGTH = 120
_TITLE_LENGTH = 60
_LABEL_LENGTH = 30
_NAMED_DASHES = 3
# Unicode's format characters (Cf), and what mail trackers and dropped pictures leave alone on a line.
_UNSEEN = re.compile(
    r"[\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
    r"\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001"
    r"\U000e0020-\U000e007f\u1427\ufffc]+"
)
_ODD_BLANK = re.compile(r"[^\S\t ]")


def visible(line: str) -> str:
    """The line without marks that show nothing: direction, joining, soft hyphen; blanks but tabs made plain."""
    if line.isascii():
        return line.rstrip()
    return _ODD_BLANK.sub(" ", _UNSEEN.sub("", line)).rstrip()


def is_quoted(line: str) -> bool:
    """Whether the line begins with a quote mark."""
    if ">" not in line and "＞" not in line:
        return False
    return line.lstrip().startswith(QUOTE_MARKS) or _INITIALS_MARK.match(line) is not None


def name_mark(line: str) -> str:
    """The ``Name>`` that a line begins with, as some clients mark quotes after a lead-in; else empty."""
    found = _NAME_MARK.match(line)
    return found[0].rstrip() if found else ""


def unquoted(line: str) -> str:
    """The line without its quote marks, however deep."""
    return line.lstrip(">＞| \t") if line.lstrip().startswith(QUOTE_MARKS) else line


def is_rule(line: str) -> bool:
    """Whether the line is nothing but a rule: dashes, underscores, stars."""
    return _RULE_ONLY.fullmatch(line) is not None or line.strip() in ("—", "–")


def is_signature_mark(line: str) -> bool:
    """The usual signature delimiter (RFC 3676 §4.3), also where its blank was lost, or made of one long dash."""
    return line.strip() in ("--", "—", "– –", "- -", "\u2013\u2013") and not line.startswith("    ")


def is_history_title(line: str) -> bool:
    """Whether the line says that another mail follows: "-----Original Message-----", "Begin forwarded message:"."""
    whole = line.strip()
    bare = whole.strip(_DASHES + "#")
    marked = bare != whole or whole.endswith((":", "："))
    if not marked or not bare or len(bare) > _TITLE_LENGTH:
        return False
    if any(phrase in bare.casefold() for phrase in _WRITE_ABOVE):
        return bare != whole
    framed = len(whole) - len(bare) >= 2 * _NAMED_DASHES - 2
    return (framed or whole.endswith((":", "："))) and bare.rstrip(":： ").casefold() in HISTORY_TITLES


def is_framed_title(line: str) -> bool:
    """A short title between dashes; in a language we do not know it is history if header fields follow."""
    bare = line.strip()
    title = bare.strip("-— ")
    return bool(title) and len(title) <= _TITLE_LENGTH and bare.startswith("---") and bare.endswith("---")


def header_kind(line: str) -> str:
    """Which field of a mail's header the line repeats (from, sent, to, cc, subject), or empty."""
    if ":" not in line and "：" not in line:
        return ""
    bare = line.strip().replace("*", "").replace("：", ":")
    label, colon, _ = bare[: _LABEL_LENGTH + 1].partition(":")
    return HEADER_LABELS.get(label.strip().casefold(), "") if colon else ""


def is_footer(paragraph: str) -> bool:
    """Whether a paragraph is the footer of a phone or a mail program ("Sent from my iPhone")."""
    bare = paragraph.strip().strip(_DASHES + "[(<•").casefold()
    if not bare or len(bare) > _FOOTER_LENGTH or bare.endswith("?"):
        return False
    if bare.startswith(_FOOTER_OPENINGS):
        return True
    return bare.rstrip(" .").endswith(_FOOTER_ENDINGS) and any(device in bare for device in _DEVICES)


def is_disclaimer(paragraph: str) -> bool:
    """Whether a paragraph is a firm's notice of confidentiality: long, and full of its words."""
    bare = paragraph.casefold()
    return len(bare) >= _DISCLAIMER_LENGTH and sum(word in bare for word in _CONFIDENTIAL) >= _CONFIDENTIAL_HITS
