// Requests to the training, and what became of them.

const LONGEST = 20_000; // the server itself waits up to 10 s for the training

/**
 * Asks for a setting to be moved or something to be done.
 * Returns `{ outcome: "done" | "waiting" | "refused", nudge, reason }`.
 */
export async function send({ name, value = null, note = "", take_over = false }) {
  try {
    const answer = await fetch("/api/nudge", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name, value, note, take_over }),
      signal: AbortSignal.timeout(LONGEST),
    });
    return await read(answer);
  } catch (error) {
    const reason =
      error.name === "TimeoutError" ? "no answer in time" : "the server cannot be reached";
    return { outcome: "refused", reason };
  }
}

async function read(answer) {
  const text = await answer.text();
  let said = {};
  try {
    said = JSON.parse(text);
  } catch {
    said = { error: text.trim() };
  }
  if (answer.status === 202) return { outcome: "waiting" };
  if (answer.ok) return { outcome: "done", nudge: said.nudge };
  return { outcome: "refused", reason: said.error || `the server answered ${answer.status}` };
}
