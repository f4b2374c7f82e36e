// The state that the panels show, kept current by the event stream.

import { Fleet } from './fleet';
import { get } from './http';
import type {
  LinkFrame,
  LogLine,
  MissionEvent,
  Pass,
  PositionFrame,
  Request,
  Result,
  Satellite,
  SatelliteDetail,
  Station,
  Tenant,
  Universe,
} from './types';

const eventKinds = ['link', 'pass', 'bundle', 'tenant', 'result', 'request', 'fault', 'node', 'universe'];
const maxEvents = 400;
const maxResults = 200;
const maxLogs = 300;

/** Minutes of simulated time that the timeline shows before and after now. */
export const timelineBefore = 10;
export const timelineAfter = 110;

class Mission {
  universe = $state.raw<Universe | null>(null);
  /** Simulated time, Unix ms, stepped a few times a second for the texts. */
  now = $state(0);
  connected = $state(false);
  problem = $state('');
  satellites = $state.raw<Satellite[]>([]);
  stations = $state.raw<Station[]>([]);
  tenants = $state.raw<Tenant[]>([]);
  requests = $state.raw<Request[]>([]);
  passes = $state.raw<Pass[]>([]);
  events = $state.raw<MissionEvent[]>([]);
  results = $state.raw<Result[]>([]);
  logs = $state.raw<LogLine[]>([]);
  detail = $state.raw<SatelliteDetail | null>(null);
  selectedSatellite = $state<number | null>(null);
  selectedTenant = $state<string | null>(null);
  selectedResult = $state<number | null>(null);
  /** A result's track to draw on the globe. */
  track = $state.raw<{ lat: number; lon: number; value: number }[]>([]);

  readonly fleet = new Fleet();
  private clockWall = 0;
  private clockSim = 0;
  private source: EventSource | null = null;
  private names = new Map<number, string>();
  private loading = false;
  private waiting = false;

  /** start connects and keeps everything current until the page goes. */
  start() {
    void this.load();
    this.connect();
    setInterval(() => this.stepClock(), 200);
    setInterval(() => void this.refresh(), 5000);
    setInterval(() => void this.refreshPasses(), 4000);
  }

  /** simNow is the simulated time at this very moment, Unix ms. */
  simNow(): number {
    const u = this.universe;
    if (!u) return 0;
    if (u.paused || u.speed === 0) return this.clockSim;
    return this.clockSim + (performance.now() - this.clockWall) * u.speed;
  }

  /** name gives a node's name. */
  name(node: number): string {
    return this.names.get(node) ?? (node >= 3000001 ? `terminal ${node - 3000000}` : String(node));
  }

  selectSatellite(id: number | null) {
    this.selectedSatellite = id;
    this.detail = null;
    if (id !== null) void this.refreshSatellite();
  }

  selectTenant(id: string | null) {
    if (id === this.selectedTenant) return;
    this.selectedTenant = id;
    this.selectedResult = null;
    this.results = [];
    this.logs = [];
    this.track = [];
    if (id !== null) void this.refreshTenant();
  }

  private stepClock() {
    const t = this.simNow();
    // Time stands a little rather than run backwards when a clock event corrects it.
    if (t > this.now || this.now - t > 120_000) this.now = t;
  }

  private takeClock(u: Universe) {
    this.universe = u;
    this.clockSim = Date.parse(u.time);
    this.clockWall = performance.now();
    this.stepClock();
  }

  private connect() {
    const source = new EventSource('/api/v1/events?replay=200');
    this.source = source;
    const on = <T>(kind: string, take: (data: T) => void) =>
      source.addEventListener(kind, (e) => take(JSON.parse((e as MessageEvent<string>).data) as T));
    source.onopen = () => (this.connected = true);
    source.onerror = () => {
      this.connected = false;
      // The browser reconnects by itself unless the server said no.
      if (source.readyState === EventSource.CLOSED && this.source === source) setTimeout(() => this.connect(), 3000);
    };
    on<Universe>('clock', (u) => this.takeClock(u));
    on<PositionFrame>('positions', (f) => {
      if (!this.fleet.takePositions(f, performance.now())) void this.loadNodes();
    });
    on<LinkFrame>('links', (f) => this.fleet.takeLinks(f));
    on('gap', () => void this.load());
    for (const kind of eventKinds) on<MissionEvent>(kind, (e) => this.takeEvent(e));
  }

  private takeEvent(e: MissionEvent) {
    if (this.events.some((old) => old.seq === e.seq && old.time === e.time)) return;
    this.events = [e, ...this.events].slice(0, maxEvents);
    const { tenant, request } = e;
    if (tenant) this.tenants = upsert(this.tenants, tenant);
    if (request) {
      const known = this.requests.some((r) => r.id === request.id);
      this.requests = known ? this.requests.map((r) => (r.id === request.id ? request : r)) : [request, ...this.requests];
    }
    if (e.result?.tenant === this.selectedTenant) this.resultsSoon();
  }

  /** resultsSoon fetches results at most once a second, however fast they come. */
  private resultsSoon() {
    if (this.waiting) return;
    this.waiting = true;
    setTimeout(() => {
      this.waiting = false;
      void this.refreshTenant();
    }, 1000);
  }

  private async load() {
    await this.guard(async () => {
      const [u] = await Promise.all([get<Universe>('universe'), this.loadNodes()]);
      this.takeClock(u);
      await Promise.all([this.refresh(), this.refreshPasses()]);
    });
  }

  private async loadNodes() {
    if (this.loading) return;
    this.loading = true;
    try {
      const [sats, stations] = await Promise.all([
        get<{ satellites: Satellite[] }>('satellites'),
        get<{ stations: Station[] }>('stations'),
      ]);
      this.satellites = sats.satellites;
      this.stations = stations.stations;
      this.names = new Map([...this.satellites, ...this.stations].map((n) => [n.id, n.name]));
      this.fleet.setNodes(this.satellites, this.stations);
    } catch (err) {
      this.problem = String(err instanceof Error ? err.message : err);
    } finally {
      this.loading = false;
    }
  }

  private async refresh() {
    await this.guard(async () => {
      const [t, r, s] = await Promise.all([
        get<{ tenants: Tenant[] }>('tenants'),
        get<{ requests: Request[] }>('requests', { limit: 50 }),
        get<{ stations: Station[] }>('stations'),
      ]);
      this.tenants = t.tenants;
      this.requests = r.requests;
      this.stations = s.stations;
      if (this.selectedTenant === null && t.tenants.length > 0) {
        this.selectTenant((t.tenants.find((x) => x.last_result) ?? t.tenants[0]).id);
      }
      await Promise.all([this.refreshTenant(), this.refreshSatellite()]);
    });
  }

  private async refreshTenant() {
    const id = this.selectedTenant;
    if (id === null) return;
    await this.guard(async () => {
      const path = `tenants/${encodeURIComponent(id)}`;
      // A long history is entered near its end.
      const known = this.tenants.find((t) => t.id === id);
      const begin = Math.max(0, (known?.results ?? 0) - maxResults);
      const [r, l] = await Promise.all([
        get<{ results: Result[] }>(`${path}/results`, { after: this.results.at(-1)?.seq ?? begin, limit: maxResults }),
        get<{ lines: LogLine[] }>(`${path}/logs`, { after: this.logs.at(-1)?.seq ?? 0, limit: 1000 }),
      ]);
      if (this.selectedTenant !== id) return;
      const lastSeq = this.results.at(-1)?.seq ?? 0;
      const fresh = r.results.filter((x) => x.seq > lastSeq);
      if (fresh.length > 0) this.results = [...this.results, ...fresh].slice(-maxResults);
      const lastLine = this.logs.at(-1)?.seq ?? 0;
      const lines = l.lines.filter((x) => x.seq > lastLine);
      if (lines.length > 0) this.logs = [...this.logs, ...lines].slice(-maxLogs);
    });
  }

  private async refreshSatellite() {
    const id = this.selectedSatellite;
    if (id === null) return;
    await this.guard(async () => {
      const d = await get<SatelliteDetail>(`satellites/${id}`);
      if (this.selectedSatellite === id) this.detail = d;
    });
  }

  private async refreshPasses() {
    const u = this.universe;
    if (!u) return;
    await this.guard(async () => {
      const now = this.simNow();
      const window = {
        from: new Date(now - timelineBefore * 60_000).toISOString(),
        to: new Date(now + (timelineAfter + 30) * 60_000).toISOString(),
      };
      // A great catalogue passes somewhere all the time: show those that matter here.
      const few = u.satellites <= 200;
      const chosen = [...new Set([this.selectedSatellite, ...this.tenants.map((t) => t.satellite)])].filter((x) => x !== null);
      const lists = few
        ? [await get<{ passes: Pass[] }>('passes', { ...window, limit: 2000 })]
        : await Promise.all(chosen.slice(0, 6).map((satellite) => get<{ passes: Pass[] }>('passes', { ...window, satellite })));
      this.passes = lists.flatMap((l) => l.passes);
    });
  }

  private async guard(work: () => Promise<void>) {
    try {
      await work();
      this.problem = '';
    } catch (err) {
      this.problem = err instanceof Error ? err.message : String(err);
    }
  }
}

function upsert(list: Tenant[], t: Tenant): Tenant[] {
  return list.some((x) => x.id === t.id) ? list.map((x) => (x.id === t.id ? t : x)) : [...list, t].sort((a, b) => (a.id < b.id ? -1 : 1));
}

export const mission = new Mission();
