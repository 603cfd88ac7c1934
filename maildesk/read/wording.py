"""The words by which mail programs of many makers say that they speak: bounces and vacation notices.

Wording is weak evidence and never decides alone (`maildesk.read.classify` counts it with other marks).
It refuses to read more than the beginning of a text, so that a quoted mail further down says nothing.
All phrases are casefolded and are found by plain substring search: there is nothing to backtrack.
"""

READ_CHARACTERS = 4_000

_REPLY_PREFIXES = ("re:", "aw:", "sv:", "fw:", "fwd:", "wg:", "tr:", "rv:", "i:", "vs:", "antw:", "doorst:", "vb:")

_BOUNCE_SUBJECTS = (
    "undeliverable", "undelivered", "undeliverd", "not deliverable", "non-deliver", "nondeliver", "not delivered",
    "delivery fail", "delivery has failed", "failure delivery", "failure notice", "delivery error", "delivery warning",
    "delivery problem", "delivery status", "delivery notification", "delivery report", "delivery delayed",
    "mail delivery", "message delivery", "mail failed", "failed mail", "failed: ", "mail failure", "message failure",
    "returned mail", "mail returned", "returned to sender", "returning to sender", "returning message to sender",
    "return to sender", "mail system error", "mail error", "processing error", "could not send message",
    "could not be delivered", "couldn't be delivered", "cannot be delivered", "can't be delivered",
    "not been delivered", "was not delivered", "unable to deliver", "can't deliver", "message delayed", "delayed mail",
    "user unknown", "unknown user", "message you sent blocked", "rejected mail", "message rejected", "mailbox full",
    "unzustellbar", "nicht zustellbar", "zustellung fehlgeschlagen", "nicht zugestellt", "zustellungsfehler",
    "non remis", "non distribuable", "échec de la remise", "échec de remise", "non délivré", "échec d'envoi",
    "no se puede entregar", "no se ha podido entregar", "no entregado", "no entregable", "error de entrega",
    "mancato recapito", "mancata consegna", "impossibile recapitare", "non recapitabile", "messaggio non consegnato",
    "onbestelbaar", "niet bezorgd", "niet worden bezorgd", "aflevering mislukt",
    "não entregue", "não foi entregue", "não é possível entregar", "falha na entrega", "falha de entrega",
    "kunne ikke leveres", "kan ikke leveres", "kunde inte levereras", "går inte att leverera", "olevererbart",
    "niedostarczon", "nie dostarczono", "nedoručiteln", "nelze doručit", "kézbesíthetetlen", "teslim edilemedi",
    "недоставлен", "не доставлен", "не удалось доставить", "配信不能", "配信できません", "送信できません", "未配達", "送信できませんでした",
    "无法送达", "無法傳送", "退信", "传送失败", "投递失败", "배달되지", "반송",
)  # fmt: skip

_BOUNCE_TEXTS = (
    "this is the qmail-send program", "this is the mail delivery agent", "this is the mail system at host",
    "program at host", "created automatically by mail delivery software", "automated message created by mail delivery",
    "machine generated message from mail service", "automatically generated delivery status notification",
    "delivery status notification", "non-delivery report", "delivery failure notification", "delivery failure",
    "could not be delivered", "couldn't be delivered", "cannot be delivered", "can't be delivered",
    "not be delivered", "was not delivered", "wasn't delivered", "not delivered to", "has not been delivered",
    "not yet been delivered", "not accepted for delivery", "did not reach", "could not be reached",
    "could not be sent", "could not be completed", "not be relayed", "was undeliverable", "undeliverable to",
    "undeliverable  to", "undeliverable address", "unable to deliver", "able to deliver your message",
    "could not deliver", "couldn't deliver", "cannot deliver", "can't deliver", "failed to deliver",
    "delivery failed", "delivery has failed", "mail delivery failed", "delivery to the following",
    "delivery of email to", "attempting to deliver", "has been delayed", "delivery problems", "delivery errors",
    "permanent fatal errors", "permanent errors", "transient non-fatal errors", "transient errors",
    "following addresses had", "following address(es) failed", "following addresses failed", "failed recipient",
    "following recipient", "affected recipient", "intended recipient:", "failed addresses", "following address",
    "transcript of session", "session transcript", "invalid final delivery userid", "was automatically rejected",
    "message you sent to", "address to which your message was addressed", "problem with the e-mail address",
    "mail system failed", "was not accepted", "has been returned", "returned to sender", "returning your message",
    "user unknown", "unknown user", "user not known", "no such user", "no mailbox here by that name",
    "recipient rejected", "address rejected", "mailbox unavailable", "mailbox not found", "over quota",
    "quota exceeded", "mailbox is full", "disk quota", "not listed in domino directory", "error-for:",
    "non è stato possibile", "impossibile recapitare", "non è stato consegnato", "non consegnato",
    "konnte nicht zugestellt", "nicht zugestellt werden", "konnten nicht zugestellt", "konnte nicht ausgeliefert",
    "n'a pas pu être", "n'a pas pu etre", "n'ont pas pu être", "n'a pu être remis", "échec de la remise",
    "no se pudo entregar", "no pudo ser entregado", "no se ha podido entregar", "no se puede entregar",
    "não pôde ser entregue", "nao pode ser enviada", "não foi possível entregar", "não foi entregue",
    "kon niet worden bezorgd", "kan niet worden bezorgd", "niet worden afgeleverd", "kunne ikke leveres",
    "kunde inte levereras", "nie można dostarczyć", "nie została dostarczona", "nelze doručit",
    "не может быть доставлено", "не удалось доставить", "не было доставлено", "невозможно доставить",
    "配信できません", "配信不能", "お届けできません", "无法送达", "無法傳送", "无法投递", "发送失败", "전달되지",
)  # fmt: skip

_DELAYS = (
    "delayed", "not yet been delivered", "still being retried", "will be retried", "could not send message for past",
    "do not need to resend", "warning message only", "this is a warning only", "this is just a warning",
    "has been postponed", "will continue to try", "delivery attempts will continue", "attempts will continue",
    "delivery delay", "delivery status notification (delay)", "transient non-fatal errors",
    "will continue to attempt", "delivery warning", "do not resend your original message",
)  # fmt: skip

# What vacation programs put before the subject and its colon, or instead of it.
_VACATION_BEGINNINGS = frozenset({
    "out of office", "out-of-office", "out of the office", "ooo", "automatic reply", "automatic response",
    "auto reply", "auto-reply", "autoreply", "auto response", "auto-response", "autoresponse", "auto responder",
    "autoresponder", "automated reply", "automated response", "auto", "away from my mail", "on vacation",
    "vacation notice", "vacation message", "vacation reply", "vacation", "i am away", "i'm away", "away",
    "automatische antwort", "automatische rückantwort", "abwesenheit", "abwesenheitsnotiz", "abwesenheitsnachricht",
    "abwesenheitsassistent", "abwesend", "réponse automatique", "reponse automatique", "absence du bureau", "absent",
    "message d'absence", "absence", "respuesta automática", "respuesta automatica", "fuera de la oficina",
    "fuera de oficina", "ausente", "risposta automatica", "risposta automatica di assenza", "fuori sede",
    "fuori ufficio", "assente", "resposta automática", "resposta automatica", "fora do escritório",
    "ausência temporária", "automatisch antwoord", "afwezigheidsbericht", "afwezig", "niet aanwezig", "autosvar",
    "automatiskt svar", "automatisk svar", "frånvaro", "frånvarande", "fravær", "ikke til stede", "poissa",
    "automaattinen vastaus", "odpowiedź automatyczna", "automatyczna odpowiedź", "autoodpowiedź",
    "automatická odpověď", "automatická odpoveď", "automatikus válasz", "răspuns automat", "automatski odgovor",
    "samodejni odgovor", "автоответ", "автоматический ответ", "автоматична відповідь", "otomatik yanıt",  # noqa: RUF001 - Turkish

    "otomatik cevap", "αυτόματη απάντηση", "自动答复", "自动回复", "自動回覆", "自動応答", "自動返信", "不在通知",
    "자동 회신", "자동 응답", "رد تلقائي", "תשובה אוטומטית", "trả lời tự động",
})  # fmt: skip
_VACATION_TITLES = ("out of office autoreply", "out of office auto-reply")  # whatever follows them

_VACATION_WORDS = (
    "out of office", "out-of-office", "out of the office", "auto reply", "auto-reply", "autoreply", "autorespon",
    "auto-respon", "automatic reply", "automatic response", "automated reply", "automated response", "on vacation",
    "vacation reply", "vacation notice", "away from", "automatische antwort", "abwesen", "réponse automatique",
    "absence du bureau", "respuesta automática", "fuera de la oficina", "risposta automatica", "fuori ufficio",
    "resposta automática", "automatisch antwoord", "afwezig", "autosvar", "automatiskt svar", "automatisk svar",
    "frånvaro", "odpowiedź automatyczna", "automatická odpověď", "автоответ", "автоматический ответ", "自动回复",
    "自動返信", "自動応答", "不在",
)  # fmt: skip


def folded(text: str) -> str:
    """The beginning of a text, casefolded, each run of white space one blank."""
    return " ".join(text[:READ_CHARACTERS].casefold().split())


def is_bounce_subject(subject: str) -> bool:
    """Whether a mail system says in the subject that a mail did not arrive; a person's reply or forward does not count."""
    said = folded(subject)
    return not said.startswith(_REPLY_PREFIXES) and any(phrase in said for phrase in _BOUNCE_SUBJECTS)


def is_bounce_text(text: str) -> bool:
    """Whether a mail system says at the beginning of ``text`` that a mail did not arrive."""
    said = folded(text)
    return any(phrase in said for phrase in _BOUNCE_TEXTS)


def is_delay(text: str) -> bool:
    """Whether ``text`` says that delivery is only late and goes on."""
    said = folded(text)
    return any(phrase in said for phrase in _DELAYS)


def is_vacation_subject(subject: str) -> bool:
    """Whether a subject is built as vacation programs build it: ``Automatic reply: ...``, or such words alone."""
    said = folded(subject)
    beginning = said.replace("\N{FULLWIDTH COLON}", ":").partition(":")[0].rstrip()
    return beginning in _VACATION_BEGINNINGS or said.startswith(_VACATION_TITLES)


def names_absence(subject: str) -> bool:
    """Whether a subject speaks of absence or of an automatic answer at all: enough beside a robot's mark only."""
    said = folded(subject)
    return is_vacation_subject(subject) or any(phrase in said for phrase in _VACATION_WORDS)
