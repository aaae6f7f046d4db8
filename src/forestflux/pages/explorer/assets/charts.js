// Charts by Plotly, which is unpacked after the map stands.

const FIRST = "#0072B2";
const SECOND = "#D55E00";
const INK = "#17211d";
const MONTHS = "JFMAMJJASOND".split("");
const MONTH_NAMES = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
  "November", "December"];
const MONTH_DAYS = [1, 32, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335];
const FONT = { family: "system-ui, Segoe UI, Roboto, DejaVu Sans, sans-serif", size: 12, color: INK };
let library = null;

/** Plotly, once it is there. */
function plotly() {
  if (library === null) {
    library = inflate(document.getElementById("library").textContent.trim()).then((bytes) => {
      const script = document.createElement("script");
      script.textContent = new TextDecoder().decode(bytes);
      document.head.append(script);
      return window.Plotly;
    });
  }
  return library;
}

async function plot(place, traces, layout) {
  const charts = await plotly();
  if (!place.isConnected) return;
  const base = { font: FONT, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false,
    hoverlabel: { font: { size: 12 } }, dragmode: false };
  place.style.height = `${layout.height}px`; // the chart follows its place when the window changes
  await charts.newPlot(place, traces, { ...base, ...layout }, { displayModeBar: false, responsive: true });
}

const axis = (more = {}) => ({ fixedrange: true, gridcolor: "#e3e8e5", zeroline: false, linecolor: "#7d8984",
  ticks: "outside", ticklen: 3, tickcolor: "#7d8984", automargin: true, ...more });
const note = (text, xref, yref, more = {}) => ({ text, xref: `${xref} domain`, yref: `${yref} domain`, x: 0, y: 1,
  xanchor: "left", yanchor: "bottom", showarrow: false, font: { size: 12 }, ...more });

/** Annual GPP and NEE: a line with its interval, above each other. */
function plotYears(place, years, fluxes, marks = []) {
  const traces = [];
  fluxes.forEach(({ values, lower, upper, colour, observed }, row) => {
    const refs = { xaxis: "x", yaxis: row ? `y${row + 1}` : "y" };
    const band = (end, more) => ({ x: years, y: end, mode: "lines", line: { width: 0 }, hoverinfo: "skip", ...refs, ...more });
    if (observed) {
      const half = (end, sign) => values.map((value, i) => (value === null ? null : sign * (end[i] - value)));
      traces.push({ x: years, y: values, mode: "markers", name: "estimate", ...refs,
        error_y: { type: "data", symmetric: false, array: half(upper, 1), arrayminus: half(lower, -1), color: colour, thickness: 1.2, width: 3 },
        marker: { color: colour, size: 7, symbol: "square" }, hovertemplate: "%{x}: %{y:,.0f} estimated<extra></extra>" });
      traces.push({ x: years, y: observed, mode: "markers", name: "tower", ...refs,
        marker: { color: "#ffffff", size: 8, line: { color: INK, width: 1.6 } }, hovertemplate: "%{x}: %{y:,.0f} at the tower<extra></extra>" });
    } else {
      traces.push(band(lower), band(upper, { fill: "tonexty", fillcolor: `${colour}2e` }));
      traces.push({ x: years, y: values, mode: "lines+markers", line: { color: colour, width: 2 }, marker: { size: 4 }, ...refs,
        hovertemplate: "%{x}: %{y:,.4~r}<extra></extra>" });
    }
  });
  const shapes = marks.map((year) => ({ type: "line", x0: year, x1: year, yref: "paper", y0: 0, y1: 1,
    line: { color: "#7d8984", width: 1, dash: "dot" } }));
  const layout = { height: 300, margin: { l: 52, r: 8, t: 24, b: 32 }, shapes,
    xaxis: axis({ anchor: `y${fluxes.length}`, dtick: [1, 2, 5].find((step) => years.length / step <= 8) || 10, tick0: 2000, tickformat: "d",
      range: [years[0] - 0.5, years[years.length - 1] + 0.5] }),
    annotations: fluxes.map(({ title }, row) => note(title, "x", row ? `y${row + 1}` : "y")) };
  fluxes.forEach((_, row) => {
    layout[row ? `yaxis${row + 1}` : "yaxis"] = axis({ domain: row ? [0, 0.42] : [0.56, 0.98], nticks: 5, tickformat: ",~r" });
  });
  return plot(place, traces, layout);
}

/** The input series of one or two years; a gap stays a gap, with a mark below. */
function plotSeries(place, sets) {
  const days = Array.from({ length: 46 }, (_, step) => 1 + 8 * step);
  const traces = [];
  const layout = { height: 470, margin: { l: 40, r: 8, t: 40, b: 30 }, annotations: [], showlegend: true, dragmode: false,
    legend: { orientation: "h", x: 1, xanchor: "right", y: 1.015, yanchor: "bottom", font: { size: 12 } } };
  data.variables.forEach((variable, index) => {
    const suffix = index ? index + 1 : "";
    const [row, column] = [Math.floor(index / 2), index % 2];
    sets.forEach(({ name, series, colour }, which) => {
      const values = series[index];
      const refs = { xaxis: `x${suffix}`, yaxis: `y${suffix}`, legendgroup: name };
      traces.push({ x: days, y: values, mode: "lines+markers", name, connectgaps: false, showlegend: index === 0,
        line: { color: colour, width: 1.5 }, marker: { color: colour, size: 3 }, ...refs,
        hovertemplate: `day %{x}: %{y:.3~g} ${variable.unit === "1" ? "" : variable.unit}<extra>${name}</extra>` });
      const missing = days.filter((_, step) => Number.isNaN(values[step]));
      traces.push({ x: missing, y: missing.map(() => 0.035 + 0.06 * which), mode: "markers", ...refs, yaxis: `y${index + 7}`, showlegend: false,
        marker: { symbol: "line-ns-open", size: 5, color: colour, opacity: 0.75 }, hovertemplate: `day %{x}: gap<extra>${name}</extra>` });
    });
    const domain = { x: column ? [0.56, 1] : [0, 0.44], y: [0.7 - 0.345 * row, 0.94 - 0.345 * row] };
    layout[`xaxis${suffix}`] = axis({ domain: domain.x, anchor: `y${suffix}`, range: [-3, 370], tickvals: MONTH_DAYS, ticktext: MONTHS,
      tickangle: 0, tickfont: { size: 10 }, showgrid: false });
    layout[`yaxis${suffix}`] = axis({ domain: domain.y, anchor: `x${suffix}`, nticks: 4, tickfont: { size: 10 } });
    layout[`yaxis${index + 7}`] = { overlaying: `y${suffix}`, anchor: `x${suffix}`, range: [0, 1], visible: false, fixedrange: true };
    const unit = variable.unit === "1" ? "" : ` (${variable.unit.replace("day-1", "day⁻¹")})`;
    layout.annotations.push(note(`${variable.label}${unit}`, `x${suffix}`, `y${suffix}`, { xshift: -26, font: { size: 11.5 } }));
  });
  return plot(place, traces, layout);
}

/** What hiding a variable in a month does to GPP and NEE. */
function plotReasons(place, reasons) {
  const labels = data.variables.map((variable) => variable.label);
  const colours = paletteOf("nee").map(([r, g, b], i) => [i / 255, `rgb(${r},${g},${b})`]);
  const flipped = colours.map(([share], i) => [share, colours[255 - i][1]]);
  const traces = [];
  const layout = { height: 400, margin: { l: 78, r: 8, t: 24, b: 24 }, annotations: [] };
  ["gpp", "nee"].forEach((flux, row) => {
    const suffix = row ? "2" : "";
    const far = Math.max(...reasons[flux].flat().map(Math.abs), 1);
    traces.push({ type: "heatmap", x: MONTH_NAMES, y: labels, z: reasons[flux], zmin: -far, zmax: far, xgap: 1, ygap: 1,
      colorscale: row ? colours : flipped, xaxis: `x${suffix}`, yaxis: `y${suffix}`,
      colorbar: { thickness: 9, len: 0.4, y: row ? 0.2 : 0.78, outlinewidth: 0, tickfont: { size: 10 }, nticks: 5 },
      hovertemplate: `%{y} hidden in %{x}: %{z:+.1f} ${FLUX_UNIT}<extra></extra>` });
    layout[`xaxis${suffix}`] = axis({ anchor: `y${suffix}`, tickvals: MONTH_NAMES, ticktext: MONTHS, tickangle: 0, showgrid: false, ticks: "" });
    layout[`yaxis${suffix}`] = axis({ anchor: `x${suffix}`, domain: row ? [0, 0.4] : [0.57, 0.97], autorange: "reversed", showgrid: false, ticks: "" });
    layout.annotations.push(note(`change of ${flux.toUpperCase()} (${FLUX_UNIT})`, `x${suffix}`, `y${suffix}`));
  });
  return plot(place, traces, layout);
}
