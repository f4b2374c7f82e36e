// Finds the numbers worth plotting in a result's JSON: an array of objects with
// numeric fields (a track), or arrays of numbers.

export type Series = { name: string; values: (number | null)[] };

export type Dataset = {
  name: string;
  /** Unix seconds where the data carry times, else the index. */
  x: number[];
  time: boolean;
  series: Series[];
  /** Places along the way, where the data carry latitude and longitude. */
  track: { lat: number; lon: number; value: number }[];
};

const timeNames = ['t', 'time', 'at', 'timestamp'];
const latNames = ['lat', 'lat_deg', 'latitude'];
const lonNames = ['lon', 'lon_deg', 'lng', 'longitude'];
const maxSeries = 6;

type Row = Record<string, unknown>;

/** datasets lists what can be plotted, the richest first. */
export function datasets(json: unknown): Dataset[] {
  const found: Dataset[] = [];
  const walk = (v: unknown, name: string, depth: number) => {
    if (depth > 4 || v === null || typeof v !== 'object') return;
    if (Array.isArray(v)) {
      if (v.length < 2) return;
      if (v.every((x) => typeof x === 'number')) {
        found.push({ name, x: v.map((_, i) => i), time: false, series: [{ name, values: v as number[] }], track: [] });
      } else if (v.every((x) => x !== null && typeof x === 'object' && !Array.isArray(x))) {
        const d = fromRows(v as Row[], name);
        if (d) found.push(d);
      }
      return;
    }
    const columns = fromColumns(v as Row, name);
    if (columns) found.push(columns);
    else for (const [key, x] of Object.entries(v)) walk(x, key, depth + 1);
  };
  walk(json, 'result', 0);
  return found.sort((a, b) => b.x.length * b.series.length - a.x.length * a.series.length);
}

/** instant reads a time: an ISO text, or Unix seconds or milliseconds. */
function instant(v: unknown): number | null {
  if (typeof v === 'string') {
    const ms = Date.parse(v);
    return Number.isNaN(ms) ? null : ms / 1000;
  }
  if (typeof v !== 'number') return null;
  return v > 1e11 ? v / 1000 : v;
}

function fromRows(rows: Row[], name: string): Dataset | null {
  const keys = Object.keys(rows[0]);
  const pick = (names: string[]) => keys.find((k) => names.includes(k.toLowerCase()));
  const [t, lat, lon] = [pick(timeNames), pick(latNames), pick(lonNames)];
  const numeric = keys.filter((k) => k !== t && k !== lat && k !== lon && rows.some((r) => typeof r[k] === 'number'));
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
  const series = numeric.slice(0, maxSeries).map((k) => ({
    name: k,
    values: rows.map((r) => (typeof r[k] === 'number' ? (r[k] as number) : null)),
  }));
  const track: Dataset['track'] = [];
  if (lat && lon) {
    rows.forEach((r, i) => {
      const [a, b] = [r[lat], r[lon]];
      if (typeof a === 'number' && typeof b === 'number') track.push({ lat: a, lon: b, value: series[0].values[i] ?? NaN });
    });
  }
  return { name, x, time, series, track };
}

/** fromColumns takes an object whose arrays of numbers have one length. */
function fromColumns(v: Row, name: string): Dataset | null {
  const columns = Object.entries(v).filter(([, x]) => Array.isArray(x) && x.length > 1 && x.every((n) => typeof n === 'number'));
  if (columns.length < 2) return null;
  const n = (columns[0][1] as number[]).length;
  if (columns.some(([, x]) => (x as number[]).length !== n)) return null;
  const t = columns.find(([k]) => timeNames.includes(k.toLowerCase()));
  const x = t ? (t[1] as number[]).map((s) => (s > 1e11 ? s / 1000 : s)) : Array.from({ length: n }, (_, i) => i);
  const lat = columns.find(([k]) => latNames.includes(k.toLowerCase()));
  const lon = columns.find(([k]) => lonNames.includes(k.toLowerCase()));
  const series = columns
    .filter((c) => c !== t && c !== lat && c !== lon)
    .slice(0, maxSeries)
    .map(([k, values]) => ({ name: k, values: values as number[] }));
  if (series.length === 0) return null;
  const track = lat && lon ? (lat[1] as number[]).map((a, i) => ({ lat: a, lon: (lon[1] as number[])[i], value: series[0].values[i] })) : [];
  return { name, x, time: x[0] > 1e8, series, track };
}

/** difference gives measured minus reference where one series is named after the
 *  other, such as nT and igrf_nT: at the scale of both they often look the same. */
export function difference(d: Dataset): Dataset | null {
  for (const a of d.series) {
    const b = d.series.find((x) => x !== a && x.name.toLowerCase().endsWith(`_${a.name.toLowerCase()}`));
    if (!b) continue;
    const values = a.values.map((v, i) => {
      const w = b.values[i];
      return v === null || w === null ? null : v - w;
    });
    return { ...d, name: `${a.name} − ${b.name}`, series: [{ name: `${a.name} − ${b.name}`, values }], track: [] };
  }
  return null;
}
