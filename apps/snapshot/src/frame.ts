// Camera frames as apps get them: see docs/sensors.md.
import type { Reading } from "spacechain";

export interface Frame {
  time: Date;
  width: number;
  height: number;
  /** One byte of brightness a pixel, row by row from the top left. */
  pixels: Uint8Array;
}

/** Takes a camera reading apart. */
export function decode(reading: Reading): Frame {
  const [width = 0, height = 0] = reading.values;
  const pixels = reading.data ?? new Uint8Array();
  if (width * height === 0 || pixels.length < width * height) {
    throw new Error(`camera frame of ${pixels.length} bytes is not ${width} by ${height}`);
  }
  return { time: reading.time, width, height, pixels };
}

/** Averages a frame down so that its longer side has `size` pixels. */
export function shrink(frame: Frame, size: number): Frame {
  const step = Math.max(1, Math.ceil(Math.max(frame.width, frame.height) / size));
  const width = Math.floor(frame.width / step);
  const height = Math.floor(frame.height / step);
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let dy = 0; dy < step; dy++) {
        const row = (y * step + dy) * frame.width + x * step;
        for (let dx = 0; dx < step; dx++) sum += frame.pixels[row + dx];
      }
      pixels[y * width + x] = Math.round(sum / (step * step));
    }
  }
  return { time: frame.time, width, height, pixels };
}
