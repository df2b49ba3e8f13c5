// Server-sent events read from a fetch, which tells a refusal from a lost line and shows the pings.

/** Calls `take(event, data)` for each event and `heard()` for all that comes, until the end. */
export async function readEvents(body, take, heard) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    const searched = Math.max(0, rest.length - 3);
    rest += value;
    if (!/\r?\n\r?\n/.test(rest.slice(searched))) continue;
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) takeBlock(block, take);
  }
}

function takeBlock(block, take) {
  let event = "message";
  const data = [];
  for (const line of block.split(/\r?\n/)) {
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (field === "event") event = value;
    if (field === "data") data.push(value);
  }
  if (data.length > 0) take(event, JSON.parse(data.join("\n")));
}
