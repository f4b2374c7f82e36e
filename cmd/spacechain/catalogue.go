package main

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"spacechain/cloud/api"
)

func newSatCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sat",
		Short: "Look at the satellites of a running network",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSatListCommand(), newSatShowCommand())
	return cmd
}

func newSatListCommand() *cobra.Command {
	var c apiClient
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List satellites with where they are now",
		Example: "  spacechain sat list --json | jq '.satellites[] | select(.tenants > 0)'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var list struct {
				Satellites []api.Satellite `json:"satellites"`
			}
			if err := c.get(cmd.Context(), "/api/v1/satellites", &list); err != nil {
				return err
			}
			if asJSON {
				return appJSON(cmd, list)
			}
			w := appTable(cmd.OutOrStdout())
			fmt.Fprintln(w, "ID\tNAME\tLAT\tLON\tALT KM\tSUN\tLINKS\tAPPS")
			for _, s := range list.Satellites {
				light := "dark"
				if s.Sunlit {
					light = "lit"
				}
				fmt.Fprintf(w, "%d\t%s\t%.1f\t%.1f\t%.0f\t%s\t%d\t%d\n", s.ID, s.Name, s.LatDeg, s.LonDeg, s.AltKm, light, s.Links, s.Tenants)
			}
			return w.Flush()
		},
	}
	apiFlag(cmd, &c)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func newSatShowCommand() *cobra.Command {
	var c apiClient
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "show SATELLITE",
		Short:   "Show one satellite: orbit, power, links, telemetry, next passes",
		Example: "  spacechain sat show 90031",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			id, err := c.satellite(ctx, args[0])
			if err != nil {
				return err
			}
			var s api.SatelliteDetail
			if err := c.get(ctx, fmt.Sprintf("/api/v1/satellites/%d", id), &s); err != nil {
				return err
			}
			var next struct {
				Passes []api.Pass `json:"passes"`
			}
			if err := c.get(ctx, fmt.Sprintf("/api/v1/passes?satellite=%d&limit=5", id), &next); err != nil {
				return err
			}
			var links struct {
				Links []api.Link `json:"links"`
			}
			if err := c.get(ctx, fmt.Sprintf("/api/v1/links?node=%d", id), &links); err != nil {
				return err
			}
			if asJSON {
				return appJSON(cmd, map[string]any{"satellite": s, "links": links.Links, "passes": next.Passes})
			}
			w := appTable(cmd.OutOrStdout())
			fmt.Fprintf(w, "satellite\t%d %s\n", s.ID, s.Name)
			fmt.Fprintf(w, "position\t%.2f, %.2f at %.0f km, %.2f km/s\n", s.LatDeg, s.LonDeg, s.AltKm, s.SpeedKmS)
			fmt.Fprintf(w, "orbit\t%.1f min, inclination %.1f deg, element epoch %s\n", s.PeriodMin, s.InclinationDeg, s.Epoch.Format(time.RFC3339))
			if s.BatteryFraction != nil {
				fmt.Fprintf(w, "battery\t%.0f %%\n", 100**s.BatteryFraction)
			}
			fmt.Fprintf(w, "apps\t%d\n", s.Tenants)
			for _, l := range links.Links {
				peer, out, in := l.B, l.AB, l.BA
				if l.B == s.ID {
					peer, out, in = l.A, l.BA, l.AB
				}
				fmt.Fprintf(w, "link\t%d, %.0f km, sends by %s\n", peer, l.RangeKm, waveText(out))
				if in != out {
					fmt.Fprintf(w, "\t%d sends by %s\n", peer, waveText(in))
				}
			}
			if t := s.Telemetry; t != nil {
				fmt.Fprintf(w, "telemetry\tat %s by station %d, mode %s, battery %.0f %%, by %s\n", t.Received.Format(time.RFC3339), t.Station, t.Mode, 100*t.Battery, waveText(t.Down))
				if o := t.Orbit; o != nil {
					fmt.Fprintf(w, "measured\t%.3f, %.3f, %.3f km ECEF at %s, %d navigation satellites\n", o.PosECEFKm[0], o.PosECEFKm[1], o.PosECEFKm[2], o.Time.Format(time.RFC3339), o.Satellites)
				}
			}
			for _, p := range next.Passes {
				fmt.Fprintf(w, "pass\tstation %d, %s to %s, up to %.0f deg\n", p.Station, p.Rise.Format("15:04:05"), p.Set.Format("15:04:05"), p.MaxElevationDeg)
			}
			return w.Flush()
		},
	}
	apiFlag(cmd, &c)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func newStationListCommand() *cobra.Command {
	var c apiClient
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List ground stations",
		Example: "  spacechain station list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var list struct {
				Stations []api.Station `json:"stations"`
			}
			if err := c.get(cmd.Context(), "/api/v1/stations", &list); err != nil {
				return err
			}
			if asJSON {
				return appJSON(cmd, list)
			}
			w := appTable(cmd.OutOrStdout())
			fmt.Fprintln(w, "ID\tNAME\tLAT\tLON\tMIN ELEVATION\tUP\tLINKS")
			for _, s := range list.Stations {
				fmt.Fprintf(w, "%d\t%s\t%.2f\t%.2f\t%.0f\t%v\t%d\n", s.ID, s.Name, s.LatDeg, s.LonDeg, s.MinElevationDeg, s.Up, s.Links)
			}
			return w.Flush()
		},
	}
	apiFlag(cmd, &c)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func newPassCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pass",
		Short: "Look at passes of a running network",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPassListCommand())
	return cmd
}

func newPassListCommand() *cobra.Command {
	var c apiClient
	var asJSON bool
	var station uint64
	var sat string
	var hours float64
	var limit int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List coming passes of satellites over stations",
		Example: `  spacechain pass list --hours 3
  spacechain pass list --sat 90031 --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			if hours <= 0 {
				return usagef("--hours %g: must be more than 0", hours)
			}
			var u api.Universe
			if err := c.get(ctx, "/api/v1/universe", &u); err != nil {
				return err
			}
			q := url.Values{"limit": {strconv.Itoa(limit)}, "from": {u.Time.Format(time.RFC3339)},
				"to": {u.Time.Add(time.Duration(hours * float64(time.Hour))).Format(time.RFC3339)}}
			if sat != "" {
				id, err := c.satellite(ctx, sat)
				if err != nil {
					return err
				}
				q.Set("satellite", strconv.FormatUint(id, 10))
			}
			if station != 0 {
				q.Set("station", strconv.FormatUint(station, 10))
			}
			var list struct {
				Passes []api.Pass `json:"passes"`
			}
			if err := c.get(ctx, "/api/v1/passes?"+q.Encode(), &list); err != nil {
				return err
			}
			if asJSON {
				return appJSON(cmd, list)
			}
			w := appTable(cmd.OutOrStdout())
			fmt.Fprintln(w, "SATELLITE\tSTATION\tRISE\tCULMINATION\tSET\tELEVATION")
			for _, p := range list.Passes {
				fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%s\t%.0f\n", p.Satellite, p.Station, p.Rise.Format("2006-01-02 15:04:05"),
					p.Culmination.Format("15:04:05"), p.Set.Format("15:04:05"), p.MaxElevationDeg)
			}
			return w.Flush()
		},
	}
	apiFlag(cmd, &c)
	cmd.Flags().StringVar(&sat, "sat", "", "only this satellite: number or name")
	cmd.Flags().Uint64Var(&station, "station", 0, "only this station's node number")
	cmd.Flags().Float64Var(&hours, "hours", 2, "how far to look ahead")
	cmd.Flags().IntVar(&limit, "limit", 50, "most passes to list")
	jsonFlag(cmd, &asJSON)
	return cmd
}
