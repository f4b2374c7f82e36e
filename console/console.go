// Package console serves the web console and the HTTP API that it reads, on one
// address. The console's sources are in web/ (Svelte and TypeScript); `make web`
// builds them into dist/, from where they are embedded into the binary. A
// binary that was built without them serves a page that says so.
//
// The console is read-only: it shows satellites, links, passes, apps and their
// results. It holds no keys; commands come from the command line.
package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"

	"spacechain/cloud/api"
)

//go:embed dist
var dist embed.FS

//go:embed unbuilt.html
var unbuilt []byte

// Policy is the content security policy of the console's pages: everything comes
// from this server, nothing is inline, nothing may frame it.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Built tells whether the console's pages are part of this binary.
func Built() bool {
	_, err := fs.Stat(dist, "dist/index.html")
	return err == nil
}

// Handler serves the console at / and srv's API beside it, both behind srv's
// guard. srv.Run must be kept going for the live stream.
func Handler(srv *api.Server) (http.Handler, error) {
	if srv == nil {
		return nil, errors.New("serve console: no api server given")
	}
	pages, err := load(dist)
	if err != nil {
		return nil, fmt.Errorf("serve console: %w", err)
	}
	static := srv.Guard(pages)
	back := srv.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isAPI(r.URL.Path) {
			back.ServeHTTP(w, r)
			return
		}
		static.ServeHTTP(w, r)
	}), nil
}

// isAPI tells the API's paths from the console's.
func isAPI(p string) bool {
	return strings.HasPrefix(p, "/api/") || strings.HasPrefix(p, "/openapi") || p == "/metrics" || p == "/healthz"
}

// file is one page or asset, ready to be sent.
type file struct {
	data   []byte
	kind   string
	etag   string
	packed func() []byte // gzip, made when first asked for; nil where it does not pay
}

// site is the set of files by URL path.
type site map[string]*file

// load reads the embedded files. Without index.html the site is the page that
// tells how to build it.
func load(files fs.FS) (site, error) {
	s := site{}
	err := fs.WalkDir(files, "dist", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || name == "dist/README.md" {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		s["/"+strings.TrimPrefix(name, "dist/")] = newFile(name, data)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if s["/index.html"] == nil {
		s["/index.html"] = newFile("unbuilt.html", unbuilt)
	}
	s["/"] = s["/index.html"]
	return s, nil
}

func newFile(name string, data []byte) *file {
	sum := sha256.Sum256(data)
	f := &file{data: data, kind: mime.TypeByExtension(path.Ext(name)), etag: `"` + hex.EncodeToString(sum[:12]) + `"`}
	switch path.Ext(name) {
	case ".js": // the machine's own table may differ
		f.kind = "text/javascript; charset=utf-8"
	case ".css":
		f.kind = "text/css; charset=utf-8"
	case ".html":
		f.kind = "text/html; charset=utf-8"
	case ".svg":
		f.kind = "image/svg+xml"
	case ".json", ".webmanifest":
		f.kind = "application/json"
	default:
		return f
	}
	f.packed = sync.OnceValue(func() []byte {
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			return nil
		}
		if _, err := z.Write(data); err != nil || z.Close() != nil || b.Len() >= len(data) {
			return nil
		}
		return b.Bytes()
	})
	return f
}

// ServeHTTP sends a file. Hashed assets may be kept for ever; pages are asked
// for anew each time.
func (s site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", Policy)
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), usb=()")
	f := s[r.URL.Path]
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "the console only reads; commands go to /api/v1/commands", http.StatusMethodNotAllowed)
		return
	}
	if f == nil {
		http.Error(w, "no such page; the console is at /", http.StatusNotFound)
		return
	}
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(r.URL.Path, "/assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", f.etag)
	if strings.Contains(r.Header.Get("If-None-Match"), f.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.kind)
	data := f.data
	if f.packed != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		if z := f.packed(); z != nil {
			h.Set("Content-Encoding", "gzip")
			data = z
		}
	}
	h.Set("Content-Length", fmt.Sprint(len(data)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(data)
	}
}
