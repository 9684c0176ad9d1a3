"""Words that reveal health to whoever sees a subject line on a locked phone, by language.

In charge of: the lists, and finding their words in a text. Not in charge of: what follows from a find
(a check reports it; ``reveals_ok`` in series.toml gives the reason for an exception).

An entry is a word or a phrase. A star at its end takes any ending ("therap*": therapy, therapists). An
entry with a capital letter counts only where it is written so ("PT" is care, "pt." is not). Accents do
not matter. Common words that name a body part only sometimes ("back", "hand") stand in phrases.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType

__all__ = ["HEALTH_WORDS", "knows_health_words", "reveals_health"]

_ENGLISH_BODY = """
abdom*, achilles, ankle, ankles, arm, arms, back pain, bad back, belly, bladder, bone, bones, bowel, bowels,
brain, breast, breasts, buttock*, calf, calves, cartilage, cervical, chest, coccyx, collarbone, disc, discs,
elbow, elbows, femur, finger, fingers, foot, gait, genital*, groin, hamstring*, heel, heels, hip, hips, jaw,
joints, kidney*, knee, knees, leg, legs, ligament*, liver, low back, lower back, lumbar, lung, lungs,
muscle*, muscular, neck, nerve, nerves, pelvi*, penis, posture, prostate, quadricep*, rib, ribs, rotator
cuff, sacral, sacrum, sciatic*, shin, shins, shoulder*, sore back, spinal, spine, stomach, tailbone,
tendon*, thigh, thighs, thumb, thumbs, thyroid, tissue, tissues, toe, toes, upper back, vagina*, vertebra*,
womb, wrist, wrists, your back, your bottom, your eyes, your feet, your hand, your hands, your head, your
heart, your joint, your skin
"""
_ENGLISH_CONDITION = """
ache, aches, aching, ACL, acute, ADHD, AIDS, allerg*, amput*, anaemi*, anemi*, anxiety, arthriti*, arthros*,
asthma*, bleed*, blindness, burnout, bursit*, cancer*, carpal tunnel, chemo*, cholesterol, chronic,
concussion*, COPD, cramp*, dement*, depressed, depression, diabet*, disabilit*, disabled, discomfort,
disease*, disorder*, dizz*, DOMS, endometri*, epilep*, faint*, fatigue, fever, fibromyalg*, fractur*, frozen
shoulder, gout, headache*, heart attack, heart disease, hernia*, HIV, hurt, hurting, hurts, hypertens*,
illness*, impairment*, incontinen*, infect*, inflam*, injur*, insomnia, itch*, LBP, lesion*, limp, limping,
lymph*, MCL, menopaus*, migrain*, MS, nausea*, neuropath*, numb, numbness, obes*, osteo*, pain, painful,
painless, pains, paraly*, parkinson*, plantar, pregnan*, PTSD, relaps*, rheumat*, scar, scars, sclerosis,
scolio*, seizure*, sick, sickness, sleep apnea, slipped, sore, soreness, spasm*, sprain*, stenos*, stiff*,
strain*, stroke, swelling, swollen, symptom*, syndrome*, tendin*, tingling, trauma*, tumor*, tumour*,
ulcer*, urin*, vertigo, weakness, whiplash, wound, wounds, your condition
"""
_ENGLISH_CARE = """
acupunctur*, anaesth*, anesth*, antibiotic*, antidepress*, biops*, blood, chiropract*, clinical, crutch*,
CT, diagnos*, doctor*, dose, doses, drug*, dry needling, EMG, exercise program*, heal, healing, home
exercise*, hospital*, ibuprofen, injection*, massage*, medic*, MRI, nurse, nurses, opioid*, orthop*,
orthot*, osteopath*, OT, painkill*, paracetamol, patients, physical therap*, physio*, pill, pills, post-op*,
postop*, prescri*, prosthe*, psych*, PT, radiolog*, recover*, rehab*, scan, scans, specialist*, splint*,
steroid*, surgeon*, surger*, surgical*, therap*, treat, treated, treating, treatment*, vaccin*, wheelchair*,
x-ray*, xray*, your exercises, your operation
"""
_SPANISH_BODY = """
abdom*, articulacion*, brazo*, cadera*, cervical*, codo, codos, columna vertebral, corazon, costilla*,
cuello, dedo, dedos, escapula*, espalda, estomago, femur, genital*, gluteo*, higado, hombro*, hueso*, ingle,
ligamento*, lumbar*, mandibula, menisco*, muneca, munecas, muscular*, musculo*, muslo*, nervio*, pecho,
pelvi*, pene, pierna*, postura, prostata, pulmon*, rinon*, rodilla*, sacro, su cabeza, su columna, su mano,
su pie, su piel, sus manos, sus pies, talon, talones, tejido*, tendon*, tobillo*, tu cabeza, tu columna, tu
mano, tu pie, tu piel, tus manos, tus pies, utero, vagina*, vejiga, vertebra*, vientre
"""
_SPANISH_CONDITION = """
alergi*, amput*, anemi*, ansiedad, artritis, artrosis, asma*, bursitis, calambre*, cancer*, cefalea*,
ciatica, cicatri*, contractura*, cronic*, debilidad, demencia, depresion, deprimid*, desgarro*, diabet*,
discapacidad*, dolencia*, doler*, dolor*, duele*, embaraz*, enferm*, entumec*, epilep*, EPOC, escoliosis,
esguince*, espasmo*, fatiga*, fibromialgia, fiebre, fractur*, herida*, hernia*, hinchaz*, hipertens*,
hormigueo*, ictus, incontinencia, infarto*, infeccion*, inflam*, insomnio, lesion*, lumbago, lumbalgia*,
luxacion*, malestar*, mareo*, menopausia, migrana*, molestia*, nausea*, neuropat*, obes*, osteo*, paralisis,
parkinson, quemadura*, quiste*, reuma*, rigidez, sangrado*, SIDA, sindrome*, sintoma*, sobrepeso, TDAH,
tendinitis, TEPT, trastorno*, trauma*, tumor*, ulcera*, vertigo, VIH, virus
"""
_SPANISH_CARE = """
acupuntura, analgesic*, anestesi*, antibiotic*, cirug*, cirujan*, diagnos*, dosis, farmac*, fisio*,
hospital*, ibuprofeno, inyeccion*, masaje*, medic*, muletas, operacion*, ortop*, osteop*, paciente,
pacientes, pastilla*, protesis, psico*, psiq*, quimio*, quiroprac*, radiograf*, receta medica, recuperacion,
rehabilit*, resonancia, silla de ruedas, sus ejercicios, terap*, tratamiento*, tus ejercicios, vacuna*
"""


def _entries(*lists: str) -> tuple[str, ...]:
    return tuple(" ".join(entry.split()) for one in lists for entry in one.split(","))


#: Language subtag to entries; the syntax of an entry stands in the module's docstring.
HEALTH_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "en": _entries(_ENGLISH_BODY, _ENGLISH_CONDITION, _ENGLISH_CARE),
        "es": _entries(_SPANISH_BODY, _SPANISH_CONDITION, _SPANISH_CARE),
    }
)


def knows_health_words(language: str) -> bool:
    """Whether there is a list for a BCP 47 tag; where not, nobody has looked."""
    return _subtag(language) in HEALTH_WORDS


def reveals_health(text: str, language: str) -> tuple[str, ...]:
    """The words of ``text`` that reveal health, as they stand there, in order, each once.

    Empty also for a language without a list: ask ``knows_health_words``. Placeholders such as
    ``{clinic}`` are looked at as they stand, not filled: the clinic's name is the clinic's choice.
    """
    subtag = _subtag(language)
    if subtag not in HEALTH_WORDS:
        return ()
    anyhow, exact = _patterns(subtag)
    spans = [match.span() for match in (*anyhow.finditer(_fold(text)), *exact.finditer(text))]
    return tuple(dict.fromkeys(text[start:stop] for start, stop in sorted(spans)))


def _subtag(language: str) -> str:
    return language.partition("-")[0].lower()


@cache
def _patterns(subtag: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What matches folded text, and what matches text as it stands."""
    entries = sorted(HEALTH_WORDS[subtag], key=len, reverse=True)
    return (
        _pattern([entry for entry in entries if entry == entry.lower()]),
        _pattern([entry for entry in entries if entry != entry.lower()]),
    )


def _pattern(entries: Sequence[str]) -> re.Pattern[str]:
    stems = (re.escape(entry.rstrip("*")) + (r"\w*" if entry.endswith("*") else "") for entry in entries)
    return re.compile(rf"(?<!\w)(?:{'|'.join(stems)})(?!\w)")


def _fold(text: str) -> str:
    """Lower case without accents, character for character, so that places stay the same."""
    return "".join(unicodedata.normalize("NFD", character.lower())[0] for character in text)
