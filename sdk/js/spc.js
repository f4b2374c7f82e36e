// Runtime part of the SpaceChain app SDK. Only what an app imports ends up in
// its bundle.

export const defineApp = (app) => app;

export const isSpcError = (e, code) =>
  e instanceof SpcError && (code === undefined || e.code === code);

export const text = ({ data }) => spc.utf8.decode(data);

export const json = (event, otherwise) => {
  try {
    return JSON.parse(text(event));
  } catch {
    return otherwise;
  }
};

export class Ring {
  constructor(kv, name, size) {
    this.kv = kv;
    this.name = name;
    this.size = size;
    this.total = kv.getJSON(name) ?? 0;
  }

  get length() {
    return Math.min(this.total, this.size);
  }

  add(value) {
    this.kv.putJSON(`${this.name}/${this.total % this.size}`, value);
    this.kv.putJSON(this.name, ++this.total);
  }

  last(n = this.size) {
    const out = [];
    for (let i = this.total - Math.max(0, Math.min(n, this.length)); i < this.total; i++) {
      out.push(this.kv.getJSON(`${this.name}/${i % this.size}`));
    }
    return out;
  }
}

export const round = (value, decimals) => {
  const f = 10 ** decimals;
  return Math.round(value * f) / f;
};

export const norm = (v) => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));

// Bowring's method with one refinement: below a millimetre up to 10,000 km.
export const geodetic = ([x, y, z]) => {
  const a = 6378.137, f = 1 / 298.257223563, e2 = f * (2 - f);
  const p = Math.hypot(x, y);
  let lat = Math.atan2(z, p * (1 - e2)), n = a;
  for (let i = 0; i < 4; i++) {
    const s = Math.sin(lat);
    n = a / Math.sqrt(1 - e2 * s * s);
    lat = Math.atan2(z + e2 * n * s, p);
  }
  const s = Math.sin(lat), c = Math.cos(lat);
  const deg = 180 / Math.PI;
  return {
    latDeg: lat * deg,
    lonDeg: Math.atan2(y, x) * deg,
    altKm: Math.abs(c) > 1e-3 ? p / c - n : z / s - n * (1 - e2),
  };
};
