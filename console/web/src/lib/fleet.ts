// Where everything is, between two position frames of the stream. Plain typed
// arrays, not reactive state: the views read them once per drawn frame.

import { bytes } from './http';
import type { LinkFrame, PositionFrame, Satellite, Station } from './types';

/** Lengths are in Earth radii, axes Earth-fixed: x to 0° N 0° E, z to the north pole. */
export const earthRadiusKm = 6371.0;

const radians = Math.PI / 180;

/** vector gives the Earth-fixed direction of a place, scaled to radius. */
export function vector(latDeg: number, lonDeg: number, radius = 1): [number, number, number] {
  const c = Math.cos(latDeg * radians) * radius;
  return [c * Math.cos(lonDeg * radians), c * Math.sin(lonDeg * radians), Math.sin(latDeg * radians) * radius];
}

/** latLon gives the place under an Earth-fixed vector, on a spherical Earth. */
export function latLon(x: number, y: number, z: number): [number, number] {
  return [Math.atan2(z, Math.hypot(x, y)) / radians, Math.atan2(y, x) / radians];
}

export const linkKind = { isl: 0, ground: 1, wire: 2 } as const;

export class Fleet {
  /** Satellites first, then stations; the index of both into pos. */
  satellites = 0;
  stations = 0;
  pos = new Float32Array(0);
  lit = new Uint8Array(0);
  /** Index pairs into pos, and for each link its flags: kind, plus 16 if active. */
  links = new Uint32Array(0);
  flags = new Uint8Array(0);
  sun: [number, number, number] = [1, 0, 0];
  generation = -1;
  /** version rises when satellites, stations or links change. */
  version = 0;

  private index = new Map<number, number>();
  private from = new Float32Array(0);
  private to = new Float32Array(0);
  private fromSun: [number, number, number] = [1, 0, 0];
  private toSun: [number, number, number] = [1, 0, 0];
  private arrived = 0;
  private advanced = 0;
  private interval = 1000;
  private fresh = true;
  private lastLinks: LinkFrame | null = null;

  /** indexOf gives a node's index into pos, or -1. */
  indexOf(node: number): number {
    return this.index.get(node) ?? -1;
  }

  /** setNodes names the satellites and the stations, in the API's order. */
  setNodes(satellites: Satellite[], stations: Station[]) {
    this.index.clear();
    satellites.forEach((s, i) => this.index.set(s.id, i));
    stations.forEach((s, i) => this.index.set(s.id, satellites.length + i));
    this.satellites = satellites.length;
    this.stations = stations.length;
    const n = satellites.length + stations.length;
    this.from = new Float32Array(3 * n);
    satellites.forEach((s, i) => this.from.set(vector(s.lat_deg, s.lon_deg, 1 + s.alt_km / earthRadiusKm), 3 * i));
    stations.forEach((s, i) => this.from.set(vector(s.lat_deg, s.lon_deg, 1.001), 3 * (satellites.length + i)));
    this.to = this.from.slice();
    this.pos = this.from.slice();
    this.lit = new Uint8Array(n).fill(1);
    satellites.forEach((s, i) => (this.lit[i] = s.sunlit ? 1 : 0));
    this.fresh = true;
    this.version++;
    if (this.lastLinks) this.takeLinks(this.lastLinks);
  }

  /** takePositions makes frame the place to move to. It returns false if the frame
   *  is of another catalogue and the satellites must be fetched again. */
  takePositions(frame: PositionFrame, now: number): boolean {
    const known = this.generation < 0 || this.generation === frame.generation;
    this.generation = frame.generation;
    if (frame.count !== this.satellites) return false;
    const raw = bytes(frame.pos_ecef);
    const view = new DataView(raw.buffer);
    const unit = frame.unit_km / earthRadiusKm;
    // From where it is drawn now; a page that was hidden starts from the last frame.
    this.from.set(now - this.advanced < 1500 ? this.pos : this.to);
    for (let i = 0; i < 3 * frame.count; i++) this.to[i] = view.getInt16(2 * i, true) * unit;
    if (frame.sunlit) {
      const lit = bytes(frame.sunlit);
      for (let i = 0; i < frame.count; i++) this.lit[i] = (lit[i >> 3] >> (i & 7)) & 1;
    }
    this.fromSun = this.sun;
    this.toSun = vector(frame.sun.lat_deg, frame.sun.lon_deg);
    if (this.fresh) {
      this.from.set(this.to);
      this.fromSun = this.toSun;
      this.fresh = false;
    } else {
      const gap = Math.min(5000, Math.max(100, now - this.arrived));
      this.interval += 0.3 * (gap - this.interval);
    }
    this.arrived = now;
    return known;
  }

  /** takeLinks replaces the links. Ends without a place (terminals) are left out. */
  takeLinks(frame: LinkFrame) {
    this.lastLinks = frame;
    const ends = new DataView(bytes(frame.ends).buffer);
    const flags = bytes(frame.flags);
    const links = new Uint32Array(2 * frame.count);
    const kept = new Uint8Array(frame.count);
    let n = 0;
    for (let i = 0; i < frame.count; i++) {
      const a = this.indexOf(ends.getUint32(8 * i, true));
      const b = this.indexOf(ends.getUint32(8 * i + 4, true));
      if (a < 0 || b < 0) continue;
      links[2 * n] = a;
      links[2 * n + 1] = b;
      kept[n++] = flags[i];
    }
    this.links = links.subarray(0, 2 * n);
    this.flags = kept.subarray(0, n);
    this.version++;
  }

  /** advance moves everything to where it is at the wall time now: along the arc
   *  between the last two frames, at the mean height. */
  advance(now: number) {
    this.advanced = now;
    const f = Math.min(1.25, Math.max(0, (now - this.arrived) / this.interval));
    const { from, to, pos } = this;
    for (let i = 0; i < 3 * this.satellites; i += 3) {
      const ra = Math.hypot(from[i], from[i + 1], from[i + 2]);
      const rb = Math.hypot(to[i], to[i + 1], to[i + 2]);
      const x = from[i] + f * (to[i] - from[i]);
      const y = from[i + 1] + f * (to[i + 1] - from[i + 1]);
      const z = from[i + 2] + f * (to[i + 2] - from[i + 2]);
      const r = Math.hypot(x, y, z);
      const k = r > 0 ? (ra + f * (rb - ra)) / r : 0;
      pos[i] = x * k;
      pos[i + 1] = y * k;
      pos[i + 2] = z * k;
    }
    const s = this.fromSun.map((v, i) => v + Math.min(1, f) * (this.toSun[i] - v));
    const r = Math.hypot(s[0], s[1], s[2]) || 1;
    this.sun = [s[0] / r, s[1] / r, s[2] / r];
  }
}
