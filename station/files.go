package station

import (
	"fmt"
	"time"

	"spacechain/internal/kv"
	"spacechain/link/cfdp"
	"spacechain/link/cfdp/durable"
)

// FilePolicy bounds the files that a station sends and takes. The zero value is usable.
type FilePolicy struct {
	// Quota bounds all files, those under way included; 0 means 256 MiB. MaxFile bounds
	// one; 0 means 4 MiB.
	Quota, MaxFile int64
	// Remote holds for every satellite; see durable.Options.
	Remote cfdp.Remote
	// Event, if set, is told what becomes of files, for logs.
	Event func(now time.Time, i cfdp.Indication)
}

// inDir holds what satellites sent, below their numbers.
const inDir = "in"

const filesPrefix = "files/"

// openFiles makes the CFDP entity, if there is none: a station that handles no files
// needs none.
func (s *Station) openFiles(now time.Time) (err error) {
	if s.files != nil {
		return nil
	}
	o := &s.opts.Files
	quota := o.Quota
	if quota == 0 {
		quota = 256 << 20
	}
	s.files, err = durable.Open(now, durable.Options{
		ID: s.opts.Node, Store: kv.Prefix(s.opts.Store, filesPrefix), Remote: o.Remote, Quota: quota, MaxFile: o.MaxFile,
		MaxTransactions: 256, Admit: s.admitFile, Place: placeFile, Event: o.Event,
	})
	if err != nil {
		return fmt.Errorf("files of station %d: %w", s.opts.Node, err)
	}
	for peer := range s.filesUp {
		s.files.SetLink(now, peer, true)
	}
	return nil
}

// resumeFiles goes on with the files that the store knows.
func (s *Station) resumeFiles(now time.Time) error {
	if used, err := durable.Used(kv.Prefix(s.opts.Store, filesPrefix)); err != nil || !used {
		return err
	}
	return s.openFiles(now)
}

// admitFile refuses what there is no place for beside the files that the satellite sent before.
func (s *Station) admitFile(from uint64, name string, _ int64) error {
	return s.files.Fits(received(from, name))
}

// placeFile puts a file among those of its satellite, so that satellites are kept out of each
// other's files.
func placeFile(_ time.Time, id cfdp.TransactionID, name string) string {
	return received(id.Source, name)
}

func received(satellite uint64, name string) string {
	return fmt.Sprintf("%s/%d/%s", inDir, satellite, name)
}

// check tells of an error of the store.
func (s *Station) check(err error) {
	if err != nil && s.opts.Fail != nil {
		s.opts.Fail(fmt.Errorf("station %d: %w", s.opts.Node, err))
	}
}

// PutFile sends data to a satellite by CFDP class 2, to lie there under name; below
// commands/ it is a signed command. On return it will be sent, over as many passes as it
// takes and whatever happens to this computer.
func (s *Station) PutFile(now time.Time, satellite uint64, name string, data []byte) (cfdp.TransactionID, error) {
	if err := s.openFiles(now); err != nil {
		return cfdp.TransactionID{}, err
	}
	return s.files.Put(now, satellite, name, data)
}

// FileProgress tells how a file that was put stands.
func (s *Station) FileProgress(id cfdp.TransactionID) (durable.Progress, bool) {
	if s.files == nil {
		return durable.Progress{}, false
	}
	return s.files.Progress(id)
}

// FilePDU takes a CFDP PDU that came from a satellite. What is wrong with it is for the
// sender to notice.
func (s *Station) FilePDU(now time.Time, satellite uint64, pdu []byte) {
	if err := s.openFiles(now); err != nil {
		s.check(err)
		return
	}
	_, err := s.files.Receive(now, satellite, pdu)
	s.check(err)
}

// FileOutput gives the next CFDP PDU for a satellite, when the link can carry one.
func (s *Station) FileOutput(now time.Time, satellite uint64) ([]byte, bool) {
	if s.files == nil {
		return nil, false
	}
	pdu, ok, err := s.files.Output(now, satellite)
	s.check(err)
	return pdu, ok && err == nil
}

// FileLink says whether the link to a satellite is up. While it is down, as it is at
// first, the timers of files to and from it stand still.
func (s *Station) FileLink(now time.Time, satellite uint64, up bool) {
	if s.filesUp == nil {
		s.filesUp = map[uint64]bool{}
	}
	if up {
		s.filesUp[satellite] = true
	} else {
		delete(s.filesUp, satellite)
	}
	if s.files != nil {
		s.files.SetLink(now, satellite, up)
	}
}

// FilesBusy reports whether files are under way to or from a satellite.
func (s *Station) FilesBusy(satellite uint64) bool { return s.files != nil && s.files.Busy(satellite) }

// ReceivedFile reads a file that a satellite sent.
func (s *Station) ReceivedFile(satellite uint64, name string) ([]byte, error) {
	if s.files == nil {
		return nil, fmt.Errorf("station %d has no files", s.opts.Node)
	}
	return s.files.Read(received(satellite, name))
}

// RemoveFile removes a file that a satellite sent, so that its room is free again.
func (s *Station) RemoveFile(now time.Time, satellite uint64, name string) error {
	if s.files == nil {
		return fmt.Errorf("station %d has no files", s.opts.Node)
	}
	if err := s.files.Remove(now, received(satellite, name)); err != nil {
		return err
	}
	return s.files.Commit(now, true)
}
