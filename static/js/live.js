// Tells the page what happens: each event of the stream becomes `live:<kind>` and then `live:any` on the body, in
// order and once. A socket pushes; whatever was missed comes from the feed, and without a socket the feed is asked
// every 15 seconds. Fragments follow with hx-trigger="live:member.joined from:body". What redraws whole figures follows
// `live:soon` or `live:later`: once for all that happened within 0.4 or 5 seconds, the last of it included.
(() => {
  const { liveUrl, feedUrl, lastSeq, liveMerchant } = document.body.dataset;
  if (!liveUrl || !feedUrl) return;

  const POLL = 15000;
  const SILENCE = 75000; // the server shows a sign of life every 30 s
  const TRIES = 3; // failed connects before polling
  const SIGNED_OUT = 4401;
  const GATHERED = { "live:soon": 400, "live:later": 5000 };

  let last = Number(lastSeq || 0);
  let failures = 0;
  let socket = null;
  let waiting = null; // pages that came while the feed was asked
  let retry, silence, polling;

  const show = (state) => {
    for (const element of document.querySelectorAll("[data-live-state]")) element.dataset.liveState = state;
  };

  const showAsOf = () => {
    const now = new Date();
    const clock = new Intl.DateTimeFormat(document.documentElement.lang, {
      hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    });
    for (const time of document.querySelectorAll("time[data-live-at]")) {
      time.dateTime = now.toISOString();
      time.textContent = clock.format(now);
    }
    show("polling");
  };

  const tell = (event) => {
    if (event.seq <= last) return;
    last = event.seq;
    if (liveMerchant && event.merchant !== liveMerchant) return;
    for (const name of [`live:${event.kind}`, "live:any"]) {
      document.body.dispatchEvent(new CustomEvent(name, { detail: event }));
    }
    gather();
  };

  const gathering = new Set();
  const gather = () => {
    for (const [name, wait] of Object.entries(GATHERED)) {
      if (gathering.has(name)) continue;
      gathering.add(name);
      setTimeout(() => {
        gathering.delete(name);
        document.body.dispatchEvent(new CustomEvent(name));
      }, wait);
    }
  };

  const take = (page) => {
    page.events.forEach(tell);
    last = Math.max(last, page.last);
  };

  const readFeed = async () => {
    for (let more = true; more; ) {
      const answer = await fetch(`${feedUrl}?after=${last}`, { headers: { Accept: "application/json" } });
      if (answer.status === 401) return stop();
      if (!answer.ok) throw new Error(`feed: ${answer.status}`);
      const page = await answer.json();
      take(page);
      more = page.more;
    }
  };

  let reading = Promise.resolve();
  const catchUp = () => (reading = reading.catch(() => {}).then(readFeed)); // one at a time

  // What is pushed meanwhile waits, so that the order holds.
  const catchUpThenListen = async (own) => {
    waiting = waiting || [];
    await catchUp();
    if (own !== socket) return;
    const pages = waiting;
    waiting = null;
    pages.forEach(receive);
  };

  const receive = (page) => {
    if (waiting) waiting.push(page);
    else if (page.more) catchUpThenListen(socket).catch(fail);
    else take(page);
  };

  const open = () => {
    retry = clearTimeout(retry);
    const address = new URL(liveUrl, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const own = (socket = new WebSocket(address));
    waiting = [];
    watch();
    own.onopen = () =>
      catchUpThenListen(own).then(() => {
        if (own !== socket) return;
        failures = 0;
        clearInterval(polling);
        polling = undefined;
        show("live");
      }, fail);
    own.onmessage = ({ data }) => {
      if (own !== socket) return;
      watch();
      receive(JSON.parse(data));
    };
    own.onclose = ({ code }) => {
      if (own === socket) code === SIGNED_OUT ? stop() : fail();
    };
  };

  const watch = () => {
    clearTimeout(silence);
    silence = setTimeout(fail, SILENCE);
  };

  const drop = () => {
    clearTimeout(silence);
    const old = socket;
    socket = null;
    old?.close();
  };

  const fail = () => {
    drop();
    failures += 1;
    if (failures < TRIES) show("reconnecting");
    else if (!polling) {
      polling = setInterval(poll, POLL);
      poll();
    }
    clearTimeout(retry);
    retry = setTimeout(open, Math.min(30000, 500 * 2 ** failures) * (0.5 + Math.random() / 2));
  };

  const poll = () => catchUp().then(() => polling && showAsOf(), () => polling && show("reconnecting"));

  const stop = () => {
    drop();
    retry = clearTimeout(retry);
    clearInterval(polling);
    polling = undefined;
    show("reconnecting");
    document.body.dispatchEvent(new CustomEvent("live:signed-out"));
  };

  const wake = () => {
    if (!document.hidden && !socket && retry) open();
  };
  document.addEventListener("visibilitychange", wake);
  window.addEventListener("online", wake);
  window.addEventListener("pageshow", ({ persisted }) => persisted && fail()); // the back button kept the page

  open();
})();
