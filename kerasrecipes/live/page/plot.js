// A drawing surface of BokehJS: lines, marks and axes on plain numbers. No text of users enters it.

import { bokeh } from "./charts_script.js";
import { KINDS, colour } from "./palette.js";

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

export class Plot {
  constructor(holder, height) {
    Object.assign(this, { holder, height, view: null });
  }

  /** Makes the figure; until then nothing can be drawn. */
  async open() {
    const Bokeh = await bokeh();
    this.Bokeh = Bokeh;
    this.figure = Bokeh.Plotting.figure({
      tools: [],
      toolbar_location: null,
      height: this.height,
      sizing_mode: "stretch_width",
      min_border: 4,
      x_range: new Bokeh.Range1d({ start: 0, end: 1 }),
      y_range: new Bokeh.Range1d({ start: 0, end: 1 }),
      background_fill_color: null,
      border_fill_color: null,
      outline_line_color: null,
      lod_threshold: null,
    });
    [[this.xAxis], [this.yAxis]] = [this.figure.below, this.figure.left];
    [this.xAxis, this.yAxis].forEach((axis, dimension) => {
      axis.ticker = new Bokeh.FixedTicker({ ticks: [] });
      this.figure.center.find((grid) => grid.dimension === dimension).ticker = axis.ticker;
    });
    this.xAxis.axis_label = "step";
    this.#addGlyphs();
    this.colourAxes();
    this.view = await Bokeh.Plotting.show(this.figure, this.holder);
  }

  colourAxes() {
    for (const axis of [this.xAxis, this.yAxis]) {
      axis.setv({
        axis_line_color: null,
        major_tick_line_color: null,
        minor_tick_line_color: null,
        major_label_text_color: colour("soft"),
        major_label_text_font: FONT,
        major_label_text_font_size: "12px",
        axis_label_text_color: colour("soft"),
        axis_label_text_font: FONT,
        axis_label_text_font_size: "12px",
        axis_label_text_font_style: "normal",
        axis_label_standoff: 0,
      });
    }
    for (const grid of this.figure.center) grid.setv?.({ grid_line_color: colour("rule") });
  }

  /** Draws lines `{ x, y, colour, dash, width, alpha, dots }`; a colour is a name of the style. */
  drawLines(lines) {
    const inked = lines.map((line) => ({ ...line, ink: colour(line.colour) }));
    for (const [kind, source] of this.paths) {
      const ofKind = inked.filter(({ dash }) => dash === kind);
      const of = (part) => ofKind.map((line) => line[part]);
      source.data = {
        xs: of("x"),
        ys: of("y"),
        ink: of("ink"),
        width: of("width"),
        alpha: of("alpha"),
      };
    }
    const dotted = inked.filter(({ dots }) => dots);
    const each = (part) => dotted.flatMap((line) => line.x.map(() => line[part]));
    this.dots.data = {
      x: dotted.flatMap(({ x }) => x),
      y: dotted.flatMap(({ y }) => y),
      ink: each("ink"),
      alpha: each("alpha"),
    };
  }

  /** Draws upright lines at places of x. */
  drawMarks(places) {
    this.marks.data = { x: places, ink: places.map(() => colour("mark")) };
  }

  /** Sets what the axes show, `{ low, high, ticks: [[place, label], ...] }`. */
  setAxes(x, y) {
    for (const [axis, range, of] of [
      [this.xAxis, this.figure.x_range, x],
      [this.yAxis, this.figure.y_range, y],
    ]) {
      range.setv({ start: of.low, end: of.high });
      axis.major_label_overrides = new Map(of.ticks);
      axis.ticker.ticks = of.ticks.map(([place]) => place);
    }
  }

  /** The drawn rectangle in the holder, in CSS pixels: `{ left, top, width, height }`. */
  frame() {
    return this.view.frame.bbox;
  }

  /** One glyph for all lines of a kind, for all dots, for all marks: only their data change. */
  #addGlyphs() {
    const { MultiLine, Scatter, VSpan } = this.Bokeh;
    const ink = { line_color: { field: "ink" }, line_alpha: { field: "alpha" } };
    this.marks = this.#add(VSpan, ["x", "ink"], {
      line_color: ink.line_color,
      line_dash: [4, 3],
      line_width: 1.5,
    });
    const path = { ...ink, line_width: { field: "width" }, line_join: "round" };
    this.paths = new Map(
      Object.entries(KINDS).map(([kind, dash]) => {
        return [
          kind,
          this.#add(MultiLine, ["xs", "ys", "ink", "width", "alpha"], { ...path, line_dash: dash }),
        ];
      }),
    );
    const fill = { fill_color: ink.line_color, fill_alpha: ink.line_alpha };
    this.dots = this.#add(Scatter, ["x", "y", "ink", "alpha"], { ...ink, ...fill, size: 5 });
  }

  #add(Glyph, columns, look) {
    const source = new this.Bokeh.ColumnDataSource({
      data: Object.fromEntries(columns.map((column) => [column, []])),
    });
    const places = columns
      .filter((column) => /^[xy]s?$/.test(column))
      .map((field) => [field, { field }]);
    this.figure.add_glyph(new Glyph({ ...Object.fromEntries(places), ...look }), source);
    return source;
  }
}
