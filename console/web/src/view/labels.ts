// Names beside stations, tenants' satellites and the chosen node.

import type { Fleet } from '../lib/fleet';
import { palette } from './palette';
import type { Marks } from './scene';

export type Projected = { x: number; y: number; hidden: boolean };

const font = '11px ui-sans-serif, system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';

/** drawLabels clears the overlay and writes the names that have room. */
export function drawLabels(canvas: HTMLCanvasElement, fleet: Fleet, marks: Marks, project: (i: number) => Projected) {
  const ctx = canvas.getContext('2d');
  if (!ctx || canvas.clientWidth === 0) return;
  const ratio = canvas.width / canvas.clientWidth;
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, canvas.width / ratio, canvas.height / ratio);
  ctx.font = font;
  ctx.textBaseline = 'middle';
  ctx.lineJoin = 'round';
  const taken: [number, number, number, number][] = [];
  const write = (i: number, colour: string, ring: boolean) => {
    const p = project(i);
    if (p.hidden) return;
    if (ring) {
      ctx.strokeStyle = colour;
      ctx.lineWidth = 1.25;
      ctx.beginPath();
      ctx.arc(p.x, p.y, 9, 0, 2 * Math.PI);
      ctx.stroke();
    }
    const text = marks.names[i] ?? '';
    const [x, y, w] = [p.x + (ring ? 14 : 9), p.y, ctx.measureText(text).width];
    if (taken.some(([a, b, c, d]) => x < c && x + w > a && y - 7 < d && y + 7 > b)) return;
    taken.push([x, y - 7, x + w, y + 7]);
    ctx.strokeStyle = 'rgba(6, 8, 12, 0.85)';
    ctx.lineWidth = 3;
    ctx.strokeText(text, x, y);
    ctx.fillStyle = colour;
    ctx.fillText(text, x, y);
  };
  if (marks.selected >= 0) write(marks.selected, palette.selected, true);
  for (const i of marks.tenants) if (i !== marks.selected) write(i, palette.tenant, false);
  for (let i = fleet.satellites; i < fleet.satellites + fleet.stations; i++) {
    if (i !== marks.selected) write(i, marks.down.has(i) ? palette.down : palette.label, false);
  }
}
