// fieldwatch measures the Earth's magnetic field along the orbit.
//
// Each `sample` takes one reading of the magnetometer and of the satellite's
// position, and keeps it in a ring of the last SIZE samples. Each `report` sends
// a summary to the owner. The owner can ask at any time:
//
//     spacechain app call fieldwatch '{"query":"summary"}'
//     spacechain app call fieldwatch '{"query":"track","last":20}'
import { defineApp, json, Ring, round } from "spacechain";

const SIZE = 256; // two orbits and some, at one sample a minute
const COLUMNS = ["t", "lat_deg", "lon_deg", "alt_km", "b_nt"];

function sample(spc, ring) {
  const field = spc.sensor("magnetometer");
  const [latDeg, lonDeg, altKm] = spc.sensor("gnss").values;
  const row = [
    round(field.time.getTime() / 1000, 1),
    round(latDeg, 3),
    round(lonDeg, 3),
    round(altKm, 1),
    round(field.values[3], 1), // the total, which needs no attitude
  ];
  ring.add(row);
  return row;
}

function summary(ring) {
  const rows = ring.last();
  if (rows.length === 0) return { app: "fieldwatch", samples: 0 };
  let min = rows[0], max = rows[0], sum = 0;
  for (const row of rows) {
    if (row[4] < min[4]) min = row;
    if (row[4] > max[4]) max = row;
    sum += row[4];
  }
  return {
    app: "fieldwatch",
    samples: rows.length,
    total: ring.total,
    from_t: rows[0][0],
    to_t: rows[rows.length - 1][0],
    mean_nt: round(sum / rows.length, 1),
    columns: COLUMNS,
    min,
    max,
  };
}

export default defineApp({
  activate(event, spc) {
    const ring = new Ring(spc.kv, "field", SIZE);
    if (event.kind === "message") {
      const ask = json(event) ?? {};
      switch (ask.query) {
        case "summary":
          return summary(ring);
        case "track":
          return { app: "fieldwatch", total: ring.total, columns: COLUMNS, rows: ring.last(ask.last ?? SIZE) };
        default:
          return { error: `no query ${JSON.stringify(ask.query)}; ask {"query":"summary"} or {"query":"track","last":N}` };
      }
    }
    if (event.name === "report") {
      const s = summary(ring);
      spc.send("owner", JSON.stringify(s));
      return s;
    }
    const row = sample(spc, ring);
    return Object.fromEntries(COLUMNS.map((name, i) => [name, row[i]]));
  },
});
