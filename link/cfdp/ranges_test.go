package cfdp

import (
	"testing"

	"pgregory.net/rapid"
)

// The set behaves as a row of marks would.
func TestRangesAgainstMarks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n = 60
		var marks [n]bool
		var r ranges
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			a, b := rapid.IntRange(0, n).Draw(t, "a"), rapid.IntRange(0, n).Draw(t, "b")
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0, 1:
				want := int64(0)
				for i := a; i < b; i++ {
					if !marks[i] {
						want++
					}
					marks[i] = true
				}
				if got := r.add(int64(a), int64(b)); got != want {
					t.Fatalf("add %d-%d: %d new, want %d", a, b, got, want)
				}
			case 2:
				if len(r) > 0 {
					s := r.takeFront(int64(1 + a))
					for i := s.Start; i < s.End; i++ {
						if !marks[i] {
							t.Fatal("took what was not there")
						}
						marks[i] = false
					}
				}
			}
			for i, s := range r {
				if s.Start >= s.End || i > 0 && s.Start <= r[i-1].End {
					t.Fatalf("not in form: %v", r)
				}
			}
			from, to := min(a, b), max(a, b)
			missing := map[int64]bool{}
			for _, g := range r.gaps(int64(from), int64(to), n) {
				for i := g.Start; i < g.End; i++ {
					missing[i] = true
				}
			}
			whole, last, prefix := true, int64(0), int64(0)
			for i, m := range marks {
				if m {
					last = int64(i + 1)
					if prefix == int64(i) {
						prefix++
					}
				}
				if i >= from && i < to {
					whole = whole && m
					if missing[int64(i)] == m {
						t.Fatalf("gaps of %v in %d-%d: %v", r, from, to, missing)
					}
				}
			}
			if r.covers(int64(from), int64(to)) != whole || r.end() != last || r.prefix() != prefix {
				t.Fatalf("%v covers %d-%d: %v, end %d, prefix %d", r, from, to, !whole, r.end(), r.prefix())
			}
			if g := r.gaps(0, n, 2); len(g) > 2 {
				t.Fatal("more gaps than asked for")
			}
		}
	})
}
