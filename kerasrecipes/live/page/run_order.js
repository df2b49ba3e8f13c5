// Which runs are shown, and in which order: filtered, sorted, trials under their search.

/** Rows `{ run, depth, children, isOpen }` of `runs`. */
export function runRows(runs, { find, status, column, descending, open }) {
  const wanted = new Set(runs.filter((run) => fits(run, find, status)).map(({ id }) => id));
  const children = new Map();
  const known = new Set(runs.map(({ id }) => id));
  for (const run of runs) {
    const parent = known.has(run.parent) && run.parent !== run.id ? run.parent : null;
    if (!children.has(parent)) children.set(parent, []);
    children.get(parent).push(run);
  }
  const isFiltered = find !== "" || status !== "";
  return rowsOf(null, 0);

  function rowsOf(parent, depth) {
    const here = [...(children.get(parent) ?? [])].sort((a, b) =>
      compare(a, b, column, descending),
    );
    return here.flatMap((run) => {
      const below = depth < 4 ? (children.get(run.id) ?? []) : [];
      const isInside = isFiltered && below.some(({ id }) => wanted.has(id));
      const isOpen = open.has(run.id) || isInside;
      const inner = isOpen && below.length > 0 ? rowsOf(run.id, depth + 1) : [];
      if (!wanted.has(run.id) && inner.length === 0) return [];
      return [{ run, depth, children: below.length, isOpen }, ...inner];
    });
  }
}

/** What is missing comes last, whichever way it is sorted. */
function compare(a, b, column, descending) {
  const [left, right] = [column.value(a) ?? null, column.value(b) ?? null];
  if (left === null || right === null) return (left === null) - (right === null);
  const order = left < right ? -1 : left > right ? 1 : 0;
  return descending ? -order : order;
}

function fits(run, find, status) {
  if (
    status === "live"
      ? !["running", "paused"].includes(run.status)
      : status !== "" && run.status !== status
  )
    return false;
  const settings = Object.entries(run.settings ?? {}).map(([key, value]) => `${key}=${value}`);
  const text = [run.title, run.id, run.kind, run.status, ...settings].join(" ").toLowerCase();
  return find
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
