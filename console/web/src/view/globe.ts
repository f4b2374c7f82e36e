// The globe: three.js, in Earth-fixed axes with one Earth radius as unit.

import {
  AdditiveBlending,
  BackSide,
  BufferAttribute,
  BufferGeometry,
  CanvasTexture,
  Color,
  DynamicDrawUsage,
  LinearFilter,
  LineBasicMaterial,
  LineSegments,
  Mesh,
  PerspectiveCamera,
  Points,
  RepeatWrapping,
  Scene,
  ShaderMaterial,
  SphereGeometry,
  Vector3,
  WebGLRenderer,
} from 'three';
import { latLon, vector, type Fleet } from '../lib/fleet';
import { coast, graticule, landMask } from './land';
import { drawLabels, type Projected } from './labels';
import { palette, ramp, rgb } from './palette';
import { hitRadius, type Marks, type View } from './scene';
import * as glsl from './shaders';

const homeView = { lat: 22, lon: 12, distance: 3.85 };
const nearest = 1.35;
const farthest = 9;

/** webgl tells whether this browser can draw the globe. */
export function webgl(): boolean {
  try {
    return document.createElement('canvas').getContext('webgl2') !== null;
  } catch {
    return false;
  }
}

/** lines makes line segments on the sphere from GeoJSON lines. */
function lines(coordinates: number[][][], radius: number, colour: string, opacity: number): LineSegments {
  const points: number[] = [];
  for (const line of coordinates) {
    for (let i = 1; i < line.length; i++) {
      points.push(...vector(line[i - 1][1], line[i - 1][0], radius), ...vector(line[i][1], line[i][0], radius));
    }
  }
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new BufferAttribute(new Float32Array(points), 3));
  return new LineSegments(geometry, new LineBasicMaterial({ color: colour, transparent: true, opacity, depthWrite: false }));
}

/** stars is a quiet, always equal sky. */
function stars(): Points {
  const n = 900;
  const position = new Float32Array(3 * n);
  const colour = new Float32Array(3 * n);
  const size = new Float32Array(n);
  let seed = 20261122;
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 4294967296;
  };
  for (let i = 0; i < n; i++) {
    const z = 2 * random() - 1;
    const a = 2 * Math.PI * random();
    const r = Math.sqrt(1 - z * z) * 60;
    position.set([r * Math.cos(a), r * Math.sin(a), 60 * z], 3 * i);
    const light = 0.1 + 0.3 * random() ** 3;
    colour.set([light, light * 1.05, light * 1.15], 3 * i);
    size[i] = 2.2 + 1.6 * random();
  }
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new BufferAttribute(position, 3));
  geometry.setAttribute('colour', new BufferAttribute(colour, 3));
  geometry.setAttribute('size', new BufferAttribute(size, 1));
  return new Points(geometry, dots());
}

function dots(): ShaderMaterial {
  return new ShaderMaterial({
    vertexShader: glsl.dotVertex,
    fragmentShader: glsl.dotFragment,
    uniforms: { ratio: { value: 1 } },
    transparent: true,
    depthWrite: false,
  });
}

export class Globe implements View {
  private renderer: WebGLRenderer;
  private scene = new Scene();
  private camera = new PerspectiveCamera(38, 1, 0.05, 200);
  private earth: ShaderMaterial;
  private air: ShaderMaterial;
  private sky = stars();
  private nodes = new Points(new BufferGeometry(), dots());
  private links: LineSegments<BufferGeometry, ShaderMaterial>;
  private paths = new LineSegments(
    new BufferGeometry(),
    new LineBasicMaterial({ vertexColors: true, transparent: true, opacity: 0.9, depthWrite: false }),
  );
  private version = -1;
  private marks: Marks | null = null;
  private width = 1;
  private height = 1;
  private at = { ...homeView };
  private goal = { ...homeView };
  private drawn = 0;
  private sun: [number, number, number] = [1, 0, 0];
  /** Whether the view has been set, by home or by hand. */
  private turned = false;
  private projected = new Vector3();
  private still = matchMedia('(prefers-reduced-motion: reduce)').matches;

  constructor(
    private canvas: HTMLCanvasElement,
    private overlay: HTMLCanvasElement,
  ) {
    this.renderer = new WebGLRenderer({ canvas, antialias: true, powerPreference: 'high-performance' });
    this.renderer.setClearColor(new Color(palette.space));
    this.camera.up.set(0, 0, 1);

    const texture = new CanvasTexture(landMask(4096));
    texture.generateMipmaps = false;
    texture.minFilter = LinearFilter;
    texture.wrapS = RepeatWrapping;
    const sphere = new SphereGeometry(1, 128, 96);
    const tone = (hex: string) => ({ value: new Vector3(...rgb(hex)) });
    this.earth = new ShaderMaterial({
      vertexShader: glsl.earthVertex,
      fragmentShader: glsl.earthFragment,
      uniforms: {
        land: { value: texture },
        sun: { value: new Vector3(1, 0, 0) },
        oceanDay: tone(palette.oceanDay),
        oceanNight: tone(palette.oceanNight),
        landDay: tone(palette.landDay),
        landNight: tone(palette.landNight),
      },
    });
    this.air = new ShaderMaterial({
      vertexShader: glsl.earthVertex,
      fragmentShader: glsl.airFragment,
      uniforms: { sun: this.earth.uniforms.sun },
      side: BackSide,
      transparent: true,
      depthWrite: false,
      blending: AdditiveBlending,
    });
    const air = new Mesh(sphere, this.air);
    air.scale.setScalar(1.075);
    this.links = new LineSegments(
      new BufferGeometry(),
      new ShaderMaterial({
        vertexShader: glsl.linkVertex,
        fragmentShader: glsl.linkFragment,
        uniforms: { phase: { value: 0 } },
        transparent: true,
        depthWrite: false,
      }),
    );
    for (const moving of [this.nodes, this.links, this.paths]) moving.frustumCulled = false;
    this.scene.add(
      this.sky,
      air,
      new Mesh(sphere, this.earth),
      lines(graticule.coordinates, 1.0008, palette.grid, 0.1),
      lines(coast.coordinates, 1.0012, palette.coast, 0.5),
      this.paths,
      this.links,
      this.nodes,
    );
  }

  draw(fleet: Fleet, marks: Marks, wall: number) {
    this.sun = fleet.sun;
    if (!this.turned && fleet.generation >= 0) {
      this.turned = true;
      this.home();
      this.at = { ...this.goal };
    }
    this.move();
    if (fleet.version !== this.version || marks !== this.marks) this.rebuild(fleet, marks);
    const position = this.nodes.geometry.getAttribute('position') as BufferAttribute;
    if (position && position.count * 3 === fleet.pos.length) {
      (position.array as Float32Array).set(fleet.pos);
      position.needsUpdate = true;
      this.colour(fleet, marks);
    }
    const ends = this.links.geometry.getAttribute('position') as BufferAttribute;
    if (ends) {
      const to = ends.array as Float32Array;
      for (let i = 0; i < fleet.links.length; i++) {
        const from = 3 * fleet.links[i];
        to[3 * i] = fleet.pos[from];
        to[3 * i + 1] = fleet.pos[from + 1];
        to[3 * i + 2] = fleet.pos[from + 2];
      }
      ends.needsUpdate = true;
    }
    this.links.material.uniforms.phase.value = this.still ? 0 : (wall / 1400) % 1;
    (this.earth.uniforms.sun.value as Vector3).set(...fleet.sun);
    this.renderer.render(this.scene, this.camera);
    drawLabels(this.overlay, fleet, marks, (i) => this.project(fleet, i));
    this.canvas.dataset.drawn = String(fleet.satellites);
  }

  private move() {
    const k = this.still ? 1 : 0.18;
    this.at.lat += k * (this.goal.lat - this.at.lat);
    this.at.lon += k * (this.goal.lon - this.at.lon);
    this.at.distance += k * (this.goal.distance - this.at.distance);
    this.camera.position.set(...vector(this.at.lat, this.at.lon, this.at.distance));
    this.camera.lookAt(0, 0, 0);
    this.camera.updateMatrixWorld();
  }

  private rebuild(fleet: Fleet, marks: Marks) {
    this.version = fleet.version;
    this.marks = marks;
    const n = fleet.satellites + fleet.stations;
    if (this.drawn !== n) {
      this.drawn = n;
      const g = new BufferGeometry();
      g.setAttribute('position', new BufferAttribute(new Float32Array(3 * n), 3).setUsage(DynamicDrawUsage));
      g.setAttribute('colour', new BufferAttribute(new Float32Array(3 * n), 3).setUsage(DynamicDrawUsage));
      g.setAttribute('size', new BufferAttribute(new Float32Array(n), 1).setUsage(DynamicDrawUsage));
      this.nodes.geometry.dispose();
      this.nodes.geometry = g;
    }
    this.rebuildLinks(fleet, marks);
    this.rebuildPaths(marks);
  }

  private rebuildLinks(fleet: Fleet, marks: Marks) {
    const m = fleet.flags.length;
    const tint = new Float32Array(8 * m);
    const along = new Float32Array(4 * m);
    const [isl, active, ground] = [rgb(palette.isl), rgb(palette.active), rgb(palette.ground)];
    const faint = m > 2000 ? 0.08 : 0.5;
    for (let i = 0; i < m; i++) {
      const [a, b] = [fleet.links[2 * i], fleet.links[2 * i + 1]];
      const busy = (fleet.flags[i] & 16) !== 0;
      const down = (fleet.flags[i] & 15) === 1;
      const mine = a === marks.selected || b === marks.selected;
      const c = down ? ground : busy ? active : isl;
      const alpha = mine ? 0.95 : down ? 0.8 : busy ? (m > 2000 ? 0.3 : 0.75) : faint;
      tint.set([...c, alpha, ...c, alpha], 8 * i);
      along.set([0, busy ? 1 : 0, 1, busy ? 1 : 0], 4 * i);
    }
    const g = new BufferGeometry();
    g.setAttribute('position', new BufferAttribute(new Float32Array(6 * m), 3).setUsage(DynamicDrawUsage));
    g.setAttribute('tint', new BufferAttribute(tint, 4));
    g.setAttribute('along', new BufferAttribute(along, 2));
    this.links.geometry.dispose();
    this.links.geometry = g;
  }

  private rebuildPaths(marks: Marks) {
    const points: number[] = [];
    const colours: number[] = [];
    const add = (a: number[], b: number[], ca: number[], cb: number[]) => {
      points.push(...a, ...b);
      colours.push(...ca, ...cb);
    };
    const white = rgb(palette.selected);
    for (let i = 1; i < marks.orbit.length; i++) {
      const [p, q] = [marks.orbit[i - 1], marks.orbit[i]];
      const shade = (k: number) => white.map((v) => v * (0.12 + (0.55 * k) / marks.orbit.length));
      add(vector(p.lat, p.lon, 1.003), vector(q.lat, q.lon, 1.003), shade(i - 1), shade(i));
    }
    for (let i = 1; i < marks.field.length; i++) {
      const [p, q] = [marks.field[i - 1], marks.field[i]];
      add(vector(p.lat, p.lon, 1.012), vector(q.lat, q.lon, 1.012), ramp(p.f), ramp(q.f));
    }
    const g = new BufferGeometry();
    g.setAttribute('position', new BufferAttribute(new Float32Array(points), 3));
    g.setAttribute('color', new BufferAttribute(new Float32Array(colours), 3));
    this.paths.geometry.dispose();
    this.paths.geometry = g;
  }

  private colour(fleet: Fleet, marks: Marks) {
    const colour = this.nodes.geometry.getAttribute('colour') as BufferAttribute;
    const size = this.nodes.geometry.getAttribute('size') as BufferAttribute;
    const c = colour.array as Float32Array;
    const s = size.array as Float32Array;
    const [lit, dark, tenant, chosen, station, down] = [
      palette.satellite,
      palette.shadow,
      palette.tenant,
      palette.selected,
      palette.station,
      palette.down,
    ].map(rgb);
    const small = fleet.satellites > 2000 ? 4.5 : fleet.satellites > 400 ? 6 : 9;
    for (let i = 0; i < fleet.satellites; i++) {
      const special = marks.tenants.has(i);
      c.set(i === marks.selected ? chosen : special ? tenant : fleet.lit[i] ? lit : dark, 3 * i);
      s[i] = i === marks.selected ? 15 : special ? 13 : small;
    }
    for (let i = fleet.satellites; i < fleet.satellites + fleet.stations; i++) {
      c.set(marks.down.has(i) ? down : station, 3 * i);
      s[i] = i === marks.selected ? 14 : 10;
    }
    colour.needsUpdate = true;
    size.needsUpdate = true;
  }

  /** project gives a node's place on the canvas and whether the Earth hides it. */
  private project(fleet: Fleet, i: number): Projected {
    const v = this.projected.fromArray(fleet.pos, 3 * i);
    const eye = this.camera.position;
    // Hidden if the line of sight meets the unit sphere before it meets the node.
    const dx = v.x - eye.x;
    const dy = v.y - eye.y;
    const dz = v.z - eye.z;
    const length = Math.hypot(dx, dy, dz);
    const along = -(eye.x * dx + eye.y * dy + eye.z * dz) / length;
    const miss = eye.lengthSq() - along * along;
    const hidden = miss < 1 && along - Math.sqrt(1 - miss) < length - 0.01;
    v.project(this.camera);
    return { x: ((v.x + 1) / 2) * this.width, y: ((1 - v.y) / 2) * this.height, hidden };
  }

  pick(fleet: Fleet, x: number, y: number): number {
    let best = -1;
    let least = hitRadius;
    for (let i = 0; i < fleet.satellites + fleet.stations; i++) {
      const p = this.project(fleet, i);
      const d = Math.hypot(p.x - x, p.y - y);
      if (!p.hidden && d < least) [best, least] = [i, d];
    }
    return best;
  }

  turn(dx: number, dy: number) {
    this.turned = true;
    const k = 0.12 * Math.max(0.25, (this.goal.distance - 1) / 2);
    this.goal.lon -= dx * k;
    this.goal.lat = Math.min(88, Math.max(-88, this.goal.lat + dy * k));
  }

  zoom(factor: number) {
    this.goal.distance = Math.min(farthest, Math.max(nearest, 1 + (this.goal.distance - 1) / factor));
  }

  /** home shows the day and a good part of the night beside it. */
  home() {
    const [, noon] = latLon(...this.sun);
    this.face(homeView.lat, noon + 40);
    this.goal.distance = this.fit();
  }

  face(latDeg: number, lonDeg: number) {
    this.turned = true;
    // The shorter way round.
    const turn = ((((lonDeg - this.goal.lon) % 360) + 540) % 360) - 180;
    this.goal.lon += turn;
    // Not straight over a pole: that leaves no up.
    this.goal.lat = Math.min(50, Math.max(-50, latDeg));
  }

  /** fit is the distance at which the whole globe is seen. */
  private fit(): number {
    return homeView.distance * Math.max(1, 0.92 / this.camera.aspect);
  }

  resize(width: number, height: number, ratio: number) {
    const first = this.width === 1;
    this.width = width;
    this.height = height;
    this.renderer.setPixelRatio(ratio);
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    if (first) this.at.distance = this.goal.distance = this.fit();
    for (const p of [this.nodes, this.sky]) (p.material as ShaderMaterial).uniforms.ratio.value = ratio;
  }

  dispose() {
    this.scene.traverse((o) => {
      if (o instanceof Mesh || o instanceof Points || o instanceof LineSegments) {
        (o.geometry as BufferGeometry).dispose();
        (o.material as ShaderMaterial).dispose();
      }
    });
    (this.earth.uniforms.land.value as CanvasTexture).dispose();
    this.renderer.dispose();
  }
}
