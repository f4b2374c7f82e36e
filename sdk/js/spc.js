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

export const norm = (v) => Math.hypot(...v);
