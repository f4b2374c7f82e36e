package sandbox

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

// queueUp makes a goroutine that acquires a slot, and waits until it queues.
func queueUp(s *slots, t *turn, done func()) {
	s.mu.Lock()
	before := s.queued
	s.mu.Unlock()
	go func() {
		if s.acquire(context.Background(), t) == nil {
			done()
		}
	}()
	for {
		s.mu.Lock()
		n := s.queued
		s.mu.Unlock()
		if n > before {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// TestSlotsOrder holds that the better level goes first, and first come first served within.
func TestSlotsOrder(t *testing.T) {
	s := newSlots(1)
	first := &turn{}
	if err := s.acquire(context.Background(), first); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var order []int
	var wg sync.WaitGroup
	for i, level := range []int{3, 1, 0, 1, 0} {
		wg.Add(1)
		tn := &turn{level: level}
		queueUp(s, tn, func() {
			mu.Lock()
			order = append(order, i)
			mu.Unlock()
			s.release(tn)
			wg.Done()
		})
	}
	s.release(first)
	wg.Wait()
	if want := []int{2, 4, 1, 3, 0}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
	if s.free != 1 || s.queued != 0 {
		t.Errorf("%d free, %d queued at the end", s.free, s.queued)
	}
}

// TestSlotsYield holds when a running activation gives way.
func TestSlotsYield(t *testing.T) {
	ctx := context.Background()
	s := newSlots(1)
	hog := &turn{}
	if err := s.acquire(ctx, hog); err != nil {
		t.Fatal(err)
	}
	if err := s.yield(ctx, hog, levelGas[0]+1); err != nil || !hog.held || hog.level != 1 {
		t.Fatalf("alone: %v %+v", err, hog)
	}
	ran := false
	short := &turn{}
	queueUp(s, short, func() { ran = true; s.release(short) })
	if err := s.yield(ctx, hog, levelGas[0]+2); err != nil || !ran || !hog.held {
		t.Fatalf("a better one waits: %v, it ran: %v", err, ran)
	}
	same := &turn{level: 1}
	ran = false
	queueUp(s, same, func() { ran = true; s.release(same) })
	if s.yield(ctx, hog, hog.since+10); ran {
		t.Error("gave way to its own level at once")
	}
	if s.yield(ctx, hog, hog.since+rotateGas); !ran {
		t.Error("did not give way to its own level")
	}
	// The context ends while it waits: it has no slot any more, and release does nothing.
	cancelled, cancel := context.WithCancel(ctx)
	block := make(chan struct{})
	long := &turn{}
	queueUp(s, long, func() { cancel(); <-block; s.release(long) })
	if err := s.yield(cancelled, hog, hog.since+rotateGas); err == nil || hog.held {
		t.Errorf("cancelled while waiting: %v, held %v", err, hog.held)
	}
	s.release(hog)
	close(block)
	for {
		s.mu.Lock()
		free, queued := s.free, s.queued
		s.mu.Unlock()
		if free == 1 && queued == 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
}

// neighbours runs n activations that never end beside f.
func neighbours(e *Engine, n int, f func()) {
	ctx, cancel := context.WithCancel(context.Background())
	bodies := []string{
		"loop br 0 end",
		"loop i32.const 0 i32.const 1 i32.const 65536 memory.fill br 0 end",
		"loop local.get 0 i32.const 8 i32.add i32.const 65528 i32.and local.tee 0 i64.load local.set 2 br 0 end",
	}
	var wg sync.WaitGroup
	for i := range n {
		act := activation(wasmModule(start(bodies[i%len(bodies)]).Bytes()), newHost())
		act.Gas = 1 << 60
		wg.Go(func() { e.Run(ctx, act) })
	}
	time.Sleep(100 * time.Millisecond) // let them sink
	f()
	cancel()
	wg.Wait()
}

// victim is an activation of about n gas.
func victim(n int) Activation {
	return activation(wasmModule(start(fmt.Sprintf("i32.const %d local.set 0 loop local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end", n/5)).Bytes()), newHost())
}

// latency gives the best time of an activation: what others on the machine take comes on top.
func latency(e *Engine, act Activation, n int) time.Duration {
	var took []time.Duration
	for range n {
		at := time.Now()
		e.Run(context.Background(), act)
		took = append(took, time.Since(at))
		time.Sleep(time.Millisecond)
	}
	return slices.Min(took)
}

// TestNeighbours measures how much activations that never end slow down another
// one. The aim is a tenth; the bound is wide because other processes share the machine.
func TestNeighbours(t *testing.T) {
	e := engine(t, false)
	act := victim(10_000_000)
	alone := latency(e, act, 40)
	var among time.Duration
	neighbours(e, 8, func() { among = latency(e, act, 40) })
	t.Logf("alone %v, among 8 that never end %v: %+.1f %%", alone, among, 100*(float64(among)/float64(alone)-1))
	if among > 2*alone {
		t.Errorf("slowed from %v to %v", alone, among)
	}
}

// BenchmarkNeighbours is an activation of 10 million gas, alone and beside 8 that never end.
func BenchmarkNeighbours(b *testing.B) {
	e := engine(b, false)
	act := victim(10_000_000)
	run := func(b *testing.B) {
		for b.Loop() {
			if o := e.Run(context.Background(), act); o.End != Returned {
				b.Fatalf("%+v", o)
			}
		}
	}
	b.Run("alone", run)
	b.Run("among8", func(b *testing.B) { neighbours(e, 8, func() { run(b) }) })
}
