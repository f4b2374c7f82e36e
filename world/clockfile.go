package world

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"spacechain/world/topology"
)

// clockFile keeps a universe's time through a restart. It does not record the time
// that was reached but one that will not be passed before it is written again, so
// that after a kill no node finds itself before something it remembers; the
// difference passes as downtime.
type clockFile struct {
	path  string
	state clockState
}

type clockState struct {
	Seed     uint64    `json:"seed"`
	Start    time.Time `json:"start"`
	Fleet    string    `json:"fleet"`    // digest of the satellites' elements
	Reserved time.Time `json:"reserved"` // time goes on from here
}

// clockAhead is how much simulated time is reserved at once.
const clockAhead = 20 * time.Minute

// fleetDigest tells catalogues apart.
func fleetDigest(sats []topology.Satellite) string {
	h := sha256.New()
	for _, s := range sats {
		fmt.Fprintf(h, "%+v\n", s.Set)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// openClockFile gives the file and the time to go on from. A universe of another
// seed, start or fleet must not be mixed with what the folder holds.
func openClockFile(path string, start time.Time, seed uint64, fleet string) (*clockFile, time.Time, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, time.Time{}, fmt.Errorf("make data folder: %w", err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".universe-*")); err == nil {
		for _, tmp := range left { // of one that was killed while it wrote
			_ = os.Remove(tmp) // they do no harm
		}
	}
	f := &clockFile{path: path, state: clockState{Seed: seed, Start: start, Fleet: fleet}}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, start, f.save(start.Add(clockAhead))
	}
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read universe's time: %w", err)
	}
	var old clockState
	if err := json.Unmarshal(b, &old); err != nil {
		return nil, time.Time{}, fmt.Errorf("read universe's time from %s: %w; move the folder away to begin anew", path, err)
	}
	if old.Seed != seed || !old.Start.Equal(start) || old.Fleet != fleet {
		return nil, time.Time{}, fmt.Errorf("%s holds another universe (seed %d, begun %s, fleet %.8s); use another --data-dir, or the options it was made with",
			filepath.Dir(path), old.Seed, old.Start.Format(time.RFC3339), old.Fleet)
	}
	f.state = old
	now := old.Reserved
	return f, now, f.save(now.Add(clockAhead))
}

// save writes the reserved time, whole or not at all.
func (f *clockFile) save(reserved time.Time) error {
	f.state.Reserved = reserved
	b, err := json.Marshal(f.state)
	if err != nil {
		return err
	}
	dir := filepath.Dir(f.path)
	tmp, err := os.CreateTemp(dir, ".universe-*")
	if err != nil {
		return fmt.Errorf("keep universe's time: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(b)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), f.path)
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("keep universe's time: %w", err)
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// follow reserves more time before what is reserved has passed.
func (f *clockFile) follow(u *Universe) {
	u.loop.At(f.state.Reserved.Add(-clockAhead/2), func() {
		if err := f.save(u.loop.Now().Add(clockAhead)); err != nil {
			u.fail(err)
			return
		}
		f.follow(u)
	})
}
