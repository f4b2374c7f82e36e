// The colours of globe and map. Panels take theirs from app.css.

export const palette = {
  space: '#06080c',
  oceanDay: '#12293d',
  oceanNight: '#080e17',
  landDay: '#3d5468',
  landNight: '#1a2735',
  coast: '#6d8ba6',
  grid: '#5d7c99',
  satellite: '#bfe6fb',
  shadow: '#4f7ea3',
  tenant: '#ffc069',
  isl: '#5b95c2',
  active: '#63d4ff',
  ground: '#7ee2a8',
  station: '#7ee2a8',
  down: '#ff7a70',
  selected: '#ffffff',
  label: '#c6d4e1',
};

/** rgb gives a colour's parts, 0 to 1. */
export function rgb(hex: string): [number, number, number] {
  const n = Number.parseInt(hex.slice(1), 16);
  return [((n >> 16) & 255) / 255, ((n >> 8) & 255) / 255, (n & 255) / 255];
}

/** ramp colours a value from 0 to 1: deep blue over teal to warm yellow. */
export function ramp(f: number): [number, number, number] {
  const stops = [rgb('#3b5bdb'), rgb('#2bb3c0'), rgb('#9be15d'), rgb('#ffc14d')];
  const x = Math.min(0.9999, Math.max(0, Number.isFinite(f) ? f : 0)) * (stops.length - 1);
  const i = Math.floor(x);
  const k = x - i;
  return [0, 1, 2].map((c) => stops[i][c] + k * (stops[i + 1][c] - stops[i][c])) as [number, number, number];
}
