// One box ticks and unticks many: `data-check-all` holds the selector of those it rules, and follows them. What those
// with an amount in fen (`data-amount`) come to stands in every `data-ticked-count` and `data-ticked-sum`. A button that
// `data-asks` opens the dialog of that id first, if anything is ticked; the dialog's own button sends the form.
(() => {
  const ruled = (all) => [...document.querySelectorAll(all.dataset.checkAll)];
  const write = (place, words) => document.querySelectorAll(place).forEach((one) => (one.textContent = words));

  const add = () => {
    const ticked = [...document.querySelectorAll("[data-amount]:checked")];
    const fen = ticked.reduce((sum, box) => sum + BigInt(box.dataset.amount), 0n);
    const whole = (fen / 100n).toLocaleString("en-US");
    write("[data-ticked-count]", ticked.length);
    write("[data-ticked-sum]", `¥${whole}.${String(fen % 100n).padStart(2, "0")}`);
    document.querySelectorAll("[data-ticked]").forEach((place) => (place.hidden = !ticked.length));
    return ticked.length;
  };

  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("[data-check-all]")) for (const one of ruled(box)) one.checked = box.checked;
    else
      for (const all of document.querySelectorAll("[data-check-all]"))
        if (box.matches(all.dataset.checkAll)) all.checked = ruled(all).every((one) => one.checked);
    add();
  });

  document.addEventListener("submit", (event) => {
    const dialog = document.getElementById(event.submitter?.dataset.asks);
    if (!dialog || !add()) return; // of nothing ticked the answer says what to do
    event.preventDefault();
    dialog.showModal();
  });

  add();
})();
