// The one flourish: a seal stamps when a redemption has just been done. Not again on going back, not against the wish.
(() => {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const stamp = (root) => {
    for (const seal of root.querySelectorAll("[data-stamp]")) {
      seal.removeAttribute("data-stamp");
      if (still.matches) continue;
      seal.classList.add("stamping");
      if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(20);
    }
  };
  const [visit] = performance.getEntriesByType("navigation");
  if (!visit || visit.type === "navigate") stamp(document);
  document.addEventListener("htmx:afterSettle", ({ detail }) => stamp(detail.elt.parentElement || document));
})();
