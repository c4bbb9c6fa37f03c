// A line chart as SVG, without a library: axes, grid lines and one line a series.
import type { Series } from '../measuring/report.ts';

const WIDTH = 720;
const HEIGHT = 300;
const LEFT = 76;
const RIGHT = 20;
const TOP = 48;
const BOTTOM = 44;
const COLORS = ['#3b6fb6', '#2f7d5b', '#b3431e'];

export function lineChart(title: string, series: readonly Series[]): string {
  const points = series.flatMap((each) => each.points);
  const maxX = Math.max(1, ...points.map(([x]) => x));
  const maxY = niceCeiling(Math.max(1, ...points.map(([, y]) => y)));
  const toX = (x: number) => LEFT + (x / maxX) * (WIDTH - LEFT - RIGHT);
  const toY = (y: number) => HEIGHT - BOTTOM - (y / maxY) * (HEIGHT - TOP - BOTTOM);
  const grid = Array.from({ length: 5 }, (_, index) => (maxY * index) / 4).map(
    (y) =>
      `<line x1="${LEFT}" y1="${toY(y)}" x2="${WIDTH - RIGHT}" y2="${toY(y)}" stroke="#e3e7ed"/>` +
      `<text x="${LEFT - 8}" y="${toY(y) + 4}" text-anchor="end">${y.toLocaleString('en-US')}</text>`,
  );
  const xLabels = Array.from({ length: 5 }, (_, index) => Math.round((maxX * index) / 4)).map(
    (x) => `<text x="${toX(x)}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle">${x}</text>`,
  );
  const lines = series.map(({ points: each }, index) => {
    const path = each.map(([x, y]) => `${toX(x).toFixed(1)},${toY(y).toFixed(1)}`).join(' ');
    return `<polyline points="${path}" fill="none" stroke="${COLORS[index % COLORS.length]}" stroke-width="2"/>`;
  });
  const legend = series.map(
    ({ name }, index) =>
      `<text x="${LEFT + index * 200}" y="${TOP - 14}" fill="${COLORS[index % COLORS.length]}">${name}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="t">`,
    `<title id="t">${title}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    '<g font-family="ui-sans-serif, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" font-size="12" fill="#5b6776">',
    `<text x="${LEFT}" y="18" font-size="14" fill="#1f2733">${title}</text>`,
    ...legend,
    ...grid,
    ...xLabels,
    `<text x="${WIDTH - RIGHT}" y="${HEIGHT - 6}" text-anchor="end">${series[0]?.x ?? ''}</text>`,
    ...lines,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

/** 1, 2, 4 or 8 times a power of ten. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 4, 8, 10].find((each) => each * power >= value) ?? 10;
  return factor * power;
}
