// Finds the numbers worth plotting in results: an array of objects with numeric
// fields (a track), a table of columns and rows, arrays of numbers, and the
// history of many small results.

import { post } from './http';
import type { Result } from './types';

export type Series = { name: string; values: (number | null)[] };

export type Place = { lat: number; lon: number; alt: number };

export type Dataset = {
  name: string;
  /** Unix seconds where the data carry times, else the index. */
  x: number[];
  time: boolean;
  series: Series[];
  /** Where each value was taken, if the data say so; as long as x, or empty. */
  places: Place[];
};

const timeNames = ['t', 'time', 'at', 'timestamp', 't_unix'];
const latNames = ['lat', 'lat_deg', 'latitude'];
const lonNames = ['lon', 'lon_deg', 'lng', 'longitude'];
const altNames = ['alt', 'alt_km', 'altitude_km', 'height_km'];
const maxSeries = 8;

type Row = Record<string, unknown>;

const isNumber = (v: unknown): v is number => typeof v === 'number' && Number.isFinite(v);
const isNumbers = (v: unknown): v is number[] => Array.isArray(v) && v.length > 1 && v.every(isNumber);
const isObject = (v: unknown): v is Row => v !== null && typeof v === 'object' && !Array.isArray(v);

/** datasets lists what can be plotted of one result, the richest first. */
export function datasets(json: unknown): Dataset[] {
  const found: Dataset[] = [];
  const add = (d: Dataset | null) => {
    if (d) found.push(d);
  };
  const walk = (v: unknown, name: string, depth: number) => {
    if (depth > 4) return;
    if (isNumbers(v)) {
      found.push({ name, x: v.map((_, i) => i), time: false, series: [{ name, values: v }], places: [] });
    } else if (Array.isArray(v)) {
      if (v.length > 1 && v.every(isObject)) add(fromRows(v, name));
      else if (v.length > 1 && v.every(isNumbers)) add(fromTable(undefined, v, name));
    } else if (isObject(v)) {
      const { columns, rows } = v;
      if (isNames(columns) && Array.isArray(rows) && rows.length > 1 && rows.every(Array.isArray)) {
        add(fromTable(columns, rows as unknown[][], name));
        return;
      }
      const together = fromColumns(v, name);
      if (together) found.push(together);
      else for (const [key, x] of Object.entries(v)) walk(x, key, depth + 1);
    }
  };
  walk(json, 'result', 0);
  return found.sort((a, b) => b.x.length * b.series.length - a.x.length * a.series.length);
}

/** history lines up the numbers of many small results of one shape. */
export function history(results: Result[]): Dataset | null {
  const columns = results.map((r) => (isObject(r.json) ? r.json.columns : undefined)).findLast(isNames);
  const rows: { at: number; row: Row }[] = [];
  for (const r of results) {
    const at = Date.parse(r.created) / 1000;
    if (isNumbers(r.json)) {
      // A first number within a day of the result's own time is a time.
      const unnamed = r.json.map((v, i) => (i === 0 && Math.abs(v - at) < 86_400 ? 't' : `value ${i + 1}`));
      const names = columns?.length === r.json.length ? columns : unnamed;
      rows.push({ at, row: Object.fromEntries(r.json.map((v, i) => [names[i], v])) });
    } else if (isObject(r.json) && Object.values(r.json).every((v) => v === null || typeof v !== 'object')) {
      rows.push({ at, row: r.json });
    }
  }
  // The shape that most of them have.
  const shapes = new Map<string, number>();
  const shape = (row: Row) => Object.keys(row).join();
  for (const { row } of rows) shapes.set(shape(row), (shapes.get(shape(row)) ?? 0) + 1);
  const common = [...shapes].sort((a, b) => b[1] - a[1])[0]?.[0];
  const same = rows.filter(({ row }) => shape(row) === common);
  if (same.length < 3) return null;
  const keys = Object.keys(same[0].row);
  const timed = keys.some((k) => timeNames.includes(k.toLowerCase()));
  return fromRows(timed ? same.map((s) => s.row) : same.map((s) => ({ t: s.at, ...s.row })), 'history');
}

const isNames = (v: unknown): v is string[] => Array.isArray(v) && v.length > 1 && v.every((x) => typeof x === 'string');

/** instant reads a time: an ISO text, or Unix seconds or milliseconds. */
function instant(v: unknown): number | null {
  if (typeof v === 'string') {
    const ms = Date.parse(v);
    return Number.isNaN(ms) ? null : ms / 1000;
  }
  if (!isNumber(v)) return null;
  return v > 1e11 ? v / 1000 : v;
}

function fromTable(columns: string[] | undefined, rows: unknown[][], name: string): Dataset | null {
  const names = columns ?? rows[0].map((_, i) => `value ${i + 1}`);
  return fromRows(
    rows.map((r) => Object.fromEntries(names.map((n, i) => [n, r[i]]))),
    name,
  );
}

function fromRows(rows: Row[], name: string): Dataset | null {
  const keys = Object.keys(rows[0]);
  const pick = (names: string[]) => keys.find((k) => names.includes(k.toLowerCase()));
  const [t, lat, lon, alt] = [pick(timeNames), pick(latNames), pick(lonNames), pick(altNames)];
  const placed = lat !== undefined && lon !== undefined && rows.every((r) => isNumber(r[lat]) && isNumber(r[lon]));
  const taken = [t, ...(placed ? [lat, lon] : [])];
  const numeric = keys.filter((k) => !taken.includes(k) && rows.some((r) => isNumber(r[k])));
  if (numeric.length === 0) return null;
  let x = rows.map((_, i) => i);
  let time = false;
  if (t) {
    const at = rows.map((r) => instant(r[t]));
    if (at.every((v, i) => v !== null && (i === 0 || v >= (at[i - 1] ?? v)))) {
      x = at as number[];
      time = x[0] > 1e8;
    }
  }
  const series = numeric.slice(0, maxSeries).map((k) => ({ name: k, values: rows.map((r) => (isNumber(r[k]) ? (r[k] as number) : null)) }));
  const places = placed
    ? rows.map((r) => ({ lat: r[lat] as number, lon: r[lon] as number, alt: alt && isNumber(r[alt]) ? (r[alt] as number) : NaN }))
    : [];
  return { name, x, time, series, places };
}

/** fromColumns takes an object whose arrays of numbers have one length. */
function fromColumns(v: Row, name: string): Dataset | null {
  const columns = Object.entries(v).filter(([, x]) => isNumbers(x)) as [string, number[]][];
  if (columns.length < 2 || columns.some(([, x]) => x.length !== columns[0][1].length)) return null;
  return fromRows(
    columns[0][1].map((_, i) => Object.fromEntries(columns.map(([k, x]) => [k, x[i]]))),
    name,
  );
}

/** pair finds a measured series and its reference: one named after the other,
 *  such as nT and igrf_nT. */
function pair(d: Dataset): [Series, Series] | null {
  for (const a of d.series) {
    const b = d.series.find((x) => x !== a && x.name.toLowerCase().endsWith(`_${a.name.toLowerCase()}`));
    if (b) return [a, b];
  }
  return null;
}

/** views splits a dataset into what can share an axis: a measured series with its
 *  reference, or all if they are of one size, or else each by itself. The last
 *  series comes first: apps tend to put what matters at the end. */
export function views(d: Dataset): Series[][] {
  const together = pair(d);
  if (together) return [together, ...d.series.filter((s) => !together.includes(s)).map((s) => [s])];
  const reach = d.series.map((s) => s.values.reduce<number>((m, v) => Math.max(m, Math.abs(v ?? 0)), 0));
  const high = Math.max(...reach);
  if (reach.every((r) => r > high / 20)) return [d.series];
  return d.series.toReversed().map((s) => [s]);
}

/** difference gives measured minus reference: at the scale of both they often
 *  look the same. */
export function difference(d: Dataset): Dataset | null {
  const both = pair(d);
  if (!both) return null;
  const [a, b] = both;
  const name = `${a.name} − ${b.name}`;
  const values = a.values.map((v, i) => {
    const w = b.values[i];
    return v === null || w === null ? null : v - w;
  });
  return { ...d, name, series: [{ name, values }], places: [] };
}

/** withReference adds what IGRF says to a measured magnetic field (a series in nT
 *  with time, place and height) that comes without it. */
export async function withReference(d: Dataset): Promise<Dataset> {
  const measured = d.series.find((s) => /(^|_)nt$/i.test(s.name));
  if (!measured || !d.time || pair(d) || d.places.length !== d.x.length || d.places.some((p) => Number.isNaN(p.alt))) return d;
  const ask = { t_unix: d.x, lat_deg: d.places.map((p) => p.lat), lon_deg: d.places.map((p) => p.lon), alt_km: d.places.map((p) => p.alt) };
  const { total_nt } = await post<{ total_nt: number[] }>('models/magnetic-field', ask);
  return { ...d, series: [...d.series, { name: `igrf_${measured.name}`, values: total_nt }] };
}
