// A quick hand on a slow network, on the sale page. Taps are told one after another, none is lost and a tap on
// “Confirm” waits for the answers before it. What is typed while an answer is under way stays as it was typed.
(() => {
  const form = document.getElementById("sale");
  const place = document.getElementById("confirm");
  if (!form || !place) return;

  const button = place.querySelector("button");
  const wishes = []; // taps that wait: {name, value, row}; the confirmation has no name
  let busy = false; // an answer about the basket is under way
  let pressed = null; // the tap under a finger or a mouse button, until it is released
  let sent = new Map();
  let searched = ""; // as it was when the basket was last told

  // A row by its goods, for its place changes as others go.
  const rows = () => {
    const seen = {};
    return [...form.querySelectorAll("#basket .row")].map((row) => {
      const { value } = row.querySelector("[name=sku]");
      seen[value] = (seen[value] || 0) + 1;
      return { row, key: `${value} ${seen[value]}` };
    });
  };
  const fields = () =>
    rows().flatMap(({ row, key }) => ["price", "quantity"].map((name) => [`${key} ${name}`, row.querySelector(`[name=${name}]`)]));

  const same = (one, other) => one === other || Number(one.replaceAll(",", "")) === Number(other.replaceAll(",", ""));
  const untold = () => fields().some(([, field]) => !same(field.value, field.defaultValue));

  const wishOf = (tapped) => {
    const value = tapped.name === "add" ? tapped.value || form.elements.q.value : tapped.value;
    return { tapped, name: tapped.name, value, row: rows().find(({ row }) => row.contains(tapped))?.key };
  };

  const confirms = () => wishes.some(({ name }) => !name);
  const showWaiting = () => button.setAttribute("aria-busy", confirms());

  const next = () => {
    if (busy || pressed) return;
    if (!wishes[0]?.name && untold()) return htmx.trigger(form, "tell");
    const wish = wishes.shift();
    showWaiting();
    if (!wish) return;
    if (!wish.name) return htmx.trigger(button, "confirmed");
    const at = wish.row && rows().findIndex(({ key }) => key === wish.row);
    if (at === -1) return next(); // its row went meanwhile
    htmx.trigger(form, "tell", { name: wish.name, value: at ?? wish.value });
  };

  const wait = (wish) => {
    if (wish.name || !confirms()) wishes.push(wish);
    showWaiting();
    next();
  };

  form.addEventListener("click", (event) => {
    const tapped = event.target.closest("button[type=submit]");
    if (!tapped || (tapped !== button && !busy)) return;
    event.preventDefault();
    event.stopPropagation();
    wait(wishOf(tapped));
  }, true);

  form.addEventListener("change", (event) => {
    if (event.target.closest("#basket")) next();
  });

  // Leaving a field by pressing a button must not put another button under the finger before it is released.
  form.addEventListener("pointerdown", (event) => {
    const tapped = event.target.closest("button[type=submit]");
    pressed = tapped && wishOf(tapped);
  });
  const release = (event) => {
    const wish = pressed;
    if (!wish) return;
    const under = event.type === "pointerup" && event.target.closest("button");
    if (!wish.tapped.isConnected && under && under.name === wish.name) wishes.push(wish); // no click will come
    setTimeout(() => {
      pressed = null;
      next();
    });
  };
  for (const kind of ["pointerup", "pointercancel", "blur"]) window.addEventListener(kind, release);

  const ofBasket = (listener) => ({ detail }) => detail.target?.id === "basket" && listener(detail);

  document.addEventListener("htmx:beforeSend", ofBasket(() => {
    busy = true;
    sent = new Map(fields().map(([key, field]) => [key, field.value]));
    searched = form.elements.q.value;
  }));

  // htmx would add the button last clicked.
  form.addEventListener("htmx:configRequest", ({ detail: { parameters, triggeringEvent } }) => {
    if (triggeringEvent?.type !== "tell") return;
    for (const tap of ["add", "more", "less", "without"]) delete parameters[tap];
    const { name, value } = triggeringEvent.detail;
    if (name) parameters[name] = value;
  });

  let kept = []; // [key, value, news, caret]: what was typed since, and the field where somebody is typing
  let search = null; // the field where the next goods are looked for already
  document.addEventListener("htmx:beforeSwap", ofBasket(() => {
    search = form.elements.q.value === searched ? null : form.elements.q;
    kept = fields().flatMap(([key, field]) => {
      const news = sent.has(key) && field.value !== sent.get(key);
      const here = field === document.activeElement;
      return news || here ? [[key, field.value, news, here && field.selectionEnd]] : [];
    });
  }));
  document.addEventListener("htmx:afterSwap", ({ target }) => {
    if (target.id !== "basket") return;
    const now = new Map(fields());
    for (const [key, value, news, caret] of kept.splice(0)) {
      const field = now.get(key);
      if (!field || !(news || same(value, field.value))) continue;
      field.value = value;
      if (caret !== false) field.setSelectionRange(caret, caret);
    }
    place.hidden = !now.size;
  });
  document.addEventListener("htmx:afterSettle", ({ target }) => {
    const { q } = form.elements;
    if (target.id !== "basket" || !search || search === q) return;
    q.value = search.value;
    q.focus();
    q.dispatchEvent(new Event("input", { bubbles: true }));
  });

  document.addEventListener("htmx:afterRequest", ofBasket(({ xhr }) => {
    if (xhr.getResponseHeader("HX-Redirect")) return; // sold; the page goes
    const told = xhr.status === 200;
    if (!told) {
      wishes.length = 0; // what went wrong is said, and is to be read before anything goes on
      showWaiting();
    }
    setTimeout(() => {
      busy = false;
      if (told) next();
    });
  }));

  // Several goods bear the name that was added, or none: who confirms without them should know.
  form.addEventListener("sale:choose", () => {
    for (const wish of wishes.splice(0)) if (wish.name) wishes.push(wish);
    document.getElementById("goods").scrollIntoView({ block: "center" });
  });
  // The suggestions for the same words, which come later, would take that away.
  form.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.target.id !== "goods") return;
    detail.shouldSwap &&= form.querySelector("#goods [data-asked]")?.dataset.asked !== form.elements.q.value.trim();
  });

  window.addEventListener("pageshow", ({ persisted }) => persisted && (busy = false));
})();
