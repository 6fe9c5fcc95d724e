// Say what the arrows of the contents open, to who hears the page.
document.addEventListener("DOMContentLoaded", () => {
  for (const arrow of document.querySelectorAll("summary > .toctree-toggle")) {
    const link = arrow.closest("li").querySelector("a");
    arrow.parentElement.setAttribute("aria-label", `What is in ${link ? link.textContent.trim() : "here"}`);
  }
});

// A formula that is wider than its page can be scrolled by the keyboard, too.
window.addEventListener("load", () => {
  window.MathJax?.startup?.promise?.then(() => {
    for (const formula of document.querySelectorAll("mjx-container[display='true']")) formula.tabIndex = 0;
  });
});

// A picture for each place of a slider: drawn beforehand, shown as the handle is dragged or the arrow keys are used.
document.addEventListener("DOMContentLoaded", () => {
  for (const figure of document.querySelectorAll("figure.explorer")) {
    const states = JSON.parse(figure.querySelector("script").textContent);
    const picture = figure.querySelector("img");
    const handle = figure.querySelector("input");
    const shown = figure.querySelector("output");
    const sentence = figure.querySelector("figcaption");
    const show = () => {
      const state = states[Number(handle.value)];
      picture.src = figure.dataset.folder + state.picture;
      picture.alt = state.sentence;
      sentence.textContent = state.sentence;
      shown.textContent = state.value;
      handle.setAttribute("aria-valuetext", state.value);
    };
    // The other pictures are fetched when somebody reaches for the handle, so that a page opens quickly.
    const fetchAll = () => states.forEach((state) => { new Image().src = figure.dataset.folder + state.picture; });
    handle.addEventListener("pointerenter", fetchAll, { once: true });
    handle.addEventListener("focus", fetchAll, { once: true });
    handle.addEventListener("input", show);
  }
});

// Paper has no click: what folds hide is opened to be printed, and closed again. Code alone stays folded.
let opened = [];
window.addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")].filter((fold) => fold.querySelector(".cell_output"));
  for (const fold of opened) fold.open = true;
  for (const picture of document.querySelectorAll("img[loading]")) picture.loading = "eager";
});
window.addEventListener("afterprint", () => {
  for (const fold of opened) fold.open = false;
});
