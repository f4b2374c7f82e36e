package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"spacechain/clock"
	"spacechain/cloud/api"
	"spacechain/console"
	"spacechain/world"
)

func newUpCommand() *cobra.Command {
	var f universeFlags
	var keys keyFlags
	var listen string
	var tour, ephemeral bool
	var lasts time.Duration
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run a whole network in this process, with its API and console",
		Long: `Run satellites, stations and a terminal in one simulated universe, with the HTTP API
and the web console. State is kept in the data folder and survives a restart, and
a kill, at any moment. Stop it with Ctrl-C.`,
		Example: `  spacechain up
  spacechain up --speed 600 --seed 7 --data-dir ./universe
  spacechain up --tle iridium-next.tle --stations Svalbard,Inuvik,Awarua
  spacechain up --tour
  spacechain up --ephemeral --speed 0 --for 24h --scenario storm.yaml --seed 7`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, closeFiles, err := f.options(cmd)
			if err != nil {
				return err
			}
			defer closeFiles()
			store, err := keys.store()
			if err != nil {
				return err
			}
			if !ephemeral {
				o.DataDir = filepath.Dir(store.Dir)
			}
			ln, err := net.Listen("tcp", listen)
			if err != nil {
				return fmt.Errorf("listen on %s: %w; choose another address with --listen", listen, err)
			}
			defer ln.Close()
			if tour {
				o.Pace = clock.Scaled(tourSpeed)
			}
			u, err := world.New(o)
			if err != nil {
				return err
			}
			var until time.Time
			if lasts > 0 {
				until = u.Now().Add(lasts)
			}
			err = serveUniverse(cmd, u, ln, tour, until)
			if err == nil && lasts > 0 {
				sum, lines := u.Digest()
				fmt.Fprintf(cmd.OutOrStdout(), "%d lines of history, digest %s\n", lines, sum)
			}
			return errors.Join(err, u.Close())
		},
	}
	f.add(cmd, 60)
	keys.addDataDir(cmd)
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8480", "address of the API and the console")
	cmd.Flags().BoolVar(&tour, "tour", false, "show the tour first, then keep running")
	cmd.Flags().BoolVar(&ephemeral, "ephemeral", false, "keep nothing on disk")
	cmd.Flags().DurationVar(&lasts, "for", 0, "end after so much simulated time, and print the digest of its history (default: never)")
	return cmd
}

// errOver ends the server when the universe's time is over.
var errOver = errors.New("the universe's time is over")

// serveUniverse runs a universe and its server until the command is interrupted, or
// until a simulated time if that is set.
func serveUniverse(cmd *cobra.Command, u *world.Universe, ln net.Listener, tour bool, until time.Time) error {
	out := cmd.OutOrStdout()
	fmt.Fprintf(cmd.ErrOrStderr(), "console and API on http://%s (Ctrl-C ends)\n", ln.Addr())
	g, ctx := errgroup.WithContext(cmd.Context())
	g.Go(func() error {
		if err := u.Run(ctx, until); err != nil {
			return err
		}
		return errOver
	})
	g.Go(func() error { return serveAPI(ctx, u.Backend(), ln, cmd) })
	if tour {
		g.Go(func() error {
			if err := tourWith(cmd, ctx, &world.Tour{Universe: u}, false); err != nil {
				return err
			}
			u.SetSpeed(60)
			fmt.Fprintf(out, "\nThe universe keeps running; open http://%s to watch it. Ctrl-C ends.\n", ln.Addr())
			return nil
		})
	}
	err := g.Wait()
	if errors.Is(err, errOver) {
		return nil
	}
	if cmd.Context().Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		return nil // ended by Ctrl-C, as it should be
	}
	return err
}

// serveAPI serves the API and the console until ctx ends.
func serveAPI(ctx context.Context, b api.Backend, ln net.Listener, cmd *cobra.Command) error {
	srv, err := api.New(api.Options{Backend: b, Version: version,
		Log: slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		return err
	}
	h, err := console.Handler(srv)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return srv.Run(ctx) })
	g.Go(func() error { return api.Serve(ctx, ln, h) })
	return g.Wait()
}
