// One slide at a time; arrows, space, Page Up and Page Down, Home and End turn them, and so does a click or a tap.
const slides = [...document.querySelectorAll("section")];
let at = 0;

function show(place) {
  at = Math.max(0, Math.min(slides.length - 1, place));
  slides.forEach((slide, number) => slide.classList.toggle("now", number === at));
  history.replaceState(null, "", `#${at + 1}`);
}

const steps = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1,
                Home: -Infinity, End: Infinity };
addEventListener("keydown", (event) => {
  if (event.key in steps && !event.ctrlKey && !event.altKey && !event.metaKey) {
    event.preventDefault();
    show(at + steps[event.key]);
  }
});
addEventListener("click", (event) => show(at + (event.clientX < innerWidth / 3 ? -1 : 1)));
document.body.classList.add("one");
show((parseInt(location.hash.slice(1), 10) || 1) - 1);
