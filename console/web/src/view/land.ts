// Land and coastlines of Natural Earth (world-atlas, 1:110m), bundled at build.

import { geoGraticule, geoPath, geoEquirectangular } from 'd3-geo';
import { feature, mesh } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import atlas from 'world-atlas/land-110m.json';

const topology = atlas as unknown as Topology<{ land: GeometryCollection }>;

/** land is the land as GeoJSON. */
export const land = feature(topology, topology.objects.land);

/** coast is the coastline as GeoJSON lines, without the map's own edge. */
export const coast = mesh(topology, topology.objects.land);

/** graticule is a 15 degree grid. */
export const graticule = geoGraticule().step([15, 15])();

/** landMask draws the land white on black, equirectangular, for the globe's texture. */
export function landMask(width: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = width / 2;
  const ctx = canvas.getContext('2d');
  if (!ctx) return canvas;
  ctx.fillStyle = '#000';
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  const projection = geoEquirectangular()
    .scale(width / (2 * Math.PI))
    .translate([width / 2, width / 4]);
  ctx.beginPath();
  geoPath(projection, ctx)(land);
  ctx.fillStyle = '#fff';
  ctx.fill();
  return canvas;
}
