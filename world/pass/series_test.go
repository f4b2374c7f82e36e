package pass

import (
	"context"
	"testing"
	"time"

	"spacechain/link/cfdp"
	"spacechain/spaceos/command"
)

// The satellite sets in the middle of the file. The next pass, hours later, completes it: what was
// on board by then is not sent again, and nothing is handed over, done or answered twice.
func TestFileOverTwoPasses(t *testing.T) {
	course, err := Plan(Config{})
	if err != nil {
		t.Fatal(err)
	}
	span := course.Set().Sub(course.Rise())
	for _, before := range []time.Duration{300 * time.Millisecond, 2500 * time.Millisecond, 4600 * time.Millisecond} {
		c := Config{Course: course, Sandbox: box(t), AppOctets: 128 << 10, DeployAfter: span - before, Commands: 4, Fades: []Fade{}}
		var lines []string
		c.Tell = func(e Event) { lines = append(lines, e.At.Format("15:04:05.000 ")+e.Kind+" "+e.Text) }
		r, err := FlySeries(context.Background(), c, 3)
		if err != nil {
			t.Fatal(err)
		}
		first, second, third := r[0], r[1], r[2]
		if !second.Rise.After(first.Set.Add(time.Hour)) || !third.Rise.After(second.Set) {
			t.Errorf("passes rise %v, %v, %v", first.Rise, second.Rise, third.Rise)
		}
		if f := first.File; !f.Arrived.IsZero() || !f.Ended.IsZero() || f.Octets == 0 || f.Octets > f.Size*9/10 && before < 4*time.Second || first.App.Tenants != 0 {
			t.Errorf("%v before the set: %+v", before, f)
		}
		f := second.File
		if f.Arrived.Before(second.Rise) || !f.Identical || f.Handed != 1 || f.Condition != cfdp.NoError.String() || f.Ended.Before(f.Arrived) {
			t.Errorf("after the second pass: %+v", f)
		}
		// What was on the air or waited for it when the link went down.
		if again := f.Octets - f.Size; again < 0 || again > 8<<10 {
			t.Errorf("%d octets were sent twice: %+v", again, f)
		}
		for i, r := range r {
			// The result, of which the operating system cannot know after a restart that the mesh
			// has it, may come again: its owner knows it by its activation.
			if a := r.App; i > 0 && (a.Tenants != 1 || a.Code != command.OK || a.Replies != 1 || a.Results < 1 || a.Results > 2) {
				t.Errorf("pass %d: %+v", i+1, a)
			}
			for _, c := range r.Commands {
				if c.State != "verified" || c.Counted && c.Performed != 1 {
					t.Errorf("pass %d: command %+v", i+1, c)
				}
			}
		}
		if third.File != second.File || third.link(t, "payload-up").Resent != 0 && third.File.Octets == third.File.Size {
			t.Errorf("in the third pass something happens to the file: %+v", third.File)
		}
		t.Logf("%v before the set: %d of %d octets, then %d", before, first.File.Octets, f.Size, f.Octets-first.File.Octets)
		if t.Failed() {
			for _, l := range lines {
				t.Log(l)
			}
			return
		}
	}
}
