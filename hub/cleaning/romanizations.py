"""Chinese and Korean family names as their bearers spell them: one character, many Latin forms.

A line is one family name: pinyin or the Revised Romanization first, then Wade-Giles, Cantonese (Hong Kong), Hokkien and Teochew
(Taiwan, Singapore, Malaysia), and what passports and customs have made of it. Spellings that differ only in letters of one
sound (Zhang, Chang) are told by sound and stand here only where the vowel moved too. Written from general knowledge.
"""

from __future__ import annotations

from functools import cache

_CHINESE = """
chen chan tan tran chin|zhang cheung teo chong cheong chang|li lee lei lie|wang wong ong heng|huang wong ng wee ooi hwang bong
liu lau low liew lew lao|lin lam lim|zhou chow chau chew chou joe|wu ng goh woo go|xu hsu hui tsui koh chee shu choi
zheng cheng tay teh chang|xie hsieh tse chia cheah tze|cai tsai choi chua choy chai tsoi|zhao chao chiu teo jiu
yang yeung yeo young yeong ieong|ye yeh yip ip yap|liang leung neo nio leong|he ho hoe|guo kuo kwok kwek quek koay gwok
luo lo law loh|zhu chu choo gee|sun suen soon|lu lo loo loke luk look lok|lyu lu lui loi lv|ma mah beh|hu wu woo oh foo
deng teng tang|feng fung fong pang|cao tsao cho chow|peng pang phang|zeng tseng tsang chan chng|xiao hsiao siu siew seow shiu
tian tien tin|dong tung tang|pan poon pun phua pua|yuan yuen wan|jiang chiang kiang keung kong kang|su so soh|du tu to toh
ding ting teng|shen shum sim sum sham|yu yue yee u yii|fan fann hwan|shi shih sze see sy szeto|qiu chiu yau hew khoo khoo khu
xia hsia ha hah|fang fong png hong|zou tsou chow|xiong hsiung hung|bai pai pak peh|cui tsui chui choi|qin chin chun tsin
hong hung ang|song sung sang|han hon hang|jin chin kam kim|tang tong teng|gao kao ko|zhong chung chong|tan tam|dai tai tay
wei ngai goi|fu foo poh|xue hsueh sit seet|yan ngan gan yim|yin wan|shao siu chiu|hou hau how|long lung leong|mao mo|gu koo ku
kong hung khong|lei lui looi|lai loi lye|ruan yuen nguyen|ou au ow|ouyang auyeung auyong|situ szeto seeto|mei mui moy
gong kung keng|zhan chim|zhuang chong ching chng|nie nip|qian chin|jian kan|guan kwan kuan|mo mok|mai mak|cen shum|ke kwa quah
"""
_KOREAN = """
gim kim ghim|i lee yi rhee ri ree lei|bak park pak bahk|choe choi chwe|jeong jung chung cheong joung|gang kang khang
jo cho joe|yun yoon youn|jang chang|im lim rim yim|o oh|seo suh so|sin shin|gwon kwon kwun|hwang whang|an ahn
ryu yoo yu you ryoo lyu ryou|jeon chun jun chon jeun|go ko koh|mun moon|son sohn|bae pae bai|baek paik paek back beak
heo hur huh her|no noh roh ro|ju joo chu|u woo wu|gu koo ku goo|na ra rha|jin chin|ji chi jee|eom um uhm|chae chai|bang pang
gong kong|hyeon hyun|byeon byun pyun pyon|yeo yuh yo|chu choo|do to toh|so soh|seok suk sok|seon sun|seol sul|gil kil
yeon youn yun|wi wee|gi ki kee|myeong myung|guk kuk kook|eun un|pyeon pyun|ma mah|wang wong|geum keum kum|yuk yook|nam nahm
sim shim|ha hah|sa sah|gwak kwak|seong sung song|cha char|min minn|lee rhee yi|jae je|mo moh|pyo phyo
"""


@cache
def _bearers() -> dict[str, frozenset[int]]:
    """The family names that a spelling may stand for."""
    found: dict[str, frozenset[int]] = {}
    for number, line in enumerate(f"{_CHINESE.strip()}\n{_KOREAN.strip()}".replace("\n", "|").split("|")):
        for spelling in line.split():
            found[spelling] = found.get(spelling, frozenset()) | {number}
    return found


def one_family_name(left: str, right: str) -> bool:
    """Whether two folded Latin spellings may be one Chinese or Korean family name: chan and chen, yi and rhee."""
    bearers = _bearers()
    ours = bearers.get(left)
    return ours is not None and not ours.isdisjoint(bearers.get(right, ()))
