package sandbox

import (
	"context"
	"testing"
)

// handlers are JavaScript handlers of growing work.
var handlers = map[string]string{
	"empty": ``,
	"sample": `
		const { values, time } = spc.sensor('magnetometer')
		const norm = Math.hypot(...values)
		const ring = spc.kv.getJSON('ring') || []
		ring.push([time.getTime(), norm]); if (ring.length > 32) ring.shift()
		spc.kv.putJSON('ring', ring)
		return { n: ring.length, norm }`,
}

func BenchmarkJS(b *testing.B) {
	needJS(b)
	for name, body := range handlers {
		for _, kind := range []string{"compiler", "interpreter"} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				e := engine(b, kind == "interpreter")
				h := newHost()
				act := activation(app(body), h)
				var gas uint64
				b.ReportAllocs()
				for b.Loop() {
					o := e.Run(context.Background(), act)
					if o.End != Returned {
						b.Fatalf("%+v", o)
					}
					gas = o.GasUsed
				}
				b.ReportMetric(float64(gas), "gas/op")
			})
		}
	}
}

func BenchmarkInstantiate(b *testing.B) {
	for _, kind := range []string{"compiler", "interpreter"} {
		b.Run(kind, func(b *testing.B) {
			e := engine(b, kind == "interpreter")
			act := activation(wasmModule(start("nop").Bytes()), newHost())
			b.ReportAllocs()
			for b.Loop() {
				if o := e.Run(context.Background(), act); o.End != Returned {
					b.Fatalf("%+v", o)
				}
			}
		})
	}
}
