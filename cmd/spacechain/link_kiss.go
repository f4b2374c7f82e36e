package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/spf13/cobra"

	"spacechain/clock"
	"spacechain/link/kiss"
	"spacechain/link/receive"
)

func newLinkKISSCommand() *cobra.Command {
	var f encodeFlags
	var asJSON, quit bool
	var count int
	cmd := &cobra.Command{
		Use:   "kiss HOST:PORT [TEXT...]",
		Short: "Send and receive by someone's terminal node controller",
		Long: `Connect to a terminal node controller (TNC) that speaks KISS over TCP, such as direwolf or
"spacechain link serve", send a frame for each TEXT, and print the frames that it receives, until
Ctrl-C, the end of the connection, or --count of them.`,
		Example: `  spacechain link kiss 127.0.0.1:8001
  spacechain link kiss --from N0CALL --to CQ --quit 127.0.0.1:8001 "hello from orbit"
  spacechain link kiss --json --count 1 127.0.0.1:8001 | jq -r .hex`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, port, err := net.SplitHostPort(args[0]); err != nil || port == "" {
				return usagef("%s: want HOST:PORT, such as 127.0.0.1:8001", args[0])
			}
			if count < 0 {
				return usagef("--count %d: want a number of frames, or 0 for no end", count)
			}
			f.framing = "ax25"
			frames, err := f.frames(args[1:])
			if err != nil {
				return err
			}
			if quit && len(frames) == 0 {
				return usagef("--quit: there is nothing to send")
			}
			conn, err := kiss.Dial(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer conn.Close()
			for _, frame := range frames {
				if err := conn.Write(kiss.Frame{Command: kiss.Data, Data: frame}); err != nil {
					return err
				}
			}
			if quit {
				return nil
			}
			return printKISS(cmd, conn, asJSON, count)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.from, "from", "", "call sign of the sender, such as N0CALL-1")
	fl.StringVar(&f.to, "to", "CQ", "call sign of the receiver")
	fl.BoolVar(&f.hex, "hex", false, "a TEXT is a frame in hex")
	fl.BoolVar(&asJSON, "json", false, "print a JSON object for each frame")
	fl.BoolVar(&quit, "quit", false, "end when all is handed over")
	fl.IntVar(&count, "count", 0, "end after so many frames")
	return cmd
}

// printKISS prints the frames of data that a controller hands over.
func printKISS(cmd *cobra.Command, conn *kiss.Conn, asJSON bool, count int) error {
	stop := context.AfterFunc(cmd.Context(), func() { conn.Close() })
	defer stop()
	tell := (&decodeFlags{json: asJSON}).printer(cmd)
	elapsed := clock.Stopwatch()
	for n := 0; count == 0 || n < count; {
		fr, err := conn.Read()
		if cmd.Context().Err() != nil {
			return nil
		}
		if errors.Is(err, io.EOF) {
			if n < count {
				return fmt.Errorf("the connection ended after %d frames of %d", n, count)
			}
			return nil
		}
		if err != nil {
			return err
		}
		if fr.Command != kiss.Data {
			continue
		}
		n++
		if err := tell(receive.Frame{Modem: "kiss", Framing: "ax25", Time: elapsed().Seconds(), Data: fr.Data}); err != nil {
			return err
		}
	}
	return nil
}
