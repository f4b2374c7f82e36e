// How numbers and times are written, the same everywhere in the console.

const pad = (n: number, width = 2) => String(n).padStart(width, '0');

/** clock writes a time as hh:mm:ss, UTC. */
export function clock(ms: number): string {
  const d = new Date(ms);
  return `${pad(d.getUTCHours())}:${pad(d.getUTCMinutes())}:${pad(d.getUTCSeconds())}`;
}

/** minutes writes a time as hh:mm, UTC. */
export const minutes = (ms: number) => clock(ms).slice(0, 5);

/** date writes a day as 2026-11-22. */
export const date = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** span writes a duration: 4.2 s, 3m 07s, 2h 05m, 3d 04h. */
export function span(ms: number): string {
  const s = Math.abs(ms) / 1000;
  if (s < 10) return `${s.toFixed(1)} s`;
  if (s < 60) return `${Math.round(s)} s`;
  const whole = Math.round(s);
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${pad(whole % 60)}s`;
  const m = Math.round(s / 60);
  if (m < 1440) return `${Math.floor(m / 60)}h ${pad(m % 60)}m`;
  return `${Math.floor(m / 1440)}d ${pad(Math.floor((m % 1440) / 60))}h`;
}

/** quantity writes a number with at most three significant digits and k, M, G. */
export function quantity(n: number): string {
  for (const [unit, size] of [['G', 1e9], ['M', 1e6], ['k', 1e3]] as const) {
    if (Math.abs(n) >= size) return `${(n / size).toPrecision(3)} ${unit}`;
  }
  return String(Math.round(n * 100) / 100);
}

/** size writes a number of bytes in decimal units. */
export const size = (n: number) => (n < 1000 ? `${n} B` : `${quantity(n)}B`);

const grouped = new Intl.NumberFormat('en-US');

/** count writes a whole number with separators. */
export const count = (n: number) => grouped.format(n);

/** place writes a latitude and a longitude: 78.2° N, 15.4° E. */
export function place(lat: number, lon: number): string {
  const ns = lat < 0 ? 'S' : 'N';
  const ew = lon < 0 ? 'W' : 'E';
  return `${Math.abs(lat).toFixed(1)}° ${ns}, ${Math.abs(lon).toFixed(1)}° ${ew}`;
}

/** speed writes the pace of simulated time. */
export function speed(factor: number, paused: boolean): string {
  if (paused) return 'paused';
  if (factor === 0) return 'as fast as events';
  return `${Number.isInteger(factor) ? factor : factor.toPrecision(3)}×`;
}

/** shortId shortens an identity such as spc1… for display. */
export const shortId = (id: string) => (id.length > 16 ? `${id.slice(0, 9)}…${id.slice(-5)}` : id);
