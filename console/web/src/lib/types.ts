// The API's types as the console uses them. /openapi.json is the full word on them.

export type Point = { lat_deg: number; lon_deg: number };

export type Universe = {
  name: string;
  version: string;
  time: string;
  start: string;
  speed: number;
  paused: boolean;
  seed: string;
  satellites: number;
  stations: number;
  terminals: number;
  links: number;
  tenants: number;
  results: number;
  bundles: number;
  sun: Point;
};

export type Satellite = {
  id: number;
  name: string;
  lat_deg: number;
  lon_deg: number;
  alt_km: number;
  inclination_deg: number;
  period_min: number;
  sunlit: boolean;
  mode: string;
  links: number;
  tenants: number;
};

export type TrackPoint = { t: string; lat: number; lon: number; alt: number };

export type Telemetry = {
  received: string;
  station: number;
  mode: string;
  down: { modem: string; coding: string; framing: string };
};

export type SatelliteDetail = Satellite & {
  epoch: string;
  speed_km_s: number;
  battery_fraction?: number;
  queued_bytes: number;
  peers: number[];
  telemetry?: Telemetry;
  track: TrackPoint[];
};

export type Station = {
  id: number;
  name: string;
  operator?: string;
  lat_deg: number;
  lon_deg: number;
  alt_km: number;
  min_elevation_deg: number;
  up: boolean;
  links: number;
};

export type Pass = {
  satellite: number;
  station: number;
  rise: string;
  culmination: string;
  set: string;
  max_elevation_deg: number;
};

export type Result = {
  seq: number;
  tenant: string;
  satellite: number;
  created: string;
  received: string;
  activation: number;
  trigger?: string;
  end: string;
  detail?: string;
  gas: number;
  duration_ms: number;
  verified: boolean;
  size: number;
  body: string;
  json?: unknown;
};

export type Tenant = {
  id: string;
  app: string;
  version: string;
  publisher: string;
  owner: string;
  runtime?: string;
  satellite: number;
  state: 'pending' | 'installed' | 'stopped' | 'refused' | 'removed';
  detail?: string;
  request?: string;
  installed?: string;
  activations: number;
  gas_used: number;
  gas_limit: number;
  storage_bytes: number;
  storage_quota_bytes: number;
  results: number;
  last_result?: Result;
};

export type LogLine = { seq: number; time: string; level: 'debug' | 'info' | 'warn' | 'error'; text: string };

export type StageName = 'queued' | 'uplinked' | 'hop' | 'arrived' | 'executed' | 'replied' | 'result';
export type Stage = { name: StageName; time: string; node: number; text?: string };

export type Request = {
  id: string;
  kind: string;
  tenant?: string;
  app?: string;
  satellite: number;
  size: number;
  state: 'pending' | 'done' | 'failed';
  stages: Stage[];
  next?: { name: StageName; time: string; text?: string };
  code?: string;
  message?: string;
};

export type Severity = 'debug' | 'info' | 'warn' | 'error';

export type MissionEvent = {
  seq: number;
  time: string;
  kind: string;
  severity: Severity;
  nodes?: number[];
  text: string;
  tenant?: Tenant;
  result?: Result;
  request?: Request;
};

export type PositionFrame = {
  time: string;
  generation: number;
  count: number;
  unit_km: number;
  pos_ecef: string;
  sunlit?: string;
  sun: Point;
};

export type LinkFrame = { time: string; count: number; ends: string; flags: string };
