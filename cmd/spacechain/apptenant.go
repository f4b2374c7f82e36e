package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"spacechain/cloud/api"
	"spacechain/spaceos/command"
)

func newAppListCommand() *cobra.Command {
	var c apiClient
	var asJSON, all bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List deployed apps",
		Example: `  spacechain app list
  spacechain app list --json | jq '.tenants[].id'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var list tenants
			if err := c.get(cmd.Context(), "/api/v1/tenants", &list); err != nil {
				return err
			}
			shown := tenants{Tenants: []api.Tenant{}}
			for _, t := range list.Tenants {
				if all || t.State != api.TenantRemoved {
					shown.Tenants = append(shown.Tenants, t)
				}
			}
			if asJSON {
				return appJSON(cmd, shown)
			}
			if len(shown.Tenants) == 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), "nothing is deployed; send an app with \"spacechain app deploy\"")
				return nil
			}
			w := appTable(cmd.OutOrStdout())
			fmt.Fprintln(w, "ID\tAPP\tVERSION\tSATELLITE\tSTATE\tRUNS\tGAS\tRESULTS")
			for _, t := range shown.Tenants {
				fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%d\t%d\t%d\n", t.ID, t.App, t.Version, t.Satellite, t.State, t.Activations, t.GasUsed, t.Results)
			}
			return w.Flush()
		},
	}
	apiFlag(cmd, &c)
	cmd.Flags().BoolVar(&all, "all", false, "also those that were removed")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func newAppLogsCommand() *cobra.Command {
	var c apiClient
	var asJSON, follow bool
	cmd := &cobra.Command{
		Use:   "logs TENANT",
		Short: "Show an app's log lines that came home",
		Long: `Show the log lines that came home with an app's results. TENANT is an id of "app
list", or the app's name where it is deployed once. With --follow, keep printing
lines as they come; --json then prints one document per line.`,
		Example: `  spacechain app logs hello
  spacechain app logs 90001.64 --follow`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			t, err := c.tenant(ctx, args[0])
			if err != nil {
				return err
			}
			lines := []api.LogLine{}
			next := func() error {
				page, err := c.logs(cmd, t, lines)
				lines = append(lines, page...)
				if follow && err == nil {
					err = printLogs(cmd, page, asJSON)
				}
				return err
			}
			if err := next(); err != nil {
				return err
			}
			if !follow {
				if asJSON {
					return appJSON(cmd, map[string]any{"tenant": t.ID, "lines": lines})
				}
				return printLogs(cmd, lines, false)
			}
			var failed error
			err = c.events(ctx, "result,tenant,clock", func(string, []byte) bool {
				failed = next()
				return failed != nil
			})
			if ctx.Err() != nil { // the user ended it
				return nil
			}
			return errors.Join(failed, err)
		},
	}
	apiFlag(cmd, &c)
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "keep printing lines as they come")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// logs gives the lines after those that are known.
func (c *apiClient) logs(cmd *cobra.Command, t api.Tenant, known []api.LogLine) ([]api.LogLine, error) {
	var after uint64
	if n := len(known); n > 0 {
		after = known[n-1].Seq
	}
	var all []api.LogLine
	for {
		var page struct {
			Lines []api.LogLine `json:"lines"`
		}
		const size = 1000
		err := c.get(cmd.Context(), tenantPath(t, fmt.Sprintf("/logs?after=%d&limit=%d", after, size)), &page)
		if err != nil {
			return all, err
		}
		all = append(all, page.Lines...)
		if len(page.Lines) < size {
			return all, nil
		}
		after = page.Lines[len(page.Lines)-1].Seq
	}
}

func printLogs(cmd *cobra.Command, lines []api.LogLine, asJSON bool) error {
	enc := json.NewEncoder(cmd.OutOrStdout())
	for _, l := range lines {
		var err error
		if asJSON {
			err = enc.Encode(l)
		} else {
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s  %-5s  %s\n", l.Time.UTC().Format("2006-01-02T15:04:05Z"), l.Level, printable(l.Text))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func newAppCallCommand() *cobra.Command {
	var o ownerFlags
	cmd := &cobra.Command{
		Use:   "call TENANT [PAYLOAD]",
		Short: "Ask a deployed app and wait for its answer",
		Long: `Send a payload to a deployed app as a message and wait for its answer, which is
printed as it is. PAYLOAD "-" reads stdin. TENANT is an id of "app list", or the
app's name where it is deployed once.`,
		Example: `  spacechain app call fieldwatch '{"query":"summary"}'
  spacechain app call 90001.64 - < question.json`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var payload []byte
			if len(args) == 2 {
				payload = []byte(args[1])
				if args[1] == "-" {
					var err error
					if payload, err = io.ReadAll(cmd.InOrStdin()); err != nil {
						return fmt.Errorf("app call: read payload: %w", err)
					}
				}
			}
			t, r, err := o.tell(cmd, command.Call, args[0], payload, resulted)
			if err != nil {
				return err
			}
			if !resulted(r) { // --no-wait
				return o.show(cmd, r, "")
			}
			result, err := o.client.resultOf(cmd.Context(), t, r.ID)
			if err != nil {
				return err
			}
			if o.json {
				err = appJSON(cmd, map[string]any{"request": r, "result": result})
			} else {
				err = printBody(cmd, result.Body)
			}
			if err == nil && result.End != "returned" {
				err = fmt.Errorf("call: the activation ended as %s: %s; see \"spacechain app logs %s\"", result.End, result.Detail, t.ID)
			}
			return err
		},
	}
	o.add(cmd)
	return cmd
}

// printBody prints a result as it is, and ends its last line. On a terminal it shows
// control characters by their numbers.
func printBody(cmd *cobra.Command, body []byte) error {
	out := cmd.OutOrStdout()
	if isTerminal(out) {
		body = []byte(printable(string(body)))
	}
	if _, err := out.Write(body); err != nil {
		return err
	}
	if len(body) > 0 && body[len(body)-1] == '\n' {
		return nil
	}
	_, err := fmt.Fprintln(out)
	return err
}

// resultOf finds the result that answers a call among a tenant's latest.
func (c *apiClient) resultOf(ctx context.Context, t api.Tenant, request string) (callResult, error) {
	if err := c.get(ctx, tenantPath(t, ""), &t); err != nil {
		return callResult{}, err
	}
	const latest = 1000
	var page struct {
		Results []callResult `json:"results"`
	}
	after := max(t.Results, latest) - latest
	if err := c.get(ctx, tenantPath(t, fmt.Sprintf("/results?after=%d&limit=%d", after, latest)), &page); err != nil {
		return callResult{}, err
	}
	for _, r := range page.Results {
		if r.Request == request {
			return r, nil
		}
	}
	return callResult{}, fmt.Errorf("call: the answer to request %s is not among the latest %d results of %s", request, latest, t.ID)
}

// callResult is a result with the request that it answers.
type callResult struct {
	api.Result
	Request string `json:"request"`
}

// tell sends an operation to one tenant.
func (o *ownerFlags) tell(cmd *cobra.Command, op command.Op, name string, body []byte, ended func(api.Request) bool) (api.Tenant, api.Request, error) {
	key, err := o.load()
	if err != nil {
		return api.Tenant{}, api.Request{}, err
	}
	t, err := o.client.tenant(cmd.Context(), name)
	if err != nil {
		return t, api.Request{}, err
	}
	number, err := tenantNumber(t)
	if err != nil {
		return t, api.Request{}, err
	}
	r, err := o.send(cmd, key, command.Command{Op: op, Satellite: uint64(t.Satellite), Tenant: number, Body: body}, ended)
	return t, r, err
}

// show prints a request with --json, and else, if it is done, what came of it.
func (o *ownerFlags) show(cmd *cobra.Command, r api.Request, done string) error {
	if o.json {
		return appJSON(cmd, r)
	}
	if r.State == api.RequestDone && done != "" {
		fmt.Fprintln(cmd.OutOrStdout(), done)
	}
	return nil
}

// newTenantCommand makes a command that sends one operation to one tenant.
func newTenantCommand(op command.Op, short, long, done string) *cobra.Command {
	var o ownerFlags
	cmd := &cobra.Command{
		Use:     op.String() + " TENANT",
		Short:   short,
		Long:    long + ` TENANT is an id of "app list", or the app's name where it is deployed once.`,
		Example: fmt.Sprintf("  spacechain app %s hello\n  spacechain app %s 90001.64", op, op),
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, r, err := o.tell(cmd, op, args[0], nil, answered)
			if err != nil {
				return err
			}
			return o.show(cmd, r, fmt.Sprintf("%s on satellite %d %s", t.App, t.Satellite, done))
		},
	}
	o.add(cmd)
	return cmd
}

func newAppStopCommand() *cobra.Command {
	return newTenantCommand(command.Stop, "Let a deployed app rest",
		"Stop an app's activations; its data stays on board.", "rests")
}

func newAppStartCommand() *cobra.Command {
	return newTenantCommand(command.Start, "Let a stopped app run again",
		"Start an app that was stopped by you or by the watchdog.", "runs again")
}

func newAppRemoveCommand() *cobra.Command {
	return newTenantCommand(command.Remove, "Remove a deployed app with its data",
		"Remove an app from its satellite, with all its data.", "is removed")
}
