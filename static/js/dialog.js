// Opens native dialogs, closes them on their backdrop, and takes toasts away.
(() => {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
    if (event.target.closest("[data-dialog-close]")) event.target.closest("dialog")?.close();
    if (event.target.matches("dialog")) event.target.close();
    if (event.target.closest("[data-toast-close]")) event.target.closest(".toast").remove();
  });

  // A fragment that brings a dialog marked so is shown as it arrives.
  const openArrived = (root) => root.querySelectorAll("dialog[data-dialog-now]:not([open])").forEach((dialog) => dialog.showModal());
  document.addEventListener("htmx:afterSettle", ({ detail }) => openArrived(detail.elt.parentElement || document));
  openArrived(document);

  // Good news leaves by itself; what needs doing stays until it is closed. Pointing at it or reading it holds it.
  const leave = (toast) => {
    if (toast.matches(":hover, :focus-within")) setTimeout(leave, 2000, toast);
    else toast.remove();
  };
  const watch = (toast) => {
    if (!toast.matches(".toast-danger")) setTimeout(leave, 8000, toast);
  };
  const place = document.getElementById("toasts");
  if (!place) return;
  place.querySelectorAll(".toast").forEach(watch);
  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) if (node.matches?.(".toast")) watch(node);
  }).observe(place, { childList: true });
})();
