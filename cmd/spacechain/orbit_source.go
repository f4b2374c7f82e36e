package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"spacechain/astro/elements"
)

const (
	fetchTimeout  = 60 * time.Second // for a whole catalogue
	mostWarnings  = 5                // lines of checksum warnings shown
	catalogueHelp = `elements: file, http(s) URL, or "-" for standard input; TLE or OMM`
	checksumHelp  = "wrong TLE checksums: warn or strict"
)

// readCatalogue reads element sets from a file, a URL or standard input.
// Checksum warnings go to standard error.
func readCatalogue(cmd *cobra.Command, source, checksum string) ([]elements.Set, error) {
	policy, err := elements.ParseChecksum(checksum)
	if err != nil {
		return nil, usagef("--checksum: %w", err)
	}
	if source == "" {
		return nil, usagef("--tle is missing; give a file, a URL, or - for standard input")
	}
	in, err := openSource(cmd, source)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if source == "-" {
		source = "standard input"
	}
	sets, warnings, err := elements.Parse(in, policy)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	for i, w := range warnings {
		if i == mostWarnings && len(warnings) > mostWarnings+1 {
			cmd.PrintErrf("warning: %s: %d more lines like these\n", source, len(warnings)-i)
			break
		}
		cmd.PrintErrf("warning: %s, %v\n", source, w)
	}
	if len(sets) == 0 {
		return nil, fmt.Errorf("%s: holds no element sets; give TLE or OMM", source)
	}
	return sets, nil
}

// openSource opens what --tle names.
func openSource(cmd *cobra.Command, source string) (io.ReadCloser, error) {
	switch {
	case source == "-":
		return io.NopCloser(cmd.InOrStdin()), nil
	case strings.HasPrefix(source, "http://"), strings.HasPrefix(source, "https://"):
		ctx := cmd.Context()
		if ctx == nil {
			ctx = context.Background()
		}
		return fetch(ctx, source)
	}
	f, err := os.Open(source)
	if err != nil {
		return nil, fmt.Errorf("read elements: %w", err)
	}
	return f, nil
}

// fetch gets a document over HTTP. The parser bounds its size, the client its
// time.
func fetch(ctx context.Context, url string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, usagef("fetch %s: %w", url, err)
	}
	req.Header.Set("User-Agent", "spacechain")
	client := http.Client{Timeout: fetchTimeout}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch elements: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("fetch %s: the server answers %s", url, resp.Status)
	}
	return resp.Body, nil
}

// pickSatellite returns the index-th set (from 0) with a catalogue number.
func pickSatellite(sets []elements.Set, number, index int) (elements.Set, error) {
	found := 0
	for _, s := range sets {
		if s.NoradID != number {
			continue
		}
		if found == index {
			return s, nil
		}
		found++
	}
	if found == 0 {
		return elements.Set{}, fmt.Errorf("satellite %d is not among the %d sets", number, len(sets))
	}
	return elements.Set{}, usagef("--index %d: satellite %d has %d sets, counted from 0", index, number, found)
}
