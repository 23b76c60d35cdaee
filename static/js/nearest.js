// Where are you? Asked only by a tap, or when the answer is known to be yes. The place goes into one request, rounded
// to about ten metres, and is not kept. Refused or not found: the list of cities, which is there from the start.
const near = document.getElementById("near");
const area = near?.querySelector("[data-with-location]");

if (near && area && "geolocation" in navigator && window.isSecureContext) {
  const button = area.querySelector("[data-locate]");
  const waiting = area.querySelector("[data-locating]");
  const put = (url) => window.htmx.ajax("GET", url, { target: near, swap: "innerHTML" });

  const found = ({ coords }) => {
    const place = new URLSearchParams({ lng: coords.longitude.toFixed(4), lat: coords.latitude.toFixed(4) });
    put(`${near.dataset.nearest}?${place}`);
  };
  const lost = ({ code, PERMISSION_DENIED }) =>
    put(`${near.dataset.cities}?why=${code === PERMISSION_DENIED ? "refused" : "unavailable"}`);
  const ask = () => {
    button.disabled = true;
    waiting.hidden = false;
    navigator.geolocation.getCurrentPosition(found, lost, { timeout: 8000, maximumAge: 60000 });
  };

  area.hidden = false;
  button.addEventListener("click", ask);
  navigator.permissions?.query({ name: "geolocation" }).then(({ state }) => state === "granted" && ask(), () => {});
}
