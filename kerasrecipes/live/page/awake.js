// When the page comes back: shown again after a while, or out of the browser's cache.

const LONG = 30_000; // hidden for less, the line is taken to have held

/** Calls `renew()` when what the page holds may be old. */
export function whenAwake(renew) {
  let hiddenAt = null;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hiddenAt = Date.now();
    else if (hiddenAt !== null && Date.now() - hiddenAt > LONG) renew();
  });
  window.addEventListener("pageshow", (event) => event.persisted && renew());
}
