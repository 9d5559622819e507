"""An administrator at a browser window, working by keyboard alone or by mouse."""

from typing import Any

# What sticks out of the window, innermost elements alone; nothing where the page is no wider than it.
_TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.body.querySelectorAll("*")]
    .filter(element => !element.children.length && element.getBoundingClientRect().right > innerWidth)
    .map(element => `${element.tagName}.${element.className}: ${element.textContent.trim().slice(0, 60)}`)"""
# A ring or a shadow around what has the focus, and on the screen: otherwise nobody knows where Enter would go.
_SHOWN = """element => {
  const style = getComputedStyle(element), box = element.getBoundingClientRect();
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  return (ring || style.boxShadow !== "none") && box.bottom > 0 && box.top < innerHeight;
}"""
_MOST_TABS = 150


class Desk:
    """One window. Whatever is seen on it must fit its width; what is pressed by keyboard must show its focus."""

    def __init__(self, page: Any, base_url: str, hands: str) -> None:
        self.page, self.base_url, self.hands = page, base_url, hands
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        page.on("dialog", lambda dialog: dialog.accept())

    def open(self, path: str) -> None:
        self.page.goto(f"{self.base_url}{path}")
        self._fits()

    def link(self, name: str) -> Any:
        return self.page.get_by_role("link", name=name)

    def button(self, name: str) -> Any:
        return self.page.get_by_role("button", name=name)

    def sees(self, what: Any) -> Any:
        """Wait for a text, or for an element; the element."""
        found = self.page.get_by_text(what).first if isinstance(what, str) else what.first
        found.wait_for(timeout=10_000)
        self._fits()
        return found

    def press(self, element: Any) -> None:
        """Follow a link, push a button."""
        self._act(element, "Enter")

    def tick(self, element: Any) -> None:
        self._act(element, "Space")

    def write(self, element: Any, text: str) -> None:
        self._act(element, None)
        self.page.keyboard.type(text)

    def _act(self, element: Any, key: str | None) -> None:
        self.sees(element)
        if self.hands == "mouse":
            element.click()
            return
        self._tab_to(element)
        if key:
            self.page.keyboard.press(key)

    def _tab_to(self, element: Any) -> None:
        for _ in range(_MOST_TABS):
            self.page.keyboard.press("Tab")
            if element.evaluate("element => element === document.activeElement"):
                assert element.evaluate(_SHOWN), f"the focus on {element} cannot be seen"
                return
        raise AssertionError(f"{element} is not reached by the Tab key")

    def _fits(self) -> None:
        too_wide = self.page.evaluate(_TOO_WIDE)
        assert not too_wide, f"{self.page.url} is wider than the window by {too_wide[:5]}"
