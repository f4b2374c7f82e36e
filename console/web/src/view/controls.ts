// Turning and zooming, the same for globe and map: drag, wheel, pinch, keys.

export type Gesture = {
  /** Moved by so many pixels. */
  turn(dx: number, dy: number): void;
  /** Zoomed by a factor; above 1 is closer. */
  zoom(factor: number): void;
  /** Clicked or tapped at a place of the element, in CSS pixels. */
  pick(x: number, y: number): void;
  /** Asked for the start view. */
  home(): void;
};

/** listen wires an element's input to g and returns what undoes it. */
export function listen(el: HTMLElement, g: Gesture): () => void {
  const stop = new AbortController();
  const on = { signal: stop.signal };
  const pointers = new Map<number, { x: number; y: number }>();
  let travelled = 0;
  let spread = 0;

  const gap = () => {
    const [a, b] = [...pointers.values()];
    return Math.hypot(a.x - b.x, a.y - b.y);
  };

  el.addEventListener(
    'pointerdown',
    (e) => {
      el.setPointerCapture(e.pointerId);
      pointers.set(e.pointerId, { x: e.clientX, y: e.clientY });
      travelled = 0;
      if (pointers.size === 2) spread = gap();
    },
    on,
  );
  el.addEventListener(
    'pointermove',
    (e) => {
      const p = pointers.get(e.pointerId);
      if (!p) return;
      const [dx, dy] = [e.clientX - p.x, e.clientY - p.y];
      p.x = e.clientX;
      p.y = e.clientY;
      travelled += Math.abs(dx) + Math.abs(dy);
      if (pointers.size === 1) g.turn(dx, dy);
      if (pointers.size === 2) {
        const now = gap();
        if (spread > 0) g.zoom(now / spread);
        spread = now;
      }
    },
    on,
  );
  const up = (e: PointerEvent) => {
    const had = pointers.delete(e.pointerId);
    if (had && e.type === 'pointerup' && pointers.size === 0 && travelled < 6) {
      const box = el.getBoundingClientRect();
      g.pick(e.clientX - box.left, e.clientY - box.top);
    }
  };
  el.addEventListener('pointerup', up, on);
  el.addEventListener('pointercancel', up, on);
  el.addEventListener(
    'wheel',
    (e) => {
      e.preventDefault();
      g.zoom(Math.exp(-e.deltaY * (e.deltaMode === 1 ? 0.05 : 0.0015)));
    },
    { ...on, passive: false },
  );
  el.addEventListener(
    'keydown',
    (e) => {
      const step = e.shiftKey ? 120 : 40;
      const turns: Record<string, [number, number]> = {
        ArrowLeft: [step, 0],
        ArrowRight: [-step, 0],
        ArrowUp: [0, step],
        ArrowDown: [0, -step],
      };
      if (turns[e.key]) g.turn(...turns[e.key]);
      else if (e.key === '+' || e.key === '=') g.zoom(1.2);
      else if (e.key === '-') g.zoom(1 / 1.2);
      else if (e.key === 'Home' || e.key === '0') g.home();
      else return;
      e.preventDefault();
    },
    on,
  );
  return () => stop.abort();
}
