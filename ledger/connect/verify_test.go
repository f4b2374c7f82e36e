package connect

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// Of checks that fail the first of its class is reported, whoever runs them.
func TestVerifierReportsTheFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := newVerifier(rapid.IntRange(0, 8).Draw(t, "workers"))
		first := map[bool]int{true: -1, false: -1}
		jobs := rapid.IntRange(0, 40).Draw(t, "checks")
		for i := range jobs {
			urgent, fails := rapid.Bool().Draw(t, "urgent"), rapid.IntRange(0, 9).Draw(t, "fails") == 0
			if fails && first[urgent] < 0 {
				first[urgent] = i
			}
			v.add(job{tx: i, urgent: urgent, check: func() error {
				if fails {
					return fmt.Errorf("check %d", i)
				}
				return nil
			}})
		}
		v.start()
		v.wait()
		for urgent, want := range first {
			j, err := v.failure(urgent)
			if want < 0 {
				if j != nil || err != nil {
					t.Fatalf("urgent %v: %v failed, want none", urgent, err)
				}
				continue
			}
			if j == nil || j.tx != want || err == nil || err.Error() != fmt.Sprintf("check %d", want) {
				t.Fatalf("urgent %v: %+v failed with %v, want check %d", urgent, j, err, want)
			}
		}
		if want := first[true]; want >= 0 && (v.urgentFailed(want-1) || !v.urgentFailed(want)) {
			t.Fatalf("an urgent check of transaction %d failed, not so before %v, up to it %v",
				want, v.urgentFailed(want-1), v.urgentFailed(want))
		}
	})
}
