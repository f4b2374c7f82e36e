package receive

import "testing"

// What several sources find counts as often as the one that finds it most often.
func TestRecent(t *testing.T) {
	type found struct {
		source int
		at     float64
		data   string
		known  bool
	}
	for name, all := range map[string][]found{
		"once by all":                   {{0, 1, "a", false}, {1, 1, "a", true}, {2, 1.1, "a", true}},
		"twice by one":                  {{0, 1, "a", false}, {0, 1.5, "a", false}},
		"twice by both":                 {{0, 1, "a", false}, {1, 1, "a", true}, {0, 1.5, "a", false}, {1, 1.5, "a", true}},
		"the second by the other alone": {{0, 1, "a", false}, {1, 1, "a", true}, {1, 1.5, "a", false}},
		"other data":                    {{0, 1, "a", false}, {1, 1, "b", false}},
		"too late":                      {{0, 1, "a", false}, {1, 4, "a", false}},
	} {
		r := recent{window: 1}
		for i, f := range all {
			if got := r.known(f.source, Frame{Time: f.at, Data: []byte(f.data)}); got != f.known {
				t.Errorf("%s: frame %d known: %v, want %v", name, i, got, f.known)
			}
		}
	}
}
