package connect

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// verifier runs checks that do not depend on each other on several goroutines. Which
// failure it reports does not depend on their timing: the first in the order in which the
// checks were added, of all or of one class of them.
type verifier struct {
	jobs    []job
	workers int
	wg      sync.WaitGroup
	next    atomic.Int64
	// first is, for both classes of checks, the place of the first that failed so far.
	first [2]atomic.Int64

	mu     sync.Mutex
	failed map[int]error
}

// job is one check. A check that is urgent is one whose failure is reported where its
// transaction stands in the block; that of the others when all transactions were looked at.
type job struct {
	tx     int
	urgent bool
	check  func() error
}

func newVerifier(workers int) *verifier {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	v := &verifier{workers: workers}
	for i := range v.first {
		v.first[i].Store(noJob)
	}
	return v
}

const noJob = 1<<63 - 1

func class(urgent bool) int {
	if urgent {
		return 1
	}
	return 0
}

// add notes a check; it must not be called after start.
func (v *verifier) add(j job) { v.jobs = append(v.jobs, j) }

// dropOthers leaves out the checks that are not urgent: where the block fails anyway,
// nobody asks for theirs.
func (v *verifier) dropOthers() {
	v.jobs = slices.DeleteFunc(v.jobs, func(j job) bool { return !j.urgent })
}

// start begins to run the checks beside the caller, who then calls wait.
func (v *verifier) start() {
	for range min(v.workers-1, len(v.jobs)-1) {
		v.wg.Add(1)
		go func() {
			defer v.wg.Done()
			v.work()
		}()
	}
}

// wait takes part in the checks until all are done.
func (v *verifier) wait() {
	v.work()
	v.wg.Wait()
}

// work runs checks until none is left. Those behind one of their class that failed are
// left out: their result is asked by nobody.
func (v *verifier) work() {
	for {
		i := int(v.next.Add(1) - 1)
		if i >= len(v.jobs) {
			return
		}
		j := &v.jobs[i]
		first := &v.first[class(j.urgent)]
		if int64(i) > first.Load() {
			continue
		}
		err := j.check()
		if err == nil {
			continue
		}
		v.mu.Lock()
		if v.failed == nil {
			v.failed = map[int]error{}
		}
		v.failed[i] = err
		if int64(i) < first.Load() {
			first.Store(int64(i))
		}
		v.mu.Unlock()
	}
}

// urgentFailed tells whether an urgent check of a transaction up to tx is known to have failed.
func (v *verifier) urgentFailed(tx int) bool {
	i := v.first[class(true)].Load()
	return i != noJob && v.jobs[i].tx <= tx
}

// failure gives, after wait, the first check of the class that failed, and its error; nil
// if none did.
func (v *verifier) failure(urgent bool) (*job, error) {
	i := v.first[class(urgent)].Load()
	if i == noJob {
		return nil, nil
	}
	return &v.jobs[i], v.failed[int(i)]
}
