// When something fails: focus the first fault of a form, and say plainly what became of a fragment's request.
(() => {
  const focusFirstFault = (root) => {
    const fault = root.querySelector("[aria-invalid='true'], [data-fault]");
    if (fault) fault.focus();
  };

  const say = (kind, reference) => {
    const template = document.getElementById(`fault-${kind}`);
    const place = document.getElementById("notices");
    if (!template || !place) return;
    const panel = template.content.cloneNode(true);
    const line = panel.querySelector(".fault-reference");
    if (line && reference) line.querySelector("[data-reference]").textContent = reference;
    else if (line) line.remove();
    place.replaceChildren(panel);
    place.scrollIntoView({ block: "nearest" });
    focusFirstFault(place);
  };

  const kinds = { 401: "signed-out", 403: "refused", 404: "absent", 429: "busy" };

  document.addEventListener("htmx:responseError", ({ detail: { xhr } }) =>
    say(kinds[xhr.status] || "server", xhr.getResponseHeader("X-Request-ID")),
  );
  document.addEventListener("htmx:sendError", () => say("network"));
  document.addEventListener("htmx:timeout", () => say("network"));
  document.body.addEventListener("live:signed-out", () => say("signed-out"));
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.xhr && detail.xhr.status === 422) focusFirstFault(detail.elt);
    else if (detail.xhr && detail.requestConfig.verb !== "get") document.getElementById("notices")?.replaceChildren();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-reload]")) return;
    event.preventDefault();
    location.reload();
  });

  focusFirstFault(document.getElementById("main") || document.body);
})();
