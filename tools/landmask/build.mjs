// Makes the land mask of package world/camera from the npm package world-atlas
// (Natural Earth 1:50m land, public domain; TopoJSON by Mike Bostock, ISC).
//
//   node build.mjs [output file]
//
// Output, gzipped: the 8 bytes "SPCLAND1", width and height as big-endian
// 16-bit numbers, then rows from north to south of one bit a cell from west to
// east (most significant bit first, rows padded to whole bytes). A bit says
// whether the centre of the cell is land. Cells are 0.1 degree square.

import { readFileSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const width = 3600;
const height = 1800;
const here = dirname(fileURLToPath(import.meta.url));
const output = resolve(process.argv[2] ?? resolve(here, "../../world/camera/assets/land.mask.gz"));

const topology = JSON.parse(readFileSync(createRequire(import.meta.url).resolve("world-atlas/land-50m.json")));
const arcs = decodeArcs(topology);
const stride = Math.ceil(width / 8);
const mask = Buffer.alloc(stride * height);

for (const polygon of polygons(topology.objects.land)) {
  for (const ring of polygon) {
    fill(close(unwrap(ring.flatMap((arc, i) => points(arc).slice(i === 0 ? 0 : 1)))));
  }
}

const head = Buffer.alloc(12);
head.write("SPCLAND1", "ascii");
head.writeUInt16BE(width, 8);
head.writeUInt16BE(height, 10);
const packed = gzipSync(Buffer.concat([head, mask]), { level: 9 });
packed[9] = 255; // operating system "unknown": the same bytes everywhere
mkdirSync(dirname(output), { recursive: true });
writeFileSync(output, packed);
console.log(`${output}: ${width} x ${height} cells, ${(100 * landShare()).toFixed(1)} % of the Earth is land, ${packed.length} bytes`);

// decodeArcs undoes TopoJSON's quantisation and delta coding: degrees east, degrees north.
function decodeArcs({ arcs, transform: { scale, translate } }) {
  return arcs.map((arc) => {
    let x = 0;
    let y = 0;
    return arc.map(([dx, dy]) => {
      x += dx;
      y += dy;
      return [x * scale[0] + translate[0], y * scale[1] + translate[1]];
    });
  });
}

// points gives an arc by its TopoJSON index; ~i is arc i backwards.
function points(index) {
  return index >= 0 ? arcs[index] : arcs[~index].slice().reverse();
}

function polygons(object) {
  switch (object.type) {
    case "GeometryCollection":
      return object.geometries.flatMap(polygons);
    case "MultiPolygon":
      return object.arcs;
    case "Polygon":
      return [object.arcs];
    default:
      throw new Error(`land: unexpected geometry ${object.type}`);
  }
}

// unwrap makes longitudes continuous, so that a ring over the antimeridian has no jump.
function unwrap(ring) {
  let turn = 0;
  let last = ring[0][0];
  return ring.map(([lon, lat]) => {
    if (lon - last > 180) turn -= 360;
    if (lon - last < -180) turn += 360;
    last = lon;
    return [lon + turn, lat];
  });
}

// close leads a ring that goes round a pole (Antarctica) over that pole.
function close(ring) {
  const first = ring[0];
  const last = ring[ring.length - 1];
  if (Math.abs(last[0] - first[0]) < 180) return ring;
  const pole = Math.sign(first[1]) * 90;
  return [...ring, [last[0], pole], [first[0], pole], first];
}

// fill toggles the cells whose centre lies inside the ring (even-odd rule), row by row.
function fill(ring) {
  const crossings = Array.from({ length: height }, () => []);
  for (let i = 1; i < ring.length; i++) {
    const [x0, y0] = ring[i - 1];
    const [x1, y1] = ring[i];
    if (y0 === y1) continue;
    const top = Math.max(y0, y1);
    const bottom = Math.min(y0, y1);
    for (let row = Math.max(0, rowOf(top) - 1); row < height; row++) {
      const lat = latOf(row);
      if (lat >= top) continue;
      if (lat < bottom) break;
      crossings[row].push(x0 + ((lat - y0) / (y1 - y0)) * (x1 - x0));
    }
  }
  crossings.forEach((xs, row) => {
    xs.sort((a, b) => a - b);
    for (let i = 0; i + 1 < xs.length; i += 2) {
      const from = Math.ceil((xs[i] + 180) * (width / 360) - 0.5);
      const to = Math.ceil((xs[i + 1] + 180) * (width / 360) - 0.5);
      for (let c = from; c < to; c++) {
        const cell = ((c % width) + width) % width;
        mask[row * stride + (cell >> 3)] ^= 0x80 >> (cell & 7);
      }
    }
  });
}

function rowOf(lat) {
  return Math.floor((90 - lat) * (height / 180));
}

function latOf(row) {
  return 90 - (row + 0.5) * (180 / height);
}

function landShare() {
  let land = 0;
  let all = 0;
  for (let row = 0; row < height; row++) {
    const weight = Math.cos((latOf(row) * Math.PI) / 180);
    for (let c = 0; c < width; c++) {
      all += weight;
      if (mask[row * stride + (c >> 3)] & (0x80 >> (c & 7))) land += weight;
    }
  }
  return land / all;
}
