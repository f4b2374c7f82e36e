package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"spacechain/cloud/api"
	"spacechain/identity"
	"spacechain/spaceos/command"
	"spacechain/spaceos/spk"
)

// ownerFlags are the flags of every command that an owner signs.
type ownerFlags struct {
	keyFlags
	client  apiClient
	replyTo string
	valid   time.Duration
	wait    time.Duration
	noWait  bool
	json    bool
}

func (o *ownerFlags) add(cmd *cobra.Command) {
	o.keyFlags.add(cmd)
	apiFlag(cmd, &o.client)
	f := cmd.Flags()
	f.StringVar(&o.replyTo, "reply-to", "", "endpoint that the answer goes to (default the inbox of the terminal behind --api)")
	f.DurationVar(&o.valid, "valid", 24*time.Hour, "how long the command counts, in the satellite's time")
	f.DurationVar(&o.wait, "wait", 30*time.Minute, "how long to wait for the answer")
	f.BoolVar(&o.noWait, "no-wait", false, "return as soon as the command is queued")
	jsonFlag(cmd, &o.json)
}

// firstTerminal is the node number of a universe's own terminal.
const firstTerminal = 3000001

// send signs a command, queues it and follows it until it has ended, with progress
// on stderr.
func (o *ownerFlags) send(cmd *cobra.Command, key *identity.Key, c command.Command, ended func(api.Request) bool) (api.Request, error) {
	ctx := cmd.Context()
	var u struct {
		Time     time.Time `json:"time"`
		Terminal uint64    `json:"terminal"`
	}
	if err := o.client.get(ctx, "/api/v1/universe", &u); err != nil {
		return api.Request{}, err
	}
	if _, err := rand.Read(c.Request[:]); err != nil {
		return api.Request{}, fmt.Errorf("%s: %w", c.Op, err)
	}
	c.Issued = u.Time.Truncate(time.Millisecond)
	c.Expires = c.Issued.Add(o.valid)
	c.ReplyTo = o.replyTo
	if c.ReplyTo == "" {
		if u.Terminal == 0 {
			u.Terminal = firstTerminal
		}
		c.ReplyTo = fmt.Sprintf("ipn:%d.%d", u.Terminal, command.InboxService)
	}
	signed, err := c.Sign(key)
	if err != nil {
		return api.Request{}, err
	}
	id, err := o.client.submit(ctx, signed)
	if err != nil {
		return api.Request{}, err
	}
	errOut := cmd.ErrOrStderr()
	fmt.Fprintf(errOut, "%s: %s to satellite %d, request %s\n", c.Op, bytesText(len(signed)), c.Satellite, id)
	if o.noWait {
		return api.Request{ID: id, Kind: c.Op.String(), Satellite: api.NodeID(c.Satellite), Size: len(signed), State: api.RequestPending}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, o.wait)
	defer cancel()
	r, err := o.client.follow(ctx, id, ended, progressTo(errOut))
	if errors.Is(err, context.DeadlineExceeded) {
		return r, fmt.Errorf("%s: no answer within %v; the command stays on its way, wait longer with --wait", c.Op, o.wait)
	}
	if err != nil {
		return r, err
	}
	if r.State == api.RequestFailed {
		return r, fmt.Errorf("%s: satellite %d says %s: %s", c.Op, c.Satellite, r.Code, r.Message)
	}
	return r, nil
}

// progressTo prints each stage of a request once, and what is awaited.
func progressTo(out io.Writer) func(api.Request) {
	shown, awaited := 0, ""
	return func(r api.Request) {
		for _, s := range r.Stages[min(shown, len(r.Stages)):] {
			fmt.Fprintf(out, "%s  %-9s at %d  %s\n", s.Time.UTC().Format("15:04:05"), s.Name, s.Node, s.Text)
		}
		shown = max(shown, len(r.Stages))
		if r.Next == nil || r.State != api.RequestPending {
			return
		}
		text := fmt.Sprintf("expect %s about %s  %s", r.Next.Name, r.Next.Time.UTC().Format("15:04:05"), r.Next.Text)
		if text != awaited {
			awaited = text
			fmt.Fprintf(out, "          %s\n", text)
		}
	}
}

func newAppDeployCommand() *cobra.Command {
	var o ownerFlags
	var sat, instance string
	var known bool
	cmd := &cobra.Command{
		Use:   "deploy [PACKAGE|DIR]",
		Short: "Send an app to a satellite",
		Long: `Send a package to a satellite and wait until it is admitted there. A folder is built
and signed first. An app that you have there already is updated; it keeps its data.`,
		Example: `  spacechain app deploy --sat 90001
  spacechain app deploy build/hello-0.1.0.spk --sat 90001 --key work`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if sat == "" {
				return usagef("app deploy: name the satellite with --sat; \"spacechain sat list\" shows them")
			}
			key, err := o.load()
			if err != nil {
				return err
			}
			p, err := packageOrFolder(cmd, appFolder(args), key)
			if err != nil {
				return err
			}
			if err := p.Verify(nil); err != nil {
				return fmt.Errorf("deploy %s: %w", p.FileName(), err)
			}
			node, err := o.client.satellite(cmd.Context(), sat)
			if err != nil {
				return err
			}
			body, err := p.EncodeUplink(spk.UplinkOptions{WithoutKeys: known})
			if err != nil {
				return err
			}
			r, err := o.send(cmd, key, command.Command{Op: command.Deploy, Satellite: node, Instance: instance, Body: body}, answered)
			if err != nil {
				return err
			}
			return o.show(cmd, r, fmt.Sprintf("%s %s runs on satellite %d as tenant %s", p.Manifest.App, p.Manifest.Version, node, r.Tenant))
		},
	}
	o.add(cmd)
	cmd.Flags().StringVar(&sat, "sat", "", "satellite: its NORAD number or its name")
	cmd.Flags().StringVar(&instance, "instance", "", "tells tenants of the same app apart")
	cmd.Flags().BoolVar(&known, "known-publisher", false, "leave out the publisher's public keys, which the satellite knows from an earlier package")
	return cmd
}

// satellite finds a satellite's node number by number or name.
func (c *apiClient) satellite(ctx context.Context, name string) (uint64, error) {
	var list struct {
		Satellites []api.Satellite `json:"satellites"`
	}
	if err := c.get(ctx, "/api/v1/satellites", &list); err != nil {
		return 0, err
	}
	for _, s := range list.Satellites {
		if strconv.FormatUint(uint64(s.ID), 10) == name || strings.EqualFold(s.Name, name) {
			return uint64(s.ID), nil
		}
	}
	return 0, fmt.Errorf("satellite %s: not among the %d there; \"spacechain sat list\" shows them", name, len(list.Satellites))
}

// tenant finds one tenant by its id, or by its app's name where that is enough.
func (c *apiClient) tenant(ctx context.Context, name string) (api.Tenant, error) {
	var list tenants
	if err := c.get(ctx, "/api/v1/tenants", &list); err != nil {
		return api.Tenant{}, err
	}
	var found []api.Tenant
	for _, t := range list.Tenants {
		if t.ID == name {
			return t, nil
		}
		app := t.App == name || strings.HasSuffix(t.App, "."+name)
		if app && t.State != api.TenantRemoved && t.State != api.TenantRefused {
			found = append(found, t)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return api.Tenant{}, fmt.Errorf("tenant %s: there is none; \"spacechain app list\" shows them", name)
	}
	var ids []string
	for _, t := range found {
		ids = append(ids, t.ID)
	}
	return api.Tenant{}, fmt.Errorf("tenant %s: there are %d, name one by its id: %s", name, len(found), strings.Join(ids, ", "))
}

// tenants is the API's list of them.
type tenants struct {
	Tenants []api.Tenant `json:"tenants"`
}

// tenantNumber is the tenant's service number on its satellite, with which its id
// ends: "90001.64".
func tenantNumber(t api.Tenant) (uint64, error) {
	digits := t.ID[strings.LastIndexFunc(t.ID, func(r rune) bool { return r < '0' || r > '9' })+1:]
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("tenant %s (%s) has no number yet: it is %s", t.ID, t.App, t.State)
	}
	return n, nil
}

// tenantPath is a path of the API about one tenant.
func tenantPath(t api.Tenant, rest string) string {
	return "/api/v1/tenants/" + url.PathEscape(t.ID) + rest
}
