// BokehJS, loaded once what needs no charts is on the screen.

const FILES = ["bokeh.min.js", "bokeh-api.min.js"];
let loading = null;

/** The `Bokeh` object, when it is there. */
export function bokeh() {
  loading ??= afterPaint().then(load);
  return loading;
}

function afterPaint() {
  return new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
}

async function load() {
  await Promise.all(FILES.map(loaded)); // `async = false`: run in this order
  window.Bokeh.set_log_level("warn");
  return window.Bokeh;
}

function loaded(file) {
  return new Promise((done, failed) => {
    const script = document.createElement("script");
    const src = new URL(file, import.meta.url).href; // beside this module
    Object.assign(script, { src, async: false, onload: done });
    script.onerror = () => failed(new Error(`${file} cannot be loaded`));
    document.head.append(script);
  });
}
