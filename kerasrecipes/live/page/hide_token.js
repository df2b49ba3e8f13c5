// The token leaves the address bar, and the history with it; the cookie has it from now on.

export function hideToken() {
  const address = new URL(location.href);
  if (!address.searchParams.has("token")) return;
  address.searchParams.delete("token");
  history.replaceState(null, "", address.pathname + address.search + address.hash);
}
