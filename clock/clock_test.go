package clock

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Whatever is scheduled, cancelled and scheduled again from within, events run in
// the order of time and then of scheduling, and simulated time never goes back.
func TestLoopOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := NewLoop(start)
		type mark struct {
			at time.Time
			id int
		}
		var ran, want []mark
		var last time.Time
		id := 0
		var schedule func(depth int)
		schedule = func(depth int) {
			d := time.Duration(rapid.IntRange(-3, 20).Draw(t, "d")) * time.Second
			m := mark{at: l.Now().Add(max(d, 0)), id: id}
			id++
			e := l.After(d, func() {
				if l.Now().Before(last) || !l.Now().Equal(m.at) {
					t.Fatalf("event of %v runs at %v after %v", m.at, l.Now(), last)
				}
				last = l.Now()
				ran = append(ran, m)
				if depth > 0 {
					schedule(depth - 1)
				}
			})
			if rapid.IntRange(0, 4).Draw(t, "cancel") == 0 {
				l.Cancel(e)
				l.Cancel(e)
				return
			}
			want = append(want, m)
		}
		for range rapid.IntRange(0, 20).Draw(t, "n") {
			schedule(2)
		}
		if err := l.Run(context.Background(), time.Time{}, AsFast()); err != nil {
			t.Fatal(err)
		}
		slices.SortStableFunc(want, func(a, b mark) int {
			if c := a.at.Compare(b.at); c != 0 {
				return c
			}
			return a.id - b.id
		})
		if !slices.Equal(ran, want) {
			t.Fatalf("ran %v, want %v", ran, want)
		}
	})
}

func TestRunStopsAtUntilAndGoesOn(t *testing.T) {
	l := NewLoop(start)
	var ran []int
	for i := range 4 {
		l.At(start.Add(time.Duration(i)*time.Hour), func() { ran = append(ran, i) })
	}
	end := start.Add(90 * time.Minute)
	if err := l.Run(context.Background(), end, AsFast()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(ran, []int{0, 1}) || !l.Now().Equal(end) {
		t.Fatal(ran, l.Now())
	}
	if err := l.Run(context.Background(), start.Add(24*time.Hour), AsFast()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(ran, []int{0, 1, 2, 3}) || !l.Now().Equal(start.Add(24*time.Hour)) {
		t.Fatal(ran, l.Now())
	}
}

func TestScaledPaceTiesTimeToTheMachines(t *testing.T) {
	const factor = 36000 // ten hours a second
	l := NewLoop(start)
	done := false
	l.After(time.Hour, func() { done = true })
	elapsed := Stopwatch()
	if err := l.Run(context.Background(), start.Add(2*time.Hour), Scaled(factor)); err != nil {
		t.Fatal(err)
	}
	if d := elapsed(); !done || d < 190*time.Millisecond {
		t.Fatalf("two hours at %d times took %v, done %v", factor, d, done)
	}
}

func TestSharedAnchorGivesSharedTime(t *testing.T) {
	p := Pace{Factor: 100, Wall: Wall().Now(), Sim: start}
	for range 2 {
		l := NewLoop(start.Add(-time.Hour))
		ctx, cancel := context.WithCancel(context.Background())
		var seen time.Time
		l.Post(func() { seen = l.Now(); cancel() })
		if err := l.Run(ctx, time.Time{}, p); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if now := p.At(Wall().Now()); seen.Before(start) || seen.After(now) {
			t.Fatalf("a post saw %v, want between %v and %v", seen, start, now)
		}
	}
}

func TestPostFromOtherGoroutines(t *testing.T) {
	l := NewLoop(start)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	const posts = 100
	n := 0
	var wg sync.WaitGroup
	for range posts {
		wg.Go(func() {
			l.Post(func() {
				if n++; n == posts {
					cancel()
				}
			})
		})
	}
	if err := l.Run(ctx, time.Time{}, Scaled(60)); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	wg.Wait()
	if n != posts {
		t.Fatalf("%d of %d posts ran", n, posts)
	}
}

// A machine too slow for its pace still runs every event, only later.
func TestSlowMachineLosesNothing(t *testing.T) {
	l := NewLoop(start)
	events := 0
	var busy func()
	busy = func() {
		time.Sleep(2 * time.Millisecond)
		if events++; events < 200 {
			l.After(time.Second, busy)
		}
	}
	l.After(0, busy)
	if err := l.Run(context.Background(), start.Add(time.Minute), Scaled(10000)); err != nil {
		t.Fatal(err)
	}
	if events != 61 || !l.Now().Equal(start.Add(time.Minute)) {
		t.Fatalf("%d events by %v: every second of the minute has one", events, l.Now())
	}
}

// While an event waits for work given away, posts are answered.
func TestAwaitAnswersPosts(t *testing.T) {
	l := NewLoop(start)
	done, asked := make(chan struct{}), make(chan time.Time, 1)
	l.After(time.Hour, func() {
		go l.Post(func() {
			asked <- l.Now()
			close(done)
		})
		l.Await(done)
	})
	if err := l.Run(context.Background(), start.Add(2*time.Hour), AsFast()); err != nil {
		t.Fatal(err)
	}
	if at := <-asked; !at.Equal(start.Add(time.Hour)) {
		t.Fatalf("a post was answered at %v", at)
	}
}

func TestSleepEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := Sleep(context.Background(), time.Millisecond); err != nil {
		t.Fatal(err)
	}
}
