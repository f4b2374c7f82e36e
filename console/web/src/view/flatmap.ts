// The flat map: the same world on a 2-D canvas, for browsers without WebGL and
// for those who like maps better.

import { geoCircle, geoEquirectangular, geoPath, type GeoPermissibleObjects } from 'd3-geo';
import { latLon, type Fleet } from '../lib/fleet';
import { drawLabels, type Projected } from './labels';
import { coast, graticule, land } from './land';
import { palette, ramp } from './palette';
import { hitRadius, type Marks, type View } from './scene';

const css = ([r, g, b]: [number, number, number]) => `rgb(${r * 255} ${g * 255} ${b * 255})`;

export class FlatMap implements View {
  private width = 1;
  private height = 1;
  private ratio = 1;
  private centre = { lon: 0, lat: 0 };
  private scale = 1;
  private projection = geoEquirectangular();
  private ground = document.createElement('canvas');
  private stale = true;

  constructor(
    private canvas: HTMLCanvasElement,
    private overlay: HTMLCanvasElement,
  ) {}

  /** ready sets the projection: the middle stays within the poles, longitudes turn. */
  private ready() {
    const unit = Math.min(this.width / (2 * Math.PI), this.height / Math.PI) * this.scale;
    const room = Math.max(0, 90 - ((this.height / 2 / unit) * 180) / Math.PI);
    this.centre.lat = Math.min(room, Math.max(-room, this.centre.lat));
    this.projection
      .rotate([-this.centre.lon, 0])
      .scale(unit)
      .translate([this.width / 2, this.height / 2 + (unit * this.centre.lat * Math.PI) / 180])
      .clipExtent([
        [0, 0],
        [this.width, this.height],
      ])
      .precision(0.3);
  }

  /** base draws what only turning and zooming change. */
  private base() {
    this.stale = false;
    this.ready();
    this.ground.width = this.canvas.width;
    this.ground.height = this.canvas.height;
    const ctx = this.ground.getContext('2d');
    if (!ctx) return;
    ctx.scale(this.ratio, this.ratio);
    const path = geoPath(this.projection, ctx);
    const put = (o: GeoPermissibleObjects, how: () => void) => {
      ctx.beginPath();
      path(o);
      how();
    };
    ctx.fillStyle = palette.space;
    ctx.fillRect(0, 0, this.width, this.height);
    ctx.fillStyle = palette.oceanDay;
    put({ type: 'Sphere' }, () => ctx.fill());
    ctx.fillStyle = palette.landDay;
    put(land, () => ctx.fill());
    ctx.lineWidth = 0.6;
    ctx.strokeStyle = palette.grid;
    ctx.globalAlpha = 0.16;
    put(graticule, () => ctx.stroke());
    ctx.globalAlpha = 0.55;
    ctx.strokeStyle = palette.coast;
    put(coast, () => ctx.stroke());
  }

  draw(fleet: Fleet, marks: Marks, wall: number) {
    const ctx = this.canvas.getContext('2d');
    if (!ctx) return;
    if (this.stale) this.base();
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.globalAlpha = 1;
    ctx.drawImage(this.ground, 0, 0);
    ctx.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.night(ctx, fleet);
    this.paths(ctx, marks);
    this.links(ctx, fleet, marks, wall);
    this.dots(ctx, fleet, marks);
    drawLabels(this.overlay, fleet, marks, (i) => this.project(fleet, i));
    this.canvas.dataset.drawn = String(fleet.satellites);
  }

  private night(ctx: CanvasRenderingContext2D, fleet: Fleet) {
    const [lat, lon] = latLon(-fleet.sun[0], -fleet.sun[1], -fleet.sun[2]);
    const path = geoPath(this.projection, ctx);
    // Two steps stand for twilight.
    for (const radius of [91, 88, 85, 82]) {
      ctx.beginPath();
      path(geoCircle().center([lon, lat]).radius(radius).precision(3)());
      ctx.fillStyle = 'rgba(4, 6, 11, 0.21)';
      ctx.fill();
    }
  }

  private paths(ctx: CanvasRenderingContext2D, marks: Marks) {
    const path = geoPath(this.projection, ctx);
    ctx.lineWidth = 1.2;
    if (marks.orbit.length > 1) {
      ctx.beginPath();
      path({ type: 'LineString', coordinates: marks.orbit.map((p) => [p.lon, p.lat]) });
      ctx.strokeStyle = 'rgba(255, 255, 255, 0.38)';
      ctx.stroke();
    }
    ctx.lineWidth = 2;
    for (let i = 1; i < marks.field.length; i++) {
      const [p, q] = [marks.field[i - 1], marks.field[i]];
      ctx.beginPath();
      path({ type: 'LineString', coordinates: [[p.lon, p.lat], [q.lon, q.lat]] });
      ctx.strokeStyle = css(ramp(p.f));
      ctx.stroke();
    }
  }

  private links(ctx: CanvasRenderingContext2D, fleet: Fleet, marks: Marks, wall: number) {
    const groups = [
      { colour: palette.isl, alpha: fleet.flags.length > 2000 ? 0.12 : 0.4, width: 0.9, of: (f: number, mine: boolean) => !mine && f === 0 },
      { colour: palette.active, alpha: 0.75, width: 1.1, of: (f: number, mine: boolean) => !mine && f === 16 },
      { colour: palette.ground, alpha: 0.9, width: 1.2, of: (f: number, mine: boolean) => !mine && (f & 15) === 1 },
      { colour: palette.selected, alpha: 0.9, width: 1.2, of: (_: number, mine: boolean) => mine },
    ];
    const half = this.width * 0.45 * Math.max(1, this.scale);
    for (const g of groups) {
      ctx.beginPath();
      for (let i = 0; i < fleet.flags.length; i++) {
        const [a, b] = [fleet.links[2 * i], fleet.links[2 * i + 1]];
        if (!g.of(fleet.flags[i], a === marks.selected || b === marks.selected)) continue;
        const [p, q] = [this.project(fleet, a), this.project(fleet, b)];
        if (Math.abs(p.x - q.x) > half) continue; // around the back of the map
        ctx.moveTo(p.x, p.y);
        ctx.lineTo(q.x, q.y);
      }
      ctx.strokeStyle = g.colour;
      ctx.globalAlpha = g.alpha;
      ctx.lineWidth = g.width;
      if (g.colour === palette.active) {
        ctx.setLineDash([7, 5]);
        ctx.lineDashOffset = -(wall / 60) % 12;
      }
      ctx.stroke();
      ctx.setLineDash([]);
    }
    ctx.globalAlpha = 1;
  }

  private dots(ctx: CanvasRenderingContext2D, fleet: Fleet, marks: Marks) {
    const small = fleet.satellites > 2000 ? 0.9 : fleet.satellites > 400 ? 1.6 : 2.4;
    const dot = (i: number, colour: string, r: number) => {
      const p = this.project(fleet, i);
      ctx.fillStyle = colour;
      ctx.beginPath();
      ctx.arc(p.x, p.y, r, 0, 2 * Math.PI);
      ctx.fill();
    };
    for (let i = 0; i < fleet.satellites; i++) {
      if (i !== marks.selected && !marks.tenants.has(i)) dot(i, fleet.lit[i] ? palette.satellite : palette.shadow, small);
    }
    for (let i = fleet.satellites; i < fleet.satellites + fleet.stations; i++) {
      dot(i, marks.down.has(i) ? palette.down : palette.station, 3);
    }
    for (const i of marks.tenants) dot(i, palette.tenant, 4);
    if (marks.selected >= 0) dot(marks.selected, palette.selected, 3.6);
  }

  private project(fleet: Fleet, i: number): Projected {
    const [lat, lon] = latLon(fleet.pos[3 * i], fleet.pos[3 * i + 1], fleet.pos[3 * i + 2]);
    const [x, y] = this.projection([lon, lat]) ?? [NaN, NaN];
    return { x, y, hidden: !(x >= -20 && x <= this.width + 20 && y >= -20 && y <= this.height + 20) };
  }

  pick(fleet: Fleet, x: number, y: number): number {
    let best = -1;
    let least = hitRadius;
    for (let i = 0; i < fleet.satellites + fleet.stations; i++) {
      const p = this.project(fleet, i);
      const d = Math.hypot(p.x - x, p.y - y);
      if (d < least) [best, least] = [i, d];
    }
    return best;
  }

  turn(dx: number, dy: number) {
    const unit = this.projection.scale();
    this.centre.lon -= ((dx / unit) * 180) / Math.PI;
    this.centre.lat += ((dy / unit) * 180) / Math.PI;
    this.stale = true;
  }

  zoom(factor: number) {
    this.scale = Math.min(12, Math.max(1, this.scale * factor));
    this.stale = true;
  }

  home() {
    this.centre = { lon: 0, lat: 0 };
    this.scale = 1;
    this.stale = true;
  }

  face(latDeg: number, lonDeg: number) {
    this.centre = { lon: lonDeg, lat: latDeg };
    this.stale = true;
  }

  resize(width: number, height: number, ratio: number) {
    this.width = width;
    this.height = height;
    this.ratio = ratio;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.stale = true;
  }

  dispose() {
    this.ground.width = this.ground.height = 0;
  }
}
