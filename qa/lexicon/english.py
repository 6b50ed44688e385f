"""The vocabulary of the context grammar in English. The texts are normal forms, words apart: small letters, blanks
and marks as they were written. Every expression looks at what stands right before or right behind a hit.
"""

import re
from typing import Final

_N_T: Final = "n['’]?t"
_GAP: Final = r"[^.?!;:,]"
"""A character of the same clause."""

FILLER: Final = re.compile(r",? ?\b(?:uh|um|erm|er)\b,?|, you know\b,?")
"""What a speaker puts anywhere."""

# --- denying --------------------------------------------------------------------------------------------------

_NOT: Final = (
    r"\b(?P<cue>(?<!why )(?<!who )(?:do|does|did|is|are|was|were|would|should|could|ca|wo|have|has|had|must|"
    f"need){_N_T}|(?<!why )not|never|cannot|neither|hardly|rarely|(?<!a )few|anything but|unable to|"
    "far from|nobody|no one|none|nothing|"
    r"no (?!doubt|question|wonder|matter)\w+ (?:should|can|could|would|will|may|is|are|has|comes?|"
    r"ever))\b(?! (?:only|just|merely|you|we|they|i|he|she|it)\b)"
)
_DENIED: Final = (
    r"(?:(?!\b(?:but|because|since|so|and|like|better|than|worry|hesitate|miss|wait|help|doubt|stress|concerned|"
    "say this|"
    rf"say that|tell you)\b){_GAP})"
)
_SAY: Final = (
    "say(?:s|ing)?|said|claim(?:s|ed|ing)?|promis(?:es?|ed|ing)|tell(?:s|ing)?|told|think|mean|meant|suggest(?:s|"
    "ed|ing)?|guarantee|call(?:s|ed|ing)?|ask(?:s|ed|ing)?"
)
DENIED_SAYING: Final = re.compile(
    rf"(?:{_NOT}{_DENIED}{{0,24}}\b(?:{_SAY})\b{_DENIED}{{0,40}}"
    rf"|\b(?P<false>lying|misleading|dishonest|illegal|wrong|untrue)\b{_GAP}{{0,12}}\b(?:if|to)\b{_GAP}{{0,30}})$"
)
"""I never said it was |risk free|; nobody should tell you to |shut up|; I'd be lying to call it |risk free|."""
DENIED: Final = re.compile(
    rf"(?:{_NOT}(?:(?!\b(?:it['’]?s|its|this|there['’]?s|your|that['’]?s|i|we|(?:you|they)['’](?:re|ve|ll|"
    rf"d))\b){_DENIED}){{0,32}}"
    rf"|\b(?P<such>no such thing as|not that|not like|by no means)\b{_GAP}{{0,24}}"
    r"|\b(?P<no>no|without) (?:(?:fully|completely|totally|truly|really|such|100%) )?)$"
)
"""Don't |borrow to invest|, there is no such thing as a |guaranteed return|."""
_IT: Final = r"(?:it|they|that|this|these|there|i|we|you|he|she)"
DENIED_BEHIND: Final = re.compile(
    rf"[^.?!;]{{0,30}}?\b(?P<cue>(?:but|though|although) {_IT}(?:['’]?(?:s|re) not| (?:is|are|do|does|can|"
    f"will) not| cannot| (?:is|are|was|were|do|does|did|ca|could|would|wo){_N_T})(?: (?:true|so|the case|"
    r"at all))?(?=[^\w'’ ]|$)"
    f"|(?:do|does)(?:{_N_T}| not) exist"
    rf"|(?:is|are|was|were)(?:{_N_T}| not| never)(?: \w+)? (?:allowed|permitted|true|possible|available|realistic|"
    "offered|something|what|how))"
)
"""Some think it |risk free|, but it isn't; |guaranteed profits| don't exist."""

# --- others' words --------------------------------------------------------------------------------------------

_OTHERS: Final = (
    "some(?:one|body)|any(?:one|body)|whoever|(?:some |most )?people|scammers?|fraudsters?|criminals?|crooks?|"
    "adverts?|ads?|advertisements?|websites?|firms?|he|she|they|(?:the|that|this|an?|your|last|previous|other|"
    "another|some) (?:man|woman|guy|lady|person|agent|advis[eo]r|colleague|broker|salesm[ae]n|caller|stranger|"
    "neighbou?r|friend|brother|sister|son|daughter|wife|husband|compan(?:y|ies)|firm)|my bank"
)
_REPORTS: Final = rf"{_SAY}|thinks|thought|believes?|offer(?:s|ed|ing)?|advertis(?:es?|ed|ing)|want(?:s|ed)?"
_THEIRS: Final = rf"(?:(?!\b(?:but|because|so|we|our)\b){_GAP})"
QUOTED: Final = re.compile(
    rf"\b(?:(?:{_OTHERS})\b{_THEIRS}{{0,24}}\b(?:{_REPORTS})|(?:my|our) colleagues?\b{_THEIRS}{{0,24}}\b(?:tell|"
    "told) you|"
    "you(?:['’]ve| have| had| might| may)?(?: just| also| have| probably)* (?:say|said|mention(?:ed)?|asked|"
    "told (?:me|us)|wanted|heard|were told|read|saw|thought|think|believe|expected|assumed)|"
    "you(?:(?:['’]d| would) (?:like|prefer)| want(?! me| us)|(?:['’]re| are) (?:looking for|after))|"
    rf"so[- ]called|the (?:words?|terms?|phrase)|(?:mean|meant|means) by)\b{_THEIRS}{{0,34}}$"
)
"""If somebody tells you it is |risk free|; you asked for |guaranteed income|; what do you mean by |risk free|."""
ENDORSED: Final = re.compile(
    r"[^.?!;]{0,30}?[.?!;,] *(?:and |well,? |because )*(?:yes|(?:it|this) (?:really |certainly )?is\b(?! not)|"
    r"they are\b(?! not)|that['’]?s (?:right|true|correct)|(?:you|he|she|they)['’]?(?:s|re| are| is) right|"
    r"correct|exactly|absolutely)\b(?! ?\?)"
)
OFFERED: Final = re.compile(
    r"[^.?!]{0,24}\b(?:this is (?:it|for you|the one|what)|here it is|(?:we|i)(?:['’]ve| have) (?:got|just)|"
    r"right place|look no further|(?:go for|choose|take|buy|try) (?:this|ours)|(?:i|we) (?:can|do)\b)\b"
)
"""The speaker offers what the other wants: if you want |guaranteed returns|, you've come to the right place."""

# --- warning --------------------------------------------------------------------------------------------------

BEWARE: Final = re.compile(
    r"\b(?:beware|wary|careful|cautious|suspicious|avoid|watch out|look out|stay away|steer clear|warn(?:s|ed|"
    rf"ing)?)\b{_GAP}{{0,50}}$"
)
_CONDEMNED: Final = (
    "(?:(?<=[a-z])['’](?:s|re)|(?<![a-z])(?:is|are|was|would be|must be))"
    "(?: (?:just|simply|plain|probably|always|usually|often|likely|"
    "certainly|a|an|the|big|huge|classic))* (?:scams?|frauds?|fraudulent|illegal|against the (?:rules|law)|"
    "red flags?|warning signs?|too good to be true|misleading|mis-selling|lies?|lying|untrue|dishonest|wrong|"
    "impossible(?! to| for)|fake)"
)
_REFUSE: Final = (
    "(?:please |just |then |so |simply )*(?:hang up|put the phone down|walk away|be (?:very )?(?:careful|wary|"
    f"suspicious|cautious)|avoid|ignore (?:it|them)|do(?:{_N_T}| not) (?:believe|trust|fall|sign|pay|send|give|do|"
    f"share|read|let|click)|do{_N_T}(?=[.!]|$))"
)
CONDEMNED: Final = re.compile(
    rf"(?:[^.?!;]{{0,40}}?(?P<cue>{_CONDEMNED}\b)|[^.?!;]{{0,60}}?, (?P<refused>{_REFUSE})"
    f"|[^.?!;]{{0,50}}[.?!;] *(?P<next>(?:if (?:they|he|she|it) do(?:es)?,? )?(?:and |so |but )?(?:(?:that|this|"
    rf"it|they|these|those) ?{_CONDEMNED}\b|{_REFUSE}|(?:that|it)['’]?s not true)))"
)
"""|Guaranteed returns| are a red flag; if you see |no credit check|, avoid it; |risk free|? Don't believe it."""

# --- asking ---------------------------------------------------------------------------------------------------

ASKED: Final = re.compile(
    r"\b(?:whether|(?:ask(?:s|ed|ing)?|wonder(?:s|ed|ing)?|check|see|know|confirm|tell)(?: (?:me|us|you|"
    rf"them))? if)\b{_GAP}{{0,30}}$"
)
"""You asked whether your |capital is guaranteed|."""
TAGGED: Final = re.compile(
    f"[^.?!;]{{0,24}}, ?(?:right|correct|yes|yeah|no|(?:is|are|do|does|will|can)(?:{_N_T})? (?:it|that|they|you|"
    r"i|there)|am i(?: right)?) ?\?"
)
"""A customer wants it confirmed: it's |risk free|, right?"""
RHETORICAL: Final = re.compile(
    rf"\b(?:did you know|who (?:would|does)(?:{_N_T})?|why not|why (?:would|do)(?:{_N_T})? you|would{_N_T} you|"
    rf"do{_N_T} you want|how would you like|how about|would you believe)\b{_GAP}{{0,60}}$"
)
"""Asked for show: who wouldn't want |guaranteed returns|?"""
STATED: Final = re.compile(
    rf"{_GAP}{{0,40}}\b(?:so|and) (?:why|what|who|how|where|shall|are|do|would|can|could)\b"
)
"""The question begins behind it: it's |risk free| so why wait?"""
INFERRED: Final = re.compile(
    r"\b(?:so|sounds like|you['’]?(?:re| are) (?:saying|sure|certain|telling me)|you (?:promise|guarantee|"
    r"swear))\b[^.?!;]{0,40}$"
)
"""A customer draws a conclusion that waits for a yes or no: so it's |risk free| then."""

# --- if -------------------------------------------------------------------------------------------------------

IF: Final = re.compile(
    r"\b(?:if|suppose|supposing|imagine|unless)(?: that| somehow)?(?:(?: [\w'’]+){1,3}? (?:was|were|is|are|be|"
    "being|really|truly|actually|want(?:s|ed)?|need(?:s|ed)?|prefer|like|see|hear|find|looking for|after|offered)"
    "(?: (?:a|an|the|some|any|completely|totally|really|truly|actually|something|with|adverts for|for))*"
    "| (?:your|my|our|the|this|that|any|an?))? ?$"
)
"""If this were |risk free|, suppose it was |risk free|, if your |capital was guaranteed|."""

# --- taking back ----------------------------------------------------------------------------------------------

CORRECTED: Final = re.compile(
    r"[^.?!;]{0,12}[^\w '’]+ *(?:oh,? |wait,? |no,? |sorry,? )*(?P<cue>i misspoke|(?:what )?i meant|"
    "let me (?:rephrase|correct)|scratch that|correction|that['’]?s (?:wrong|not right))"
)
"""It's |risk free| - sorry, I misspoke."""

# --- answering ------------------------------------------------------------------------------------------------
# These look at answers without blanks.

_OPENING: Final = "(?:(?:oh|well|um|uh|erm|hmm|sir|madam)[,.]?)*"
_SURELY: Final = "(?:certainly|absolutely|definitely|really|totally|sure|surely|most)*"
_WHO: Final = "(?:it|they|that|you|we|i|there)"
_END: Final = "(?:sir|madam|indeed|ofcourse|atall|whatsoever)?(?=[,.?]|$)"
_YES_WORD: Final = (
    "(?:yes|yeah|yep|yup|absolutely|ofcourse|definitely|certainly|correct|exactly|totally|precisely|indeed|"
    "guaranteed|thats(?:right|correct|true)|youreright|ipromise|noquestion|sure(?=[.]?$)|right(?=[.]?$))"
)
_DOES: Final = f"{_WHO}{_SURELY}(?:is|are|do|does|will|can|has|have|am){_SURELY}"
_DOES_NOT: Final = (
    f"{_WHO}{_SURELY}(?:cant|cannot|wont|isnt|arent|dont|doesnt|never|willnot|isnone|is?no(?:ne|risk)?)"
)
YES: Final = re.compile(rf"{_OPENING}(?P<cue>(?:{_YES_WORD}(?:,?{_DOES})?|{_DOES}){_END})")
YES_TO_NEGATIVE: Final = re.compile(
    f"{_OPENING}(?P<cue>(?:(?:right,?)?{_DOES_NOT}|{_YES_WORD}(?:,?{_DOES_NOT})?|(?:no|nope|never|none|nothing|"
    f"noway|impossible|notatall)(?:,?{_DOES_NOT})?){_END})(?!,?(?:there|it|you|they){_SURELY}(?:is|s|are|re|can|"
    "could|may|might|do|does|will)(?!n|no|cant)|,?some|,?actually)"
)
"""Agrees with a question in the negative (you can't lose? / no, you can't), and says nothing against it."""
NEGATIVE: Final = re.compile(
    "(?:you|i|we)?(?:cant|cannot|cannever|couldnever|wont|willnot|willnever|no|zero|without|nothing)"
)
