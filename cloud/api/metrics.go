package api

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics is the server's own Prometheus registry.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	streams  prometheus.Gauge
	events   *prometheus.CounterVec
	dropped  prometheus.Counter
}

func newMetrics(b Backend, timeout time.Duration) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "spacechain_http_requests_total", Help: "HTTP requests answered, by route, method and status.",
		}, []string{"route", "method", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "spacechain_http_request_seconds", Help: "Wall time to answer, event streams left out.",
			Buckets: []float64{.001, .003, .01, .03, .1, .3, 1, 3, 10},
		}, []string{"route"}),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "spacechain_event_streams", Help: "Event streams open now.",
		}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "spacechain_events_total", Help: "Events that the backend sent, by kind.",
		}, []string{"kind"}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "spacechain_events_dropped_total", Help: "Events lost on the way to a client, each client counted.",
		}),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.streams, m.events, m.dropped,
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		&universeCollector{backend: b, timeout: timeout})
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

// routeKey carries a *string that instrument fills in once the route is known.
type routeKey struct{}

func route(ctx context.Context) string {
	if p, ok := ctx.Value(routeKey{}).(*string); ok && *p != "" {
		return *p
	}
	return "none"
}

// instrument counts and times the requests to mux by route, not by path, so
// that strangers cannot make new series.
func (m *metrics) instrument(mux *http.ServeMux) http.Handler {
	label := promhttp.WithLabelFromCtx("route", route)
	named := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, pattern := mux.Handler(r)
		*r.Context().Value(routeKey{}).(*string) = pattern
		mux.ServeHTTP(w, r)
	}))
	counted := promhttp.InstrumentHandlerCounter(m.requests, named, label)
	timed := promhttp.InstrumentHandlerDuration(m.seconds, counted, label)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(context.WithValue(r.Context(), routeKey{}, new(string)))
		if r.URL.Path == "/api/v1/events" {
			counted.ServeHTTP(w, r)
			return
		}
		timed.ServeHTTP(w, r)
	})
}

// universeCollector reads the universe at each scrape.
type universeCollector struct {
	backend Backend
	timeout time.Duration
}

func gauge(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("spacechain_"+name, help, nil, nil)
}

var (
	descUp         = gauge("backend_up", "1 if the backend answers.")
	descTime       = gauge("simulated_time_seconds", "Simulated time, Unix seconds.")
	descSpeed      = gauge("speed_ratio", "Simulated seconds per wall second; 0 means as fast as events allow.")
	descSatellites = gauge("satellites", "Satellites.")
	descStations   = gauge("stations", "Ground stations.")
	descTerminals  = gauge("terminals", "Terminals.")
	descLinks      = gauge("links", "Links that are up.")
	descTenants    = gauge("tenants", "Tenants known to the terminal.")
	descResults    = gauge("results_total", "Results received.")
	descBundles    = gauge("bundles_delivered_total", "Bundles delivered at their destination.")
)

// Describe implements prometheus.Collector.
func (c *universeCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descUp, descTime, descSpeed, descSatellites, descStations,
		descTerminals, descLinks, descTenants, descResults, descBundles} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *universeCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	value := func(d *prometheus.Desc, v float64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	u, err := c.backend.Universe(ctx)
	if err != nil {
		value(descUp, 0)
		return
	}
	value(descUp, 1)
	value(descTime, float64(u.Time.UnixMilli())/1000)
	value(descSpeed, u.Speed)
	value(descSatellites, float64(u.Satellites))
	value(descStations, float64(u.Stations))
	value(descTerminals, float64(u.Terminals))
	value(descLinks, float64(u.Links))
	value(descTenants, float64(u.Tenants))
	ch <- prometheus.MustNewConstMetric(descResults, prometheus.CounterValue, float64(u.Results))
	ch <- prometheus.MustNewConstMetric(descBundles, prometheus.CounterValue, float64(u.Bundles))
}
