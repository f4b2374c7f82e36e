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

/**
 * Makes a frame small, so that its longer side has `size` pixels. Each pixel is the
 * mean of four from its part of the frame: all of them would be dearer in gas than
 * it shows.
 */
export function shrink(frame: Frame, size: number): Frame {
  const { width: w, pixels: from } = frame;
  const step = Math.max(1, Math.ceil(Math.max(w, frame.height) / size));
  const width = Math.floor(w / step);
  const height = Math.floor(frame.height / step);
  const pixels = new Uint8Array(width * height);
  const near = step >> 2;
  const far = step - 1 - near;
  for (let y = 0, k = 0; y < height; y++) {
    const top = (y * step + near) * w;
    const bottom = (y * step + far) * w;
    for (let x = 0; x < width; x++) {
      const left = x * step + near;
      const right = x * step + far;
      pixels[k++] = (from[top + left] + from[top + right] + from[bottom + left] + from[bottom + right]) >> 2;
    }
  }
  return { time: frame.time, width, height, pixels };
}

/** Mean brightness of a frame's pixels. */
export function mean({ pixels }: Frame): number {
  return Math.round(pixels.reduce((sum, p) => sum + p, 0) / Math.max(1, pixels.length));
}
