# ruff: noqa: RUF001 - the tables are in many alphabets
"""The labels by which people and forms name what [Procedure 11] asks for, in several languages, in lower case."""

from maildesk.read.tables import phrases, words

_NAMES = """
name|full name|contact name|contact|contact person|customer name|first and last name|name and surname|caller|reported by|requester
vollständiger name|vor- und nachname|vor- und zuname|vorname und nachname|ansprechpartner|kontaktperson|kundenname|kontakt
nom|nom complet|nom et prénom|prénom et nom|nom du contact|personne de contact|interlocuteur
nombre|nombre completo|nombre y apellidos|nombre y apellido|persona de contacto|contacto
nome|nome completo|nome e cognome|nome e sobrenome|nome e apelido|persona di contatto|referente|pessoa de contacto|pessoa de contato|contatto|contato
naam|volledige naam|voor- en achternaam|contactpersoon|imię i nazwisko|namn|navn|nimi|имя|фио|контактное лицо|お名前|氏名|名前|姓名|이름|성명
"""
_ORGANISATIONS = """
organisation|organization|organisation name|organization name|company|company name|firm|business|business name|employer|name of organisation
name of organization|name of company|institution
firma|firmenname|name der firma|unternehmen|organisationsname|name der organisation|betrieb|einrichtung
société|entreprise|nom de l'organisation|nom de l’organisation|nom de la société|nom de l'entreprise|nom de l’entreprise|raison sociale|organisme
organización|empresa|compañía|nombre de la empresa|nombre de la organización|razón social|organizzazione|azienda|società|ditta|nome azienda
nome dell'azienda|nome dell’azienda|nome dell'organizzazione|ragione sociale|organisatie|bedrijf|bedrijfsnaam|naam organisatie|naam van de organisatie
naam bedrijf|organização|nome da empresa|nome da organização|companhia|organizacja|nazwa firmy|företag|virksomhed|yritys|организация|компания
会社名|御社名|貴社名|公司|公司名称|单位|회사|회사명
"""
_CONTRACTS = """
contract|contract number|contract no|contract nr|contract id|contract reference|contract information|contract info|contract details|agreement
agreement number|support contract|support contract number|service contract|service contract number|customer number|customer no|customer id
licence number|license number
vertrag|vertragsnummer|vertragsnr|vertrags-nr|vertrag nr|vertragsinformationen|vertragsdaten|wartungsvertrag|servicevertrag|kundennummer|kundennr
kunden-nr|lizenznummer
contrat|numéro de contrat|numéro du contrat|n° de contrat|no de contrat|n° contrat|référence du contrat|informations contractuelles
numéro client|numéro de client|n° client
contrato|número de contrato|número del contrato|nº de contrato|n.º de contrato|num contrato|información del contrato|información de contrato
número de cliente
contratto|numero contratto|numero di contratto|numero del contratto|n. contratto|informazioni sul contratto|codice cliente|numero cliente
contractnummer|contractgegevens|klantnummer|número do contrato|informações do contrato|informação do contrato|nº do contrato|número do cliente
umowa|numer umowy|avtal|avtalsnummer|kontrakt|kontraktnummer|договор|номер договора|契約番号|合同号|合同编号|계약번호
"""
_EMAILS = """
email|e-mail|mail|email address|e-mail address|mail address|contact email|email id|mailadresse|mail-adresse|e-mail-adresse|emailadresse|e-mailadresse
email-adresse|courriel|adresse e-mail|adresse email|adresse mail|adresse électronique|adresse courriel|mél|correo|correo electrónico|dirección de correo
dirección de correo electrónico|dirección de email|correo-e|indirizzo e-mail|indirizzo email|posta elettronica|indirizzo mail
endereço de e-mail|endereço de email|endereço de correio eletrónico|correio eletrónico|correio eletrônico|emailadres|e-mailadres|mailadres
adres e-mail|adres email|e-postadress|e-post|e-postadresse|sähköposti|почта|электронная почта|эл. почта|メール|メールアドレス|邮箱|电子邮件|이메일
"""
_PHONES = """
phone|phone number|phone no|telephone|telephone number|telephone no|tel|tel no|tel number|mobile|mobile number|mobile phone|cell|cell phone|cell number
contact number|contact phone|contact telephone|direct line|direct dial|daytime phone|call back number|callback number|phone/mobile|tel/mobile
telefon|telefonnummer|tel.-nr|tel-nr|telefonnr|rufnummer|durchwahl|rückrufnummer|handy|handynummer|mobil|mobilnummer|mobiltelefon|mobilfunk
téléphone|numéro de téléphone|tél|portable|numéro de portable|mobile|n° de téléphone|ligne directe|teléfono|número de teléfono|telf|móvil|celular
telefono|numero di telefono|cellulare|numero di cellulare|recapito telefonico|telefone|número de telefone|telemóvel|celular|número de telemóvel|contacto telefónico
telefoonnummer|telefoon|tel.nr|mobiel|mobiel nummer|gsm|numer telefonu|telefonu|telefonnummer|puhelin|puhelinnumero|телефон|номер телефона|電話|電話番号
お電話番号|电话|联系电话|手机|전화|전화번호|연락처
"""
_DOCUMENTATION = """
documentation|supporting documentation|supporting documents|documents|supporting information|attachments|attached documents|evidence
unterlagen|dokumentation|anlagen|dokumente|belege|unterstützende unterlagen|documentation|pièces jointes|documents|pièces justificatives
documents justificatifs|documentación|documentos|documentación de apoyo|adjuntos|documentazione|documenti|allegati|documentatie|documenten|bijlagen
documentação|documentos|documentação de apoio|anexos|dokumentacja
"""

LABELS = {
    label: key
    for key, table in (
        ("documentation", _DOCUMENTATION),
        ("phone", _PHONES),
        ("email", _EMAILS),
        ("contract", _CONTRACTS),
        ("organisation", _ORGANISATIONS),
        ("name", _NAMES),
    )
    for label in phrases(table)
}

# "Your phone number", "Ihre Telefonnummer": whose it is, taken off before the label is looked up.
POSSESSIVES = frozenset(
    phrases(
        """
your|my|our|the|ihr|ihre|dein|deine|mein|meine|unser|unsere|votre|vos|mon|ma|notre|nos|ton|su|sus|mi|mis|tu|nuestro|nuestra|il suo|la sua
il tuo|la tua|il mio|la mia|la nostra|il nostro|i suoi|le sue|suo|sua|uw|mijn|je|jouw|ons|onze|o seu|a sua|os seus|seu|sua|o meu|a minha|meu|minha
nosso|nossa|a nossa|o nosso|twój|twoje|din|ditt|mitt|ваш|ваше|ваша|мой|моё|お客様の|您的|你的|귀하의
"""
    )
)
# Labels that say only in a signature what they mean.
SIGNATURE_PHONE_LABELS = words(
    "t t. p p. m m. d d. tel tel. ph ph. mob mob. cell phone mobile direct tél tél. telefon mobil handy tlf"
)
PHONE_WORDS = words(
    """phone telephone tel mobile cell call reach ring telefon telefonnummer telefonisch handy anrufen erreichbar téléphone tél portable appeler
joindre appelez teléfono móvil llamar llame telefono cellulare chiamare chiamatemi telefone telemóvel ligar ligue telefoon bellen bel"""
)
CONTRACT_WORDS = words(
    """contract contracts agreement vertrag vertragsnummer contrat contrato contratto contractnummer contractnr vertragsnr kundennummer"""
)
FILLERS = words(
    """number no no. nr nr. id ref reference is ist lautet est es è é: # - : = nummer numéro numero número n° nº n. de del do di du
our your unser mit"""
)
# How the name of an organisation ends when nothing else can be meant.
LEGAL_FORMS = words(
    """ltd limited plc llc llp inc incorporated corp corporation gmbh mbh ag kg ohg ug e.k ek ev e.v se sa s.a sas s.a.s sarl s.a.r.l eurl
sl s.l slu s.l.u spa s.p.a srl s.r.l snc bv b.v nv n.v vof lda ltda s.l. oy oyj ab as a/s aps sp.z.o.o z.o.o o.o s.r.o a.s kft zrt doo d.o.o pty"""
)
EMPTY_VALUES = frozenset(
    phrases(
        """
n/a|na|none|nil|null|unknown|tbd|tba|tbc|see below|see above|same|same as above|not known|not applicable|to be filled in|please fill in|optional|required
keine|keiner|kein|unbekannt|nicht bekannt|entfällt|siehe unten|aucun|aucune|inconnu|néant|sans objet|ninguno|ninguna|desconocido|no aplica
nessuno|nessuna|sconosciuto|geen|onbekend|n.v.t|nvt|k.a|nenhum|nenhuma|desconhecido|não aplicável|brak|x|xx|xxx|xxxx|yes|no|don't know|not sure|-|?
"""
    )
)
