"""Using a page with the keyboard alone."""

from playwright.sync_api import Page

OPERABLE = "a[href], button, summary, input, select, textarea"
MARK = """operable => {
    const seen = [...document.querySelectorAll(operable)].filter(
        element => element.checkVisibility({visibilityProperty: true}) && element.tabIndex >= 0 && !element.disabled);
    seen.forEach((element, index) => { element.dataset.place = index; });
    return seen.map(element => element.outerHTML.slice(0, 120));
}"""
# Where the focus is now, and whether one can see it: an outline or a shadow, or that of the form around it.
FOCUSED = """() => {
    const element = document.activeElement;
    const shows = ({outlineStyle, outlineWidth, boxShadow}) =>
        (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
    const visible = [element, element.form].some(each => each && shows(getComputedStyle(each)));
    return [element.dataset.place ?? null, visible, element.outerHTML.slice(0, 120)];
}"""


def keyboard_barriers(page: Page) -> list[str]:
    """Go through an open page with the Tab key.

    Returns
    -------
    list of str
        A line for each link, button or control that is not reached, that is reached out of order, or where one cannot
        see that it is reached.
    """
    elements = page.evaluate(MARK, OPERABLE)
    places: list[int] = []
    barriers = []
    for _ in range(2 * len(elements) + 20):  # other elements can have the focus too, such as scrolled code
        page.keyboard.press("Tab")
        place, visible, shown = page.evaluate(FOCUSED)
        if place is None:
            if shown.startswith("<body"):
                break
            continue
        if places and int(place) == places[0]:
            break
        places.append(int(place))
        if not visible:
            barriers.append(f"the focus cannot be seen: {shown}")
    barriers += [f"not reached: {shown}" for index, shown in enumerate(elements) if index not in places]
    if places != sorted(places):
        barriers.append(f"reached out of order: {places}")
    return barriers
