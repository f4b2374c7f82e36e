// Types of the SpaceChain app SDK for JavaScript and TypeScript.
//
// An app is one module whose default export has an `activate` function. The
// satellite calls it once for each activation: when a schedule comes round, when
// the satellite enters a region or eclipse, or when a message arrives. Nothing
// stays in memory between two activations; what must last goes into `spc.kv` or
// `spc.files`.
//
//     import { defineApp } from "spacechain";
//
//     export default defineApp({
//       activate(event, spc) {
//         const n = (spc.kv.getJSON<number>("runs") ?? 0) + 1;
//         spc.kv.putJSON("runs", n);
//         return { runs: n, at: spc.now() };
//       },
//     });
//
// Units are SI unless a name says otherwise; times are UTC. Every call that the
// satellite refuses throws an `SpcError` whose `code` says why.

/** Why an activation runs. */
export type TriggerKind =
  /** a period of the manifest came round */
  | "schedule"
  /** a region was entered, eclipse or a pass began */
  | "orbit"
  /** a message or the owner's call arrived */
  | "message"
  /** a time or region that an earlier activation asked for */
  | "wake"
  /** the first activation, after the package was admitted */
  | "install";

/** What an activation is told about why it runs. */
export interface Event {
  readonly kind: TriggerKind;
  /** The trigger's name in spacechain.yaml, or the label given to a wake. */
  readonly name: string;
  /** When the trigger fired. */
  readonly time: Date;
  /** Endpoint of the sender, such as "ipn:3000001.2"; empty unless kind is "message". */
  readonly from: string;
  /** The message or call payload; empty unless kind is "message". */
  readonly data: Uint8Array;
}

/** One sample of a sensor. */
export interface Reading {
  /** When the sample was taken. */
  readonly time: Date;
  /** The values in the sensor's documented units and frame; see `SensorName`. */
  readonly values: readonly number[];
  /** Bulk data, such as a camera frame. */
  readonly data?: Uint8Array;
}

/**
 * Names of sensors. A satellite's data sheet lists which it has; a name that it
 * lacks throws `SpcError` with code "UNAVAILABLE". Names, values and units are
 * those of docs/sensors.md.
 */
export type SensorName =
  | "magnetometer"
  | "gyro"
  | "gnss"
  | "sun"
  | "star"
  | "temperature"
  | "power"
  | "camera"
  | "camera_png"
  | (string & {});

/** Bytes to hand over; text goes as UTF-8. */
export type Data = string | Uint8Array | ArrayBuffer;

/** The tenant's key-value storage. It survives power cuts and counts against the storage quota. */
export interface KV {
  /** The value, or null where there is no such key. */
  get(key: string): Uint8Array | null;
  /** The value as text, or null where there is no such key. */
  getText(key: string): string | null;
  put(key: string, value: Data): void;
  /** Removes a key, and says whether it was there. */
  delete(key: string): boolean;
  /** The keys that begin with prefix, in byte order. */
  keys(prefix?: string): string[];
  /** The value parsed as JSON, or undefined where there is no such key. */
  getJSON<T = unknown>(key: string): T | undefined;
  putJSON(key: string, value: unknown): void;
}

/** The tenant's private files: flat names, under the storage quota. */
export interface Files {
  /** The content, or null where there is no such file. */
  read(name: string): Uint8Array | null;
  write(name: string, data: Data): void;
  /** Removes a file, and says whether it was there. */
  remove(name: string): boolean;
  list(): string[];
}

/** Lines for the owner, read with `spacechain app logs`. */
export interface Log {
  debug(...parts: unknown[]): void;
  info(...parts: unknown[]): void;
  warn(...parts: unknown[]): void;
  error(...parts: unknown[]): void;
}

/** A message that waited for this activation. */
export interface Message {
  /** Endpoint of the sender, such as "ipn:90002.64". */
  readonly from: string;
  readonly data: Uint8Array;
}

/** Text to bytes and back. */
export interface UTF8 {
  encode(text: string): Uint8Array;
  decode(data: Uint8Array): string;
}

/** Everything outside its own memory that an app can reach. */
export interface Spc {
  /** Reads a sensor that the manifest asks for and the grant allows. */
  sensor(name: SensorName): Reading;
  readonly kv: KV;
  readonly files: Files;
  readonly log: Log;
  readonly utf8: UTF8;
  /** Queues a bundle message to "owner" or to a peer that the manifest names. */
  send(peer: string, data: Data): void;
  /** Takes the next waiting message, or null where none waits. */
  receive(): Message | null;
  /** Encrypts with the tenant's own key (authenticated). */
  seal(plain: Data): Uint8Array;
  /** Opens what `seal` made; throws code "BADAUTH" for anything else. */
  open(sealed: Data): Uint8Array;
  /** Asks for one more activation at a time (a Date or milliseconds); `label` becomes the event's name. */
  wakeAt(when: Date | number, label?: string): void;
  /** Asks for one more activation when the satellite's ground point enters the circle. */
  wakeInRegion(latDeg: number, lonDeg: number, radiusKm: number, label?: string): void;
  /** Switches on a trigger that spacechain.yaml declares optional. */
  subscribe(trigger: string): void;
  /** Sets the bytes that travel home; what `activate` returns wins over this. */
  setResult(data: Data): void;
  /** The satellite's time, at the resolution that apps get. */
  now(): Date;
  /** Gas that this activation may still use. */
  gasLeft(): number;
  /** Version of this interface. */
  readonly version: number;
}

/** What `activate` may give back: bytes, text, anything JSON can say, or nothing. */
export type Result = void | undefined | null | string | number | boolean | Uint8Array | ArrayBuffer | object;

/** An app: the default export of its main module. */
export interface App {
  activate(event: Event, spc: Spc): Result | Promise<Result>;
}

/** Gives back its argument; it is there for the types. */
export function defineApp(app: App): App;

/** The `code` of an SpcError. */
export type SpcErrorCode =
  /** the grant does not allow it */
  | "PERM"
  /** no such key, file, sensor or message */
  | "NOENT"
  /** an argument is malformed or out of bounds */
  | "INVAL"
  /** storage, bandwidth or message quota is used up */
  | "QUOTA"
  /** asked more often than the granted rate */
  | "RATE"
  /** not now: the device or the link is not available */
  | "BUSY"
  /** the message limit is too small for it */
  | "TOOBIG"
  /** a sealed message does not open */
  | "BADAUTH"
  /** the satellite does not have it */
  | "UNAVAILABLE"
  | "INTERNAL";

/** What a refused call throws. */
export interface SpcError extends Error {
  readonly code: SpcErrorCode;
  /** The number of the code. */
  readonly errno: number;
}

/** Whether e is a refused call, and of that code where one is given. */
export function isSpcError(e: unknown, code?: SpcErrorCode): e is SpcError;

/** The event's payload as text. */
export function text(event: Event | Message): string;

/**
 * The event's payload parsed as JSON; `otherwise` for an empty or malformed
 * payload, so that a stranger's message cannot end the activation.
 */
export function json<T = unknown>(event: Event | Message, otherwise?: T): T;

/**
 * A ring buffer of the last `size` JSON values in key-value storage: one small
 * key for each value, so that adding costs one write of one value.
 */
export class Ring<T = unknown> {
  constructor(kv: KV, name: string, size: number);
  /** How many values it holds, at most `size`. */
  readonly length: number;
  /** How many values were ever added. */
  readonly total: number;
  add(value: T): void;
  /** The last n values (all by default), oldest first. */
  last(n?: number): T[];
}

/** Rounds to a number of decimals, so that results stay short. */
export function round(value: number, decimals: number): number;

/** Length of a vector. */
export function norm(v: readonly number[]): number;

// What the engine offers beside ECMAScript itself. There is no import(), fetch,
// require or process, and waiting is free: when nothing else is left to run, the
// guest's clock jumps to the next timer.
declare global {
  /** The same object that `activate` gets. */
  const spc: Spc;
  /** Writes to the owner's log. */
  const console: Console;
  function setTimeout(callback: (...args: any[]) => void, ms?: number, ...args: any[]): number;
  function clearTimeout(id: number | undefined): void;
  function queueMicrotask(callback: () => void): void;
  function atob(data: string): string;
  function btoa(data: string): string;
  const performance: { now(): number };

  interface Console {
    log(...parts: unknown[]): void;
    info(...parts: unknown[]): void;
    debug(...parts: unknown[]): void;
    warn(...parts: unknown[]): void;
    error(...parts: unknown[]): void;
  }
  /** UTF-8 only. */
  class TextEncoder {
    encode(text?: string): Uint8Array;
  }
  /** UTF-8 only. */
  class TextDecoder {
    constructor(label?: "utf-8" | "utf8");
    decode(data?: Uint8Array | ArrayBuffer): string;
  }
}
