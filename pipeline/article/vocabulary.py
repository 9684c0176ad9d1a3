"""Words of English and Spanish that say how a line is built, whatever it is about.

In charge of: closed word classes (articles, prepositions, auxiliaries, question words), the verbs of links
and buttons, words that name pictures. Not in charge of: any subject matter; no word here comes from one
article.
"""


def words_of(text: str) -> frozenset[str]:
    """The words of ``text``, parted by white space."""
    return frozenset(text.split())


#: Too common to say what a line is about.
FUNCTION = words_of(
    """
    a about above after again all also although an and another any are aren't as at be because been
    before being below between both but by can can't cannot could couldn't did didn't do does doesn't
    doing don't down during each either else even every few for from further had has hasn't have haven't
    having he he's her here here's hers him his how however i i'd i'll i'm i've if in into is isn't it
    it's its itself just less let let's like made make makes many may me might more most much must my
    need needs neither no nor not now of off often on once one only or other others our ours out over
    own per rather same she should shouldn't since so some such than that that's the their theirs them
    then there there's these they they're they've this those though through to too toward towards under
    until up upon us use used using very via was wasn't we we'll we're we've were weren't what what's
    when where whether which while who who's whom whose why will with within without won't would
    wouldn't yet you you'd you'll you're you've your yours yourself al algo algún alguna algunas alguno
    algunos ante antes aquí así aun aunque bajo bien cada como cómo con contra cual cuál cuales cuando
    cuándo cuanto de del desde donde dónde dos durante e el él ella ellas ellos en entre era es esa esas
    ese eso esos esta está están estas este esto estos fue ha hace hacer hacia han hasta hay he la las
    le les lo los más me mi mis mucho muy nada ni no nos nosotros o para pero por porque puede pueden
    que qué quien quién se sea ser si sí sido sin sobre solo son su sus también tan tanto te tiene
    tienen todo todos tras tu tus un una unas uno unos usted ustedes y ya yo
    """
)
#: A finite verb: a line that holds one reads as a sentence.
AUXILIARY = words_of(
    """
    is are was were be been has have had do does did can could may might must shall should will would
    isn't aren't can't don't doesn't won't include includes including need needs means es son está están
    era fue ser ha han puede pueden debe deben tiene tienen hay incluye incluyen suele suelen
    """
)
#: A line that ends with one of these is not finished: it is a list's opening, not a heading.
LEADS_ON = words_of(
    """
    a an and any are as at be because but by can cannot cause causes contain contains could did do does
    following for from had has have if in include included includes including into involve involves is
    like may might must namely nor not of offer offers or our require requires say says should since
    some such than that the their to unless until was were when which while who whom whose will with
    without would you your al así con como contiene contienen de del el en es incluido incluye incluyen
    la las los o para pero por porque puede pueden que requiere si siguiente siguientes sin son su sus
    un una y
    """
)
#: Words a question or an explaining heading begins with.
ASKING = words_of(
    """
    what what's when where which who who's whom whose why how is are am was were do does did can could
    should would will may must have has qué cuál cuáles cuándo dónde quién quiénes cómo cuánto cuánta
    cuántos por para puedo debo es hay tengo
    """
)
#: What links and buttons tell a reader to do.
CALLS_TO_ACTION = words_of(
    """
    apply ask back book browse buy call check click contact discover donate download email explore fill
    find follow get give go join learn listen order pay print read register request return search see
    send share shop sign start submit subscribe try view visit watch busque compre comparta consulte
    contacte descargue descubra encuentre escriba escuche lea llame más mire pague pida regístrese
    reserve siga solicite suscríbase vea ver visite vuelva
    """
)
#: Words that name a picture, at the head of an alt text or a caption.
PICTURES = words_of(
    """
    photo photograph photos picture pictured image images screenshot screenshots screen-shot screengrab
    logo graphic illustration infographic diagram chart drawing cartoon headshot portrait close-up
    closeup thumbnail icon banner foto fotografía imagen imágenes ilustración captura logotipo gráfico
    diagrama dibujo retrato infografía
    """
)
#: "You" and "we": running text talks to its reader, a caption describes.
ADDRESSING = words_of(
    """
    you your yours yourself you're you'll you've we our us we'll we're we've i my me please usted
    ustedes su sus tu tus te nosotros nuestra nuestro nuestros nuestras por favor
    """
)
#: A line that begins with one of these points back at the line before it.
POINTING = words_of(
    """
    this these those that that's it it's they they're he she such so then thus therefore however but and
    or yet also instead otherwise still let's we i esto esta este estos estas eso así además pero y o
    luego entonces
    """
)
#: A sentence that begins with one of these goes on from the sentence before it.
LEANING = POINTING | words_of(
    """
    another both if when while although because since once until before after as in for with here there
    remember note sin aunque porque si cuando mientras por para en con
    """
)
#: Little words that stay small in a title set in capitals.
SMALL_IN_TITLES = words_of(
    """
    a an and as at but by de del e el en for from if in into is la las los nor of off on or over per que
    the to up via vs with y your
    """
)
#: Numbers as words, for headings that promise a count ("Three questions to ask").
COUNTS = {
    word: number
    for number, words in enumerate(
        (
            "two dos",
            "three tres",
            "four cuatro",
            "five cinco",
            "six seis",
            "seven siete",
            "eight ocho",
            "nine nueve",
            "ten diez",
        ),
        2,
    )
    for word in words.split()
}
#: Sections that close an article and belong to no section before them.
CLOSING = words_of(
    """
    about acknowledgements acknowledgments conclusion conclusions contact contacts footnotes further
    notes references resources summary bibliografía conclusión conclusiones contacto notas recursos
    referencias resumen
    """
)
