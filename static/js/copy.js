// Copies what a button carries and says so for two seconds. Web views without the clipboard get the older way.
(() => {
  const older = (text) => {
    const area = document.createElement("textarea");
    area.className = "sr";
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done ? Promise.resolve() : Promise.reject(new Error("copy refused"));
  };
  const write = (text) =>
    navigator.clipboard ? navigator.clipboard.writeText(text).catch(() => older(text)) : older(text);

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const words = button.querySelector("[data-copy-words]") || button;
    write(button.dataset.copy).then(() => {
      const before = button.dataset.copyBefore || words.textContent;
      button.dataset.copyBefore = before;
      words.textContent = button.dataset.copied;
      setTimeout(() => (words.textContent = before), 2000);
    }, () => {});
  });
})();
