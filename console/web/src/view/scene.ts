// What a view of the world takes and gives. The globe and the flat map are two
// views of the same thing.

import type { Fleet } from '../lib/fleet';
import type { TrackPoint } from '../lib/types';

export type Marks = {
  /** Indices of satellites that carry tenants. */
  tenants: Set<number>;
  /** Index of the chosen satellite, or -1. */
  selected: number;
  /** The chosen satellite's ground track and height in km. */
  orbit: TrackPoint[];
  /** A result's track, values scaled to 0..1. */
  field: { lat: number; lon: number; f: number }[];
  /** Names of satellites and stations by index. */
  names: string[];
  /** Whether the station at this index is out of order. */
  down: Set<number>;
};

export type View = {
  /** Draws the fleet as it is now; wall in ms, for what moves by itself. */
  draw(fleet: Fleet, marks: Marks, wall: number): void;
  resize(width: number, height: number, ratio: number): void;
  /** The satellite or station at a place of the canvas, or -1. */
  pick(fleet: Fleet, x: number, y: number): number;
  turn(dx: number, dy: number): void;
  zoom(factor: number): void;
  home(): void;
  /** Turns to a place. */
  face(latDeg: number, lonDeg: number): void;
  dispose(): void;
};

/** hitRadius is how near a click must be, in CSS pixels. */
export const hitRadius = 14;
