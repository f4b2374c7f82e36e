package sandbox

import (
	"context"
	"runtime"
	"testing"
	"time"
)

// flightGas is the gas of three activations of the handler "sample", on every CPU
// and both engines. It changes with the prices, the prelude, or the JavaScript engine only.
var flightGas = [3]uint64{405278, 462680, 502639}

// TestFlightCPU runs JavaScript activations as the flight computer does, on the
// interpreter, and prints their gas and time. To see it on a 32-bit ARM:
//
//	GOARCH=arm GOARM=7 go test -c -o sandbox.arm ./spaceos/sandbox
//	qemu-arm sandbox.arm -test.run FlightCPU -test.v
func TestFlightCPU(t *testing.T) {
	needJS(t)
	at := time.Now()
	e := newEngine(t, Options{Interpreter: true})
	defer e.Close()
	t.Logf("%s/%s: runtime installed in %v", runtime.GOOS, runtime.GOARCH, time.Since(at).Round(time.Millisecond))
	m := app(handlers["sample"])
	at = time.Now()
	if err := e.Prepare(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	t.Logf("script of %d bytes compiled in %v", len(m.Code), time.Since(at).Round(10*time.Microsecond))
	h := newHost()
	for i, want := range flightGas {
		at = time.Now()
		o := e.Run(context.Background(), activation(m, h))
		t.Logf("activation %d: %s, %d gas, %v", i, o.End, o.GasUsed, time.Since(at).Round(10*time.Microsecond))
		if o.End != Returned || o.GasUsed != want {
			t.Errorf("%+v, want %d gas", o, want)
		}
	}
	at = time.Now()
	if o := e.Run(context.Background(), activation(app(``), newHost())); o.End != Returned {
		t.Errorf("%+v", o)
	} else {
		t.Logf("empty handler, with its compilation: %d gas, %v", o.GasUsed, time.Since(at).Round(10*time.Microsecond))
	}
}
