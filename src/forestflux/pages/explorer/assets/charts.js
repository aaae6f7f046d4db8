// Charts, drawn by Plotly. Its library is unpacked only when a chart is drawn, so that the map appears first.

const FIRST_YEAR_COLOUR = "#0072B2";
const SECOND_YEAR_COLOUR = "#D55E00";
const INK = "#17211d";
const MONTH_LETTERS = "JFMAMJJASOND".split("");
const MONTH_STARTS = [1, 32, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335];
const FONT = { family: "system-ui, Segoe UI, Roboto, DejaVu Sans, sans-serif", size: 12, color: INK };
let chartLibrary = null;

/** Plotly; its script is run when it is first asked for. */
function loadChartLibrary() {
  if (chartLibrary === null) {
    chartLibrary = decompressText(document.getElementById("library").textContent.trim()).then((bytes) => {
      const script = document.createElement("script");
      script.textContent = new TextDecoder().decode(bytes);
      document.head.append(script);
      return window.Plotly;
    });
  }
  return chartLibrary;
}

/** Draw a chart in an element, unless the panel shows something else by now. */
async function drawChart(box, traces, layout) {
  const library = await loadChartLibrary();
  if (!box.isConnected) return;
  const base = { font: FONT, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false,
    hoverlabel: { font: { size: 12 } }, dragmode: false };
  box.style.height = `${layout.height}px`; // a responsive chart takes its height from the element
  await library.newPlot(box, traces, { ...base, ...layout }, { displayModeBar: false, responsive: true });
}

/** An axis in the style of all charts. */
const makeAxis = (more = {}) => ({ fixedrange: true, gridcolor: "#e3e8e5", zeroline: false, linecolor: "#7d8984",
  ticks: "outside", ticklen: 3, tickcolor: "#7d8984", automargin: true, ...more });
/** A title above the axes of one part of a chart. */
const makeChartTitle = (text, xref, yref, more = {}) => ({ text, xref: `${xref} domain`, yref: `${yref} domain`, x: 0, y: 1,
  xanchor: "left", yanchor: "bottom", showarrow: false, font: { size: 12 }, ...more });

/**
 * Annual GPP and NEE, one above the other: lines with the interval as a band.
 * At a tower (`observed` is given) they are markers with bars, beside markers of what the tower measured.
 */
function plotYears(box, years, fluxes, markedYears = []) {
  const traces = [];
  fluxes.forEach(({ values, lower, upper, colour, observed }, row) => {
    const axes = { xaxis: "x", yaxis: row ? `y${row + 1}` : "y" };
    const makeBound = (bound, more) => ({ x: years, y: bound, mode: "lines", line: { width: 0 }, hoverinfo: "skip", ...axes, ...more });
    if (observed) {
      const measureBar = (bound, sign) => values.map((value, i) => (value === null ? null : sign * (bound[i] - value)));
      traces.push({ x: years, y: values, mode: "markers", name: "estimate", ...axes,
        error_y: { type: "data", symmetric: false, array: measureBar(upper, 1), arrayminus: measureBar(lower, -1), color: colour, thickness: 1.2, width: 3 },
        marker: { color: colour, size: 7, symbol: "square" }, hovertemplate: "%{x}: %{y:,.0f} estimated<extra></extra>" });
      traces.push({ x: years, y: observed, mode: "markers", name: "tower", ...axes,
        marker: { color: "#ffffff", size: 8, line: { color: INK, width: 1.6 } }, hovertemplate: "%{x}: %{y:,.0f} at the tower<extra></extra>" });
    } else {
      traces.push(makeBound(lower), makeBound(upper, { fill: "tonexty", fillcolor: `${colour}2e` }));
      traces.push({ x: years, y: values, mode: "lines+markers", line: { color: colour, width: 2 }, marker: { size: 4 }, ...axes,
        hovertemplate: "%{x}: %{y:,.4~r}<extra></extra>" });
    }
  });
  const shapes = markedYears.map((year) => ({ type: "line", x0: year, x1: year, yref: "paper", y0: 0, y1: 1,
    line: { color: "#7d8984", width: 1, dash: "dot" } }));
  const layout = { height: 300, margin: { l: 52, r: 8, t: 24, b: 32 }, shapes,
    xaxis: makeAxis({ anchor: `y${fluxes.length}`, dtick: [1, 2, 5].find((step) => years.length / step <= 8) || 10, tick0: 2000, tickformat: "d",
      range: [years[0] - 0.5, years[years.length - 1] + 0.5] }),
    annotations: fluxes.map(({ title }, row) => makeChartTitle(title, "x", row ? `y${row + 1}` : "y")) };
  fluxes.forEach((_, row) => {
    layout[row ? `yaxis${row + 1}` : "yaxis"] = makeAxis({ domain: row ? [0, 0.42] : [0.56, 0.98], nticks: 5, tickformat: ",~r" });
  });
  return drawChart(box, traces, layout);
}

/** GPP and NEE of the months of some years, one above the other: lines with the interval as a band. */
function plotMonths(box, sets) {
  const numbers = MONTH_NAMES.map((_, month) => month + 1);
  const traces = TARGET_FLUXES.flatMap((flux, row) => sets.flatMap(({ name, colour, months }) => {
    const axes = { x: numbers, xaxis: "x", yaxis: row ? "y2" : "y", legendgroup: name };
    const makeBound = (sign, more) => ({ ...axes, y: months[flux].map((value, month) => value + sign * months[`${flux}_half_width`][month]),
      mode: "lines", line: { width: 0 }, hoverinfo: "skip", showlegend: false, ...more });
    return [makeBound(-1, {}), makeBound(1, { fill: "tonexty", fillcolor: `${colour}22` }),
      { ...axes, y: months[flux], mode: "lines+markers", name, showlegend: row === 0, line: { color: colour, width: 2 }, marker: { size: 4 },
        customdata: MONTH_NAMES, hovertemplate: `%{customdata}: %{y:,.1f}<extra>${name}</extra>` }];
  }));
  const layout = { height: 310, margin: { l: 52, r: 8, t: 40, b: 28 }, showlegend: true,
    legend: { orientation: "h", x: 1, xanchor: "right", y: 1.03, yanchor: "bottom", font: { size: 12 } },
    xaxis: makeAxis({ anchor: "y2", tickvals: numbers, ticktext: MONTH_LETTERS, tickangle: 0, range: [0.7, 12.3], showgrid: false }),
    annotations: TARGET_FLUXES.map((flux, row) => makeChartTitle(`${flux.toUpperCase()} (gC m⁻² month⁻¹)`, "x", row ? "y2" : "y")) };
  TARGET_FLUXES.forEach((_, row) => {
    layout[row ? "yaxis2" : "yaxis"] = makeAxis({ domain: row ? [0, 0.42] : [0.56, 0.98], nticks: 5, zeroline: true, zerolinecolor: "#aeb8b3" });
  });
  return drawChart(box, traces, layout);
}

/** The input series of one or two years; a gap stays open, with a tick below. */
function plotSeries(box, sets) {
  const days = Array.from({ length: 46 }, (_, step) => 1 + 8 * step);
  const traces = [];
  const rows = Math.ceil(data.variables.length / 2);
  const pitch = 1.035 / rows; // the last row ends a little above the lower edge
  const gapAxis = (index) => `y${index + 1 + data.variables.length}`;
  const layout = { height: 20 + 150 * rows, margin: { l: 40, r: 8, t: 40, b: 30 }, annotations: [], showlegend: true, dragmode: false,
    legend: { orientation: "h", x: 1, xanchor: "right", y: 1.015, yanchor: "bottom", font: { size: 12 } } };
  data.variables.forEach((variable, index) => {
    const suffix = index ? index + 1 : "";
    const [row, column] = [Math.floor(index / 2), index % 2];
    sets.forEach(({ name, series, colour }, set) => {
      const values = series[index];
      const axes = { xaxis: `x${suffix}`, yaxis: `y${suffix}`, legendgroup: name };
      traces.push({ x: days, y: values, mode: "lines+markers", name, connectgaps: false, showlegend: index === 0,
        line: { color: colour, width: 1.5 }, marker: { color: colour, size: 3 }, ...axes,
        hovertemplate: `day %{x}: %{y:.3~g} ${variable.unit === "1" ? "" : variable.unit}<extra>${name}</extra>` });
      const gaps = days.filter((_, step) => Number.isNaN(values[step]));
      traces.push({ x: gaps, y: gaps.map(() => 0.035 + 0.06 * set), mode: "markers", ...axes, yaxis: gapAxis(index), showlegend: false,
        marker: { symbol: "line-ns-open", size: 5, color: colour, opacity: 0.75 }, hovertemplate: `day %{x}: gap<extra>${name}</extra>` });
    });
    const domain = { x: column ? [0.56, 1] : [0, 0.44], y: [0.94 - pitch * row - 0.7 * pitch, 0.94 - pitch * row] };
    layout[`xaxis${suffix}`] = makeAxis({ domain: domain.x, anchor: `y${suffix}`, range: [-3, 370], tickvals: MONTH_STARTS, ticktext: MONTH_LETTERS,
      tickangle: 0, tickfont: { size: 10 }, showgrid: false });
    layout[`yaxis${suffix}`] = makeAxis({ domain: domain.y, anchor: `x${suffix}`, nticks: 4, tickfont: { size: 10 } });
    layout[gapAxis(index).replace("y", "yaxis")] = { overlaying: `y${suffix}`, anchor: `x${suffix}`, range: [0, 1], visible: false, fixedrange: true };
    const unit = variable.unit === "1" ? "" : ` (${variable.unit.replace("day-1", "day⁻¹")})`;
    layout.annotations.push(makeChartTitle(`${variable.label}${unit}`, `x${suffix}`, `y${suffix}`, { xshift: -26, font: { size: 11.5 } }));
  });
  return drawChart(box, traces, layout);
}

/** Heat maps of what hiding a variable in a month does to GPP and to NEE; blue is more uptake in both. */
function plotReasons(box, reasons) {
  const labels = data.variables.map((variable) => variable.label);
  const colours = decodePalette("nee").map(([r, g, b], i) => [i / 255, `rgb(${r},${g},${b})`]);
  const reversed = colours.map(([share], i) => [share, colours[255 - i][1]]);
  const traces = [];
  const layout = { height: 400, margin: { l: 78, r: 8, t: 24, b: 24 }, annotations: [] };
  TARGET_FLUXES.forEach((flux, row) => {
    const suffix = row ? "2" : "";
    const largest = Math.max(...reasons[flux].flat().map(Math.abs), 1);
    traces.push({ type: "heatmap", x: MONTH_NAMES, y: labels, z: reasons[flux], zmin: -largest, zmax: largest, xgap: 1, ygap: 1,
      colorscale: row ? colours : reversed, xaxis: `x${suffix}`, yaxis: `y${suffix}`,
      colorbar: { thickness: 9, len: 0.4, y: row ? 0.2 : 0.78, outlinewidth: 0, tickfont: { size: 10 }, nticks: 5 },
      hovertemplate: `%{y} hidden in %{x}: %{z:+.1f} ${FLUX_UNIT}<extra></extra>` });
    layout[`xaxis${suffix}`] = makeAxis({ anchor: `y${suffix}`, tickvals: MONTH_NAMES, ticktext: MONTH_LETTERS, tickangle: 0, showgrid: false, ticks: "" });
    layout[`yaxis${suffix}`] = makeAxis({ anchor: `x${suffix}`, domain: row ? [0, 0.4] : [0.57, 0.97], autorange: "reversed", showgrid: false, ticks: "" });
    layout.annotations.push(makeChartTitle(`change of ${flux.toUpperCase()} (${FLUX_UNIT})`, `x${suffix}`, `y${suffix}`));
  });
  return drawChart(box, traces, layout);
}
