"""Words around names of persons: titles, particles, suffixes. Written folded (no case, no accents, no dots)."""

from __future__ import annotations

# Before a name. Those that stand directly before a family name alone ("Mr Smith") are the salutations.
SALUTATIONS = frozenset(
    (
        "mr mrs ms miss mister mx messrs "  # en
        "herr frau hr fr frl fraulein "  # de
        "sr sra srta senor senora senorita "  # es
        "m mme mlle monsieur madame mademoiselle "  # fr
        "sig sigra signor signora signorina "  # it
        "snr senhor senhora "  # pt
        "dhr mevr mw heer mevrouw meneer "  # nl
        "pan pani panna "  # pl cs
        "hra rva "  # fi
        "dl dna domnul doamna "  # ro
        "bay bayan "  # tr
        "kyrios kyria κος κα κυριος κυρια κ "  # el
        "г г-н г-жа господин госпожа гн гжа "  # ru bg
        "пан пані "  # uk
    ).split()
)
TITLES = SALUTATIONS | frozenset(
    (
        "dr drs doctor doktor dra dott dottssa dottoressa prof profa professor professora ing ir dipl diplom dipl-ing "
        "mag magister mgr lic licenciado abogado abg arq eng rev revd reverend fr father sister brother rabbi imam "
        "sheikh hadji hon honorable judge sir dame lady lord baron baroness count countess graf grafin freiherr prinz "
        "prinzessin don dona dom capt captain col colonel gen general lt lieutenant maj major sgt sergeant cdr "
        "commander adm admiral pd priv-doz univ-prof univ med phil nat rer jur hc habil inz inzh dypl msgr monsignor "
        "maitre me avv geom rag pres sen rep"
    ).split()
)
# Joined to the family name behind them.
PARTICLES = frozenset(
    (
    "van von der den de del della dei degli di da das do dos du des la las los le les el al ten ter te t 't in zu "
    "zum zur vom von und bin ibn bint binti ben bar abu abd af av aan op het san st saint sankt santa mac mc o d' "
    "l' y e i ap ab vande vander"
).split()
) - {"und", "in", "i", "y", "e", "o"}  # fmt: skip
JOINERS = frozenset({"y", "e", "i", "und"})  # von und zu Berg, Ortega y Gasset, Silva e Souza, Puig i Cadafalch

SUFFIXES = {
    "jr": "Jr.", "jnr": "Jr.", "junior": "Jr.", "jun": "Jr.", "sr": "Sr.", "snr": "Sr.", "senior": "Sr.", "sen": "Sr.",
    "ii": "II", "iii": "III", "iv": "IV", "2nd": "II", "3rd": "III", "4th": "IV", "fils": "fils", "pere": "père", "hijo": "hijo",
    "filho": "Filho", "neto": "Neto", "sobrinho": "Sobrinho", "md": "MD", "phd": "PhD", "dphil": "DPhil", "esq": "Esq.",
    "cpa": "CPA",
    "dds": "DDS", "mba": "MBA", "msc": "MSc", "bsc": "BSc", "ma": "MA", "ba": "BA", "llm": "LLM", "llb": "LLB", "jd": "JD",
    "rn": "RN",
    "obe": "OBE", "mbe": "MBE", "cbe": "CBE", "qc": "QC", "kc": "KC", "csc": "CSc.", "drsc": "DrSc.", "dis": "DiS.",
    "sj": "SJ", "osb": "OSB",
    "ret": "Ret.",
}  # fmt: skip
# These are also names or words; they count as suffixes only behind a comma or in capitals.
DOUBTFUL_SUFFIXES = frozenset(
    {"ma", "ba", "sen", "dis", "sr", "filho", "neto", "sobrinho", "hijo", "pere", "fils", "rn", "kc", "qc", "jd"}
)

BORN = frozenset(
    {"nee", "ne", "geb", "geborene", "geborener", "born", "roz", "urozena", "nata", "nato", "fodt", "fodd", "os"}
) - {"ne", "os"}

# Together with another person on one line: no single name to take apart.
TOGETHER = frozenset({"&", "+", "and", "und", "et", "oder", "or", "en"})

CHINESE_FAMILY_NAMES = frozenset(
    "王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡林郭何高罗羅郑鄭梁谢謝宋唐许許邓鄧韩韓冯馮曹彭曾肖蕭田董袁潘于余蒋蔣蔡杜叶葉程苏蘇魏吕呂丁任沈"
    "姚卢盧姜崔鍾钟谭譚陆陸汪范金石廖贾賈夏韦韋付傅方白邹鄒孟熊秦邱丘江尹薛闫閻阎段雷侯龙龍史陶黎贺賀顾顧毛郝龚龔邵万萬钱錢严嚴覃武戴莫孔向汤湯"
    "常温溫康施文牛樊葛邢安齐齊易乔喬伍庞龐颜顏倪庄莊聂聶章鲁魯岳翟殷詹申欧歐耿关關兰蘭焦俞左柳甘祝包宁寧尚符舒阮柯纪紀梅童凌毕畢单單裴霍涂成苗"
    "谷盛曲翁冉骆駱蓝藍路游辛靳管柴蒙鲍鮑华華喻祁蒲房滕屈饶饒解牟艾尤阳陽穆农農司卓古吉缪繆简簡车車项項连連芦蘆麦麥褚娄婁窦竇戚岑景党宫宮费費卜冷晏席卫衛米柏宗瞿桂全"
)
COMPOUND_FAMILY_NAMES = frozenset(
    "欧阳 歐陽 司马 司馬 上官 诸葛 諸葛 司徒 东方 東方 皇甫 尉迟 尉遲 公孙 公孫 慕容 令狐 宇文 长孙 長孫 夏侯 端木 南宫 "
    "南宮 百里 独孤 獨孤 남궁 황보 제갈 선우 독고 사공 서문".split()
)
# Family names that are not read as the sign usually is.
CHINESE_READINGS = {
    "曾": "zeng", "单": "shan", "單": "shan", "仇": "qiu", "解": "xie", "区": "ou", "區": "ou", "查": "zha", "朴": "piao",
    "盖": "ge", "冼": "xian", "尉迟": "yuchi", "尉遲": "yuchi", "任": "ren", "华": "hua", "華": "hua", "翟": "zhai", "覃": "qin",
    "乐": "yue", "樂": "yue", "缪": "miao", "繆": "miao", "宁": "ning",
    "万": "wan", "萬": "wan", "长孙": "zhangsun", "長孫": "zhangsun",
}  # fmt: skip

KOREAN_FAMILY_NAMES = frozenset(
    "김이박최정강조윤장임한오서신권황안송류유전홍고문양손배백허남심노하곽성차주우구민나진지엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용"
)

# How the bearers of the most common Korean family names spell them, which is not how the letters are transcribed.
KOREAN_SPELLINGS = {
    "김": "Kim", "이": "Lee", "박": "Park", "최": "Choi", "정": "Jung", "강": "Kang", "조": "Cho", "윤": "Yoon", "장": "Jang",
    "임": "Lim", "한": "Han", "오": "Oh", "서": "Seo", "신": "Shin", "권": "Kwon", "황": "Hwang", "안": "Ahn", "송": "Song",
    "류": "Ryu", "유": "Yoo", "전": "Jeon", "홍": "Hong", "고": "Ko", "문": "Moon", "양": "Yang", "손": "Son", "배": "Bae",
    "백": "Baek", "허": "Heo", "노": "Noh", "심": "Shim", "우": "Woo", "주": "Joo", "구": "Koo", "민": "Min", "차": "Cha",
    "남": "Nam", "하": "Ha", "곽": "Kwak", "성": "Sung", "나": "Na", "진": "Jin", "지": "Ji", "엄": "Eom", "채": "Chae",
    "원": "Won", "천": "Cheon", "방": "Bang", "공": "Kong", "현": "Hyun", "함": "Ham", "변": "Byun", "추": "Choo", "도": "Do",
    "소": "So", "석": "Seok", "선": "Sun", "설": "Seol", "마": "Ma", "길": "Gil", "연": "Yeon", "위": "Wi", "표": "Pyo",
}  # fmt: skip
