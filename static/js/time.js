// Keeps “4 minutes ago” true while a page stays open. The browser knows the words of the page's language.
(() => {
  const format = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always" });
  const tick = () => {
    for (const time of document.querySelectorAll("time[data-since]")) {
      const minutes = Math.trunc((new Date(time.dateTime) - Date.now()) / 60000);
      const [size, unit] = Math.abs(minutes) < 60 ? [minutes, "minute"]
        : Math.abs(minutes) < 1440 ? [Math.trunc(minutes / 60), "hour"] : [Math.trunc(minutes / 1440), "day"];
      if (minutes && Math.abs(minutes) < 10080) time.textContent = format.format(size, unit);
    }
  };
  setInterval(tick, 30000);
  document.addEventListener("visibilitychange", () => document.hidden || tick());
})();
