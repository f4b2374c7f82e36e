package api

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
)

// guard is the outermost layer: it recovers panics, refuses foreign host names
// and cross-site writes, and sets the headers that every answer carries.
func (s *Server) guard(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, http.StatusForbidden, ProblemForbidden,
			fmt.Sprintf("%s %s: refused a write from another site", r.Method, r.URL.Path))
	}))
	inner := cross.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			s.opt.Log.Error("panic in handler", "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
			writeProblem(w, http.StatusInternalServerError, ProblemInternal,
				"internal error; the server's log has the reason")
		}()
		secureHeaders(w.Header())
		if !s.hostAllowed(r.Host) {
			writeProblem(w, http.StatusMisdirectedRequest, ProblemForbidden,
				fmt.Sprintf("host %q: not a name of this server; add it to the allowed hosts", r.Host))
			return
		}
		inner.ServeHTTP(w, r)
	})
}

// secureHeaders sets what protects API answers in a browser: they are data, so
// nothing in them may run, be framed, or be read by another site.
func secureHeaders(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
}

// hostAllowed tells whether the Host header names this server. Addresses pass:
// DNS rebinding works by a name that the attacker controls.
func (s *Server) hostAllowed(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	for _, allowed := range s.opt.AllowedHosts {
		if name == strings.ToLower(allowed) {
			return true
		}
	}
	return false
}
