// One box ticks and unticks many: `data-check-all` holds the selector of those it rules, and follows them.
(() => {
  const ruled = (all) => [...document.querySelectorAll(all.dataset.checkAll)];
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("[data-check-all]")) for (const one of ruled(box)) one.checked = box.checked;
    else
      for (const all of document.querySelectorAll("[data-check-all]"))
        if (box.matches(all.dataset.checkAll)) all.checked = ruled(all).every((one) => one.checked);
  });
})();
