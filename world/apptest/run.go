package apptest

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"spacechain/internal/cbor"
	"spacechain/spaceos/command"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/sandbox"
	"spacechain/spaceos/spk"
)

// Run tests an app. An app that the gate refuses gives a *RefusedError; one whose
// activations fail gives a report that says so, and no error.
func Run(ctx context.Context, o Options) (r *Report, err error) {
	o = o.withDefaults()
	chosen, err := o.chosen()
	if err != nil {
		return nil, err
	}
	b, err := newBench(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.engine.Close()) }()

	r = &Report{App: o.Manifest.App, Version: o.Manifest.Version, Satellite: uint64(o.Satellite.NoradID),
		Name: o.Satellite.Name, Start: o.Start, Silent: []Silent{}, GasLimit: o.Manifest.Limits.GasPerActivation,
		MemoryLimit: o.Manifest.Limits.MemoryBytes, StorageLimit: o.Manifest.Limits.StorageBytes}
	if r.Uplink, err = b.uplink(); err != nil {
		return nil, err
	}
	for _, t := range chosen {
		if err := b.deploy(func(u manifest.Trigger) bool { return u.Name == t.Name }); err != nil {
			return nil, err
		}
		fired, err := b.fire(t)
		if err != nil {
			return nil, fmt.Errorf("test %s: trigger %s: %w", o.Manifest.App, t.Name, err)
		}
		if fired == 0 {
			r.Silent = append(r.Silent, Silent{t.Name, b.why()})
		}
	}
	if err := b.calls(r, len(chosen) > 0); err != nil {
		return nil, err
	}
	b.conclude(r)
	return r, nil
}

// fire lets time pass until a trigger has fired as often as it should, and says how
// often it did.
func (b *bench) fire(t manifest.Trigger) (int, error) {
	want := b.opt.Activations
	if t.Kind == manifest.Install {
		want = 1
	}
	from := len(b.done)
	count := func() (n int) {
		for _, a := range b.done[from:] {
			if a.Trigger == t.Name && a.Kind == t.SandboxKind() {
				n++
			}
		}
		return n
	}
	// The deployment itself has started an install trigger.
	if t.Kind == manifest.Install {
		from = max(from-1, 0)
	}
	b.since, b.others = b.now, 0
	for have := count(); have < want; have = count() {
		next, ok := b.sys.NextWake()
		if !ok || next.Sub(b.since) > b.opt.Horizon || b.others > maxOthers {
			return have, nil
		}
		before := len(b.done)
		if next.After(b.now) {
			b.now = next
		}
		if err := b.sys.Tick(b.now); err != nil {
			return have, err
		}
		if err := b.settle(); err != nil {
			return have, err
		}
		if count() > have {
			b.since, b.others = b.now, 0
		} else {
			b.others += len(b.done) - before
		}
	}
	return want, nil
}

// maxOthers is how many other activations, wakes that the app asks for, may come
// before the trigger that is awaited.
const maxOthers = 300

// why says why the trigger that was awaited last did not fire.
func (b *bench) why() string {
	if b.others > maxOthers {
		return fmt.Sprintf("%d wakes that the app asked for came first", b.others)
	}
	return fmt.Sprintf("it does not fire within %v of %s", b.opt.Horizon, b.since.Format(time.RFC3339))
}

// calls calls the app as its owner does.
func (b *bench) calls(r *Report, deployed bool) error {
	message := false
	for _, t := range b.opt.Manifest.Triggers {
		message = message || t.Kind == manifest.Message
		if t.Kind == manifest.Message && len(b.opt.Calls) == 0 {
			r.Silent = append(r.Silent, Silent{t.Name, "it waits for a message; call the app with a payload"})
		}
	}
	if len(b.opt.Calls) == 0 && deployed {
		return nil
	}
	if len(b.opt.Calls) > 0 && !message {
		return fmt.Errorf("test %s: it cannot be called: no trigger of %s says \"message: true\"", b.opt.Manifest.App, manifestFile)
	}
	if err := b.deploy(func(t manifest.Trigger) bool { return t.Kind == manifest.Message }); err != nil {
		return err
	}
	for _, payload := range b.opt.Calls {
		b.now = b.now.Add(time.Second)
		reply, err := b.send(command.Command{Op: command.Call, Tenant: b.tenant, Body: payload})
		if err != nil {
			return err
		}
		if reply != nil && reply.Code != command.OK {
			return fmt.Errorf("test %s: call: %s: %s", b.opt.Manifest.App, reply.Code, reply.Message)
		}
	}
	return nil
}

const manifestFile = "spacechain.yaml"

// conclude sums up.
func (b *bench) conclude(r *Report) {
	r.End, r.Activations = b.now, b.done
	if r.Activations == nil {
		r.Activations = []Activation{}
	}
	for _, a := range r.Activations {
		if a.End != sandbox.Returned {
			r.Failures++
		}
		r.MaxGas = max(r.MaxGas, a.Gas)
		r.PeakMemory = max(r.PeakMemory, a.PeakMemory)
		r.Stored = a.Stored
	}
}

// uplink measures what a deployment of the app sends up.
func (b *bench) uplink() (u Uplink, err error) {
	p, err := spk.Sign(b.opt.Manifest, b.opt.Module, b.author)
	if err != nil {
		return u, err
	}
	body, err := p.EncodeUplink(spk.UplinkOptions{})
	if err != nil {
		return u, err
	}
	size := func(body []byte) (int, error) {
		c := command.Command{Op: command.Deploy, Request: command.RequestID{1}, Satellite: b.sys.Satellite(), ReplyTo: owner,
			Issued: b.now, Expires: b.now.Add(time.Hour), Body: body}
		signed, err := c.Sign(b.author)
		return len(signed), err
	}
	u.Module, u.Package = len(b.opt.Module), len(body)
	if u.Command, err = size(body); err != nil {
		return u, err
	}
	// Without the publisher's keys the package is shorter by them and by all but one
	// byte of their head; compressing it again would take longer than all the rest.
	keys := cbor.AppendBytes(nil, p.Publisher.Encode())
	u.Known, err = size(body[:len(body)-len(keys)+1])
	return u, err
}

// printable reports whether bytes are text for people.
func printable(b []byte) bool {
	if !utf8.Valid(b) {
		return false
	}
	for _, r := range string(b) {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return false
		}
	}
	return true
}
