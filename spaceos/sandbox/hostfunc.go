package sandbox

import (
	"strings"

	"github.com/tetratelabs/wazero/api"

	"spacechain/spaceos/meter"
)

// Names of the import modules.
const (
	spcModule  = "spc"
	wasiModule = "wasi_snapshot_preview1"
	jsModule   = "env" // only the JavaScript runtime may import it
)

// hostFunc is one function that guests import. Its type is written as
// "i32 i64 > i32"; call reads its arguments from the stack and leaves its result there.
type hostFunc struct {
	name string
	typ  string
	call func(r *run, stack []uint64)
}

func (f hostFunc) funcType() meter.FuncType {
	in, out, _ := strings.Cut(f.typ, ">")
	list := func(s string) []meter.ValType {
		var ts []meter.ValType
		for _, w := range strings.Fields(s) {
			ts = append(ts, map[string]meter.ValType{"i32": meter.I32, "i64": meter.I64, "f64": meter.F64}[w])
		}
		return ts
	}
	return meter.FuncType{Params: list(in), Results: list(out)}
}

// types gives the type in wazero's terms.
func (f hostFunc) types() (params, results []api.ValueType) {
	t := f.funcType()
	for _, v := range t.Params {
		params = append(params, api.ValueType(v))
	}
	for _, v := range t.Results {
		results = append(results, api.ValueType(v))
	}
	return params, results
}
