// The API's two pages in the colours chosen for all pages, else in the system's. Redoc takes them as a theme and Swagger
// as a class; neither follows by itself.
(() => {
  const root = document.documentElement;
  const chosen = /(?:^|; )theme=(light|dark)/.exec(document.cookie)?.[1];
  if (chosen) root.dataset.theme = chosen;
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.classList.toggle("dark-mode", dark);
  const place = document.querySelector("[data-schema]");
  if (!place) return;

  const token = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  const text = token("text");
  const theme = {
    colors: {
      primary: { main: token("brand") },
      text: { primary: text, secondary: token("text-2") },
      border: { light: token("line"), dark: token("line-control") },
      error: { main: token("danger") },
    },
    schema: { nestedBackground: token("surface-2"), requireLabelColor: token("danger"), typeNameColor: token("text-2"), typeTitleColor: token("text-2") },
    sidebar: { backgroundColor: token("surface-2"), textColor: text },
    rightPanel: { backgroundColor: "#16211e", textColor: "#eef3f0" },
    codeBlock: { backgroundColor: "#0e1614" },
    typography: {
      fontFamily: token("font-sans"),
      headings: { fontFamily: token("font-sans") },
      code: { wrap: true, color: text, backgroundColor: token("surface-3") },
      links: { color: token("brand"), visited: token("brand"), hover: token("brand-strong") },
    },
  };
  Redoc.init(place.dataset.schema, { hideHostname: true, expandResponses: "200,201", theme }, place);
})();
