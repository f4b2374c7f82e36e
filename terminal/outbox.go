package terminal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"spacechain/dtn/bundle"
	"spacechain/dtn/node"
	"spacechain/dtn/store"
	"spacechain/internal/kv"
	"spacechain/spaceos/command"
	"spacechain/spaceos/spk"
)

var (
	// ErrRejected is wrapped by errors about commands that no satellite would accept.
	ErrRejected = errors.New("command rejected")
	// ErrBusy is wrapped by errors about commands for which there is no room now.
	ErrBusy = errors.New("terminal is busy")
)

// The codes with which a terminal itself ends a request.
const (
	CodeBundleDeleted command.Code = "bundle-deleted" // the mesh gave up on the command
	CodeNoAnswer      command.Code = "no-answer"      // none came while one could
)

const (
	maxBundle  = 16 << 20
	bundleHead = 1 << 10 // what a bundle may take beside its payload
	// maxCommand is the most bytes of a command that fit a bundle.
	maxCommand = maxBundle - bundleHead
	// sendAgain is how long a command waits when the bundle store has no room for it.
	sendAgain = time.Minute
	// answerTime is how long after a command's expiry its answer may come: a satellite's
	// bundles live so long.
	answerTime = 72 * time.Hour
)

// Submit takes a signed command, stores it, and hands it to the mesh. On return it
// is durable. The same command submitted again changes nothing and gives the same
// request, unless it failed for want of a way or of room: then it is sent again, with
// which a satellite that has it already does nothing. Errors wrap ErrRejected where
// sending it would be in vain, and ErrBusy where it may work later.
func (t *Terminal) Submit(now time.Time, signed []byte) (Request, error) {
	c, err := command.Open(signed)
	if err != nil {
		return Request{}, fmt.Errorf("%w: %w", ErrRejected, err)
	}
	r, known, err := get[Request](t.kv, requestKey(c.Request.String()))
	if err != nil {
		return Request{}, err
	}
	digest := sha256.Sum256(signed)
	if known && r.Digest != hex.EncodeToString(digest[:]) {
		return Request{}, fmt.Errorf("%w: request %s was used for another command", ErrRejected, r.ID)
	}
	if known && !(r.State == Pending && r.Bundle == "") && !r.again() {
		return r, nil
	}
	if err := t.acceptable(now, c, len(signed)); err != nil {
		return Request{}, err
	}
	if r.State != Pending || !known {
		r = Request{ID: c.Request.String(), Op: c.Op.String(), Owner: c.Owner.String(), Satellite: c.Satellite, Tenant: c.Tenant,
			Size: len(signed), Digest: hex.EncodeToString(digest[:]), Submitted: now, Expires: c.Expires, State: Pending,
			Stages: []Stage{{Name: StageQueued, Time: now, Node: t.opts.Node}}}
		if err := t.describeRequest(&r, c); err != nil {
			return Request{}, err
		}
		var b kv.Batch
		b.Put(commandKey(r.ID), signed)
		if err := t.keep(&b, &r); err != nil {
			return Request{}, err
		}
	}
	t.await(&r)
	if err := t.send(now, &r); err != nil {
		return Request{}, err
	}
	t.owners[r.Owner], t.visited[r.Satellite] = true, true
	t.tell(Change{Request: &r, Stage: StageQueued})
	return r, nil
}

// again says whether a command may be submitted once more under the same request.
func (r *Request) again() bool {
	return r.State == Failed && (r.Code == CodeBundleDeleted || r.Code == command.Busy)
}

// acceptable says why a command would be sent in vain, or cannot be now.
func (t *Terminal) acceptable(now time.Time, c *command.Command, size int) error {
	if _, ok := t.opts.Satellite(c.Satellite); !ok {
		return fmt.Errorf("%w: satellite %d is not known; \"spacechain sat list\" shows those that are", ErrRejected, c.Satellite)
	}
	if c.ReplyTo != t.Endpoint().String() {
		return fmt.Errorf("%w: replies would go to %s, this terminal is %s", ErrRejected, c.ReplyTo, t.Endpoint())
	}
	if !c.Expires.After(now) {
		return fmt.Errorf("%w: it expired at %s", ErrRejected, c.Expires.Format(time.RFC3339))
	}
	if size > maxCommand {
		return fmt.Errorf("%w: %d bytes, the limit is %d", ErrRejected, size, maxCommand)
	}
	if !t.bundles.Room(size + bundleHead) {
		return fmt.Errorf("%w: %d bytes wait to be sent, which leaves no room for %d more; submit it again later", ErrBusy, t.bundles.Bytes(), size)
	}
	return nil
}

// describeRequest notes of a command what people want to see.
func (t *Terminal) describeRequest(r *Request, c *command.Command) error {
	if c.Op != command.Deploy {
		if tenant, err := t.desk.Tenant(TenantID(c.Satellite, c.Tenant)); err == nil {
			r.App = tenant.App
		} else if !errors.Is(err, ErrUnknown) {
			return err
		}
		return nil
	}
	p, err := spk.Open(c.Body, spk.Limits{})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRejected, err)
	}
	m := p.Manifest
	r.App, r.Version, r.Publisher, r.Runtime = m.App, string(m.Version), m.Publisher.String(), m.Runtime
	r.GasLimit, r.Quota = m.Limits.GasPerActivation, m.Limits.StorageBytes
	return nil
}

// send hands a stored command to the mesh and notes the bundle. A restart between
// the two sends it twice, which the satellite takes for once. Where the bundle store
// has no room the command waits.
func (t *Terminal) send(now time.Time, r *Request) error {
	signed, _, err := t.kv.Get(commandKey(r.ID))
	if err != nil {
		return fmt.Errorf("send request %s: %w", r.ID, err)
	}
	lifetime := r.Expires.Sub(now)
	if lifetime <= 0 {
		return t.finish(new(kv.Batch), r, Failed, command.Expired, "it expired before it could be sent")
	}
	id, err := t.node.Send(now, node.SendRequest{
		Service:  command.InboxService,
		Dst:      bundle.IPN(r.Satellite, command.Service),
		Payload:  signed,
		Lifetime: lifetime,
		Report:   bundle.FlagReportReception | bundle.FlagReportDeletion | bundle.FlagStatusTime,
	})
	if errors.Is(err, store.ErrFull) {
		t.unsent[r.ID] = true
		t.retry = now.Add(sendAgain)
		return nil
	}
	if err != nil {
		return fmt.Errorf("send request %s: %w", r.ID, err)
	}
	delete(t.unsent, r.ID)
	r.Bundle = id.String()
	t.sent[r.Bundle] = r.ID
	return t.keep(new(kv.Batch), r)
}

// sendWaiting sends the commands that found no room before.
func (t *Terminal) sendWaiting(now time.Time) error {
	if t.retry.IsZero() || now.Before(t.retry) {
		return nil
	}
	t.retry = time.Time{}
	for _, id := range slices.Sorted(maps.Keys(t.unsent)) {
		r, err := t.desk.Request(id)
		if err != nil {
			return err
		}
		if err := t.send(now, &r); err != nil {
			return err
		}
	}
	return nil
}

// keep stores a request together with what else belongs to the change.
func (t *Terminal) keep(b *kv.Batch, r *Request) error {
	put(b, requestKey(r.ID), r)
	if err := t.kv.Apply(b); err != nil {
		return fmt.Errorf("store request %s: %w", r.ID, err)
	}
	return nil
}

// await notes that a request has no answer yet.
func (t *Terminal) await(r *Request) {
	t.open[r.ID] = r.Expires.Add(answerTime)
	if at := t.open[r.ID]; t.giveUp.IsZero() || at.Before(t.giveUp) {
		t.giveUp = at
	}
}

// giveUpOn ends the requests to which no answer can come any more.
func (t *Terminal) giveUpOn(now time.Time) error {
	if t.giveUp.IsZero() || now.Before(t.giveUp) {
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(t.open)) {
		if now.Before(t.open[id]) {
			continue
		}
		r, err := t.desk.Request(id)
		if err != nil {
			return err
		}
		if err := t.finish(new(kv.Batch), &r, Failed, CodeNoAnswer,
			fmt.Sprintf("satellite %d has not answered; whether it obeyed is not known", r.Satellite)); err != nil {
			return err
		}
	}
	return nil
}

// finish stores how a request ended, together with what else belongs to the change.
func (t *Terminal) finish(b *kv.Batch, r *Request, s State, code command.Code, message string) error {
	r.State, r.Code, r.Message = s, code, message
	b.Delete(commandKey(r.ID))
	if err := t.keep(b, r); err != nil {
		return err
	}
	delete(t.sent, r.Bundle)
	delete(t.unsent, r.ID)
	delete(t.open, r.ID)
	t.giveUp = time.Time{}
	for _, at := range t.open {
		if t.giveUp.IsZero() || at.Before(t.giveUp) {
			t.giveUp = at
		}
	}
	t.tell(Change{Request: r, Stage: StageReplied})
	return nil
}

// maxSatellite is the highest node number of a satellite, which is its NORAD id;
// stations and terminals have higher ones.
const maxSatellite = 1_999_999

// follow notes how far a command has come, by the status reports of the nodes that
// received it. Reports are not signed: they tell people where a command is, and what
// a satellite says of it counts more.
func (t *Terminal) follow(now time.Time, e node.Event) error {
	if e.Report.Deleted.Asserted {
		return t.deleted(e.ID, e.Peer, e.Report.Reason)
	}
	id, ok := t.sent[e.ID.Whole().String()]
	if !ok || !e.Report.Received.Asserted {
		return nil
	}
	r, err := t.desk.Request(id)
	if err != nil {
		return err
	}
	stage := Stage{StageHop, now, e.Peer}
	if e.Report.Received.Time != 0 {
		stage.Time = bundle.TimeOf(e.Report.Received.Time)
	}
	if stage.Node == r.Satellite {
		stage.Name = StageArrived
	}
	uplinked := stage.Node > maxSatellite
	for _, s := range r.Stages {
		if s.Node == stage.Node && (s.Name == StageHop || s.Name == StageArrived) {
			return nil // a fragment's or a copy's report
		}
		uplinked = uplinked || s.Name == StageUplinked
	}
	if !uplinked { // the first satellite that has it
		r.Stages = append(r.Stages, Stage{StageUplinked, stage.Time, stage.Node})
	}
	r.Stages = append(r.Stages, stage)
	if err := t.keep(new(kv.Batch), &r); err != nil {
		return err
	}
	t.tell(Change{Request: &r, Stage: stage.Name})
	return nil
}

// deleted ends a request whose bundle a node gave up, unless it is only a copy: of a
// command that is at its satellite, or here and further on its way. After a power cut a
// node may have one again.
func (t *Terminal) deleted(b bundle.ID, at uint64, reason bundle.Reason) error {
	id, ok := t.sent[b.Whole().String()]
	if !ok {
		return nil
	}
	r, err := t.desk.Request(id)
	if err != nil {
		return err
	}
	if (at != r.Satellite && r.reached(StageArrived)) || (at == t.opts.Node && r.reached(StageHop)) {
		return nil
	}
	if reason == bundle.ReasonLifetimeExpired {
		return t.finish(new(kv.Batch), &r, Failed, command.Expired, fmt.Sprintf("it expired on its way, at node %d", at))
	}
	return t.finish(new(kv.Batch), &r, Failed, CodeBundleDeleted, fmt.Sprintf("the mesh gave up on it at node %d: %s; send it again", at, reason))
}
