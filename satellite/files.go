package satellite

import (
	"fmt"
	"strings"
	"time"

	"spacechain/internal/kv"
	"spacechain/link/cfdp"
	"spacechain/link/cfdp/durable"
	"spacechain/spaceos/command"
	"spacechain/spaceos/system"
)

// Where files lie. Peers may write below the first two only.
const (
	// CommandDir takes signed commands: each complete file is one, and goes to the
	// operating system as if a bundle had brought it.
	CommandDir = "commands"
	// KeepDir takes files that stay, as far as the policy lets them.
	KeepDir = "files"

	orderDir = "orders" // commands that the operating system has not dealt with
)

// FilePolicy says what files a payload computer takes. The zero value takes commands and
// nothing else.
type FilePolicy struct {
	// Keep is how many octets the files under KeepDir may take up, a few hundred for each
	// file and directory included.
	Keep int64
	// Quota bounds all files, commands and those under way included; 0 means 16 MiB.
	// MaxFile bounds one; 0 means 4 MiB.
	Quota, MaxFile int64
	// Remote holds for every peer; see durable.Options.
	Remote cfdp.Remote
	// Event, if set, is told what becomes of files, for logs.
	Event func(now time.Time, i cfdp.Indication)
	// Order, if set, is given each command that is handed to the operating system, with
	// the peer that it came from.
	Order func(now time.Time, from uint64, signed []byte)
}

// files is the payload computer's CFDP entity, which there is once files come or go.
type files struct {
	entity *durable.Entity
	orders []string // commands to be handed over, in order
	next   uint64   // number of the next one
	up     map[uint64]bool
}

const filesPrefix = "files/"

// resumeFiles goes on with the files that the store knows.
func (p *Payload) resumeFiles(now time.Time) error {
	if used, err := durable.Used(kv.Prefix(p.opts.Store, filesPrefix)); err != nil || !used {
		return err
	}
	return p.openFiles(now)
}

// openFiles makes the entity, if there is none. A satellite that nobody sends files has
// none, so that a constellation of thousands costs what it uses.
func (p *Payload) openFiles(now time.Time) (err error) {
	f := &p.files
	if f.entity != nil {
		return nil
	}
	o := &p.opts.Files
	f.entity, err = durable.Open(now, durable.Options{
		ID: p.opts.Node, Store: kv.Prefix(p.opts.Store, filesPrefix), Remote: o.Remote, Quota: o.Quota, MaxFile: o.MaxFile,
		Admit: p.admitFile, Place: p.placeFile, Received: p.fileCame, Event: o.Event,
	})
	if err != nil {
		return fmt.Errorf("files of satellite %d: %w", p.opts.Node, err)
	}
	for _, name := range f.entity.List(orderDir) {
		f.orders = append(f.orders, orderDir+"/"+name)
		var number uint64
		if _, err := fmt.Sscanf(name, "%x-", &number); err == nil {
			f.next = max(f.next, number+1)
		}
	}
	for peer := range f.up {
		f.entity.SetLink(now, peer, true)
	}
	return nil
}

// admitFile is the policy for a file whose name is known.
func (p *Payload) admitFile(_ uint64, name string, size int64) error {
	dir, _, _ := strings.Cut(name, "/")
	switch {
	case dir == name:
		return fmt.Errorf("files go below %s/", CommandDir)
	case dir == CommandDir:
		return nil
	case dir != KeepDir:
		return fmt.Errorf("nothing is taken below %s/", dir)
	}
	e := p.files.entity
	if err := e.Fits(name); err != nil {
		return err
	}
	if keep, kept, more := p.opts.Files.Keep, e.Room(KeepDir), e.RoomFor(name, size); keep <= 0 || more > keep-kept {
		return fmt.Errorf("%d octets beside %d that are kept are above the %d of this satellite", more, kept, keep)
	}
	return nil
}

// placeFile puts a command where the next one of its name cannot replace it.
func (p *Payload) placeFile(now time.Time, id cfdp.TransactionID, name string) string {
	if !strings.HasPrefix(name, CommandDir+"/") {
		return name
	}
	f := &p.files
	f.next = max(f.next, uint64(max(now.UnixMilli(), 0))) // so that no number ever comes again
	f.next++
	return fmt.Sprintf("%s/%016x-%d-%d", orderDir, f.next-1, id.Source, id.Seq)
}

// fileCame has a command handed over. That it must be is durable together with the end of the
// transaction.
func (p *Payload) fileCame(_ time.Time, r durable.Received) {
	if strings.HasPrefix(r.Place, orderDir+"/") {
		p.files.orders = append(p.files.orders, r.Place)
	}
}

// handOver gives the operating system the commands that came as files. It knows them by
// number: one that it gets again after a power cut it does not carry out again.
func (p *Payload) handOver(now time.Time) {
	f := &p.files
	orders := f.orders
	f.orders = nil
	if p.check(f.entity.Commit(now, true)); p.failed {
		return
	}
	for _, name := range orders {
		data, err := f.entity.Read(name)
		if err != nil {
			p.check(err)
			return
		}
		// The source is nobody who could be answered: an answer goes to the command's
		// ReplyTo, and what is no command gets none.
		var number, source uint64
		_, _ = fmt.Sscanf(strings.TrimPrefix(name, orderDir+"/"), "%x-%d-", &number, &source)
		if tell := p.opts.Files.Order; tell != nil {
			tell(now, source, data)
		}
		p.check(p.system.Message(now, system.Inbound{
			ID: fileID + name, Source: fmt.Sprintf("ipn:%d.0", source), Service: command.Service, Payload: data,
		}))
	}
}

// fileID begins the names of deliveries that were files.
const fileID = "file:"

// fileHandled removes a command that the operating system has durably dealt with.
func (p *Payload) fileHandled(now time.Time, id string) {
	name, ok := strings.CutPrefix(id, fileID)
	if !ok || p.files.entity == nil {
		return
	}
	if err := p.files.entity.Remove(now, name); err != nil {
		return // dealt with before
	}
	p.check(p.files.entity.Commit(now, false)) // if that is lost, it is dealt with again as known
}

// FilePDU takes a CFDP PDU that came from a peer. What is wrong with it is for the
// sender to notice.
func (p *Payload) FilePDU(now time.Time, peer uint64, pdu []byte) {
	if p.failed {
		return
	}
	if _, _, err := cfdp.DecodeHeader(pdu); err != nil && p.files.entity == nil {
		return // noise starts nothing
	}
	if p.check(p.openFiles(now)); p.failed {
		return
	}
	_, err := p.files.entity.Receive(now, peer, pdu)
	p.check(err)
}

// FileOutput gives the next CFDP PDU for a peer, when the link can carry one.
func (p *Payload) FileOutput(now time.Time, peer uint64) ([]byte, bool) {
	if p.failed || p.files.entity == nil {
		return nil, false
	}
	pdu, ok, err := p.files.entity.Output(now, peer)
	p.check(err)
	return pdu, ok && err == nil
}

// FileLink says whether the link to a peer is up. While it is down, as it is at first,
// the timers of files to and from it stand still.
func (p *Payload) FileLink(now time.Time, peer uint64, up bool) {
	f := &p.files
	if f.up == nil {
		f.up = map[uint64]bool{}
	}
	if up {
		f.up[peer] = true
	} else {
		delete(f.up, peer)
	}
	if f.entity != nil {
		f.entity.SetLink(now, peer, up)
	}
}

// PutFile sends data to a peer, to lie there under name. On return it will arrive,
// whatever happens to this computer.
func (p *Payload) PutFile(now time.Time, peer uint64, name string, data []byte) (cfdp.TransactionID, error) {
	if err := p.openFiles(now); err != nil {
		return cfdp.TransactionID{}, err
	}
	return p.files.entity.Put(now, peer, name, data)
}

// FileProgress tells how a file that was put stands.
func (p *Payload) FileProgress(id cfdp.TransactionID) (durable.Progress, bool) {
	if p.files.entity == nil {
		return durable.Progress{}, false
	}
	return p.files.entity.Progress(id)
}

// KeptFile reads a file under KeepDir.
func (p *Payload) KeptFile(name string) ([]byte, error) {
	if p.files.entity == nil {
		return nil, fmt.Errorf("satellite %d keeps no files", p.opts.Node)
	}
	return p.files.entity.Read(KeepDir + "/" + name)
}
