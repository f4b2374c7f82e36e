package asm

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Random makes a valid module that always ends: random arithmetic, memory,
// branches, bounded loops, and calls of later functions only. Its functions may
// trap. Function 0 is exported as "run" with type "i32 > i64" and as "_start" is
// function 1, which calls it; memory and one global hold results.
func Random(rng *rand.Rand) Module {
	g := generator{rng: rng, types: []string{"i32 > i64", "i64 i32 > i32", "f64 > f64", "> i32"}}
	n := 2 + rng.IntN(4)
	sigs := []string{"i32 > i64", ">"}
	for len(sigs) < n+2 {
		sigs = append(sigs, g.types[rng.IntN(len(g.types))])
	}
	m := Module{Types: g.types, Memory: []uint32{1, 4}, Table: []uint32{8}, Globals: []string{"mut i64 0", "mut i32 5"},
		Data: []string{"some bytes to start from"}, Passive: []string{"passive data"}}
	for i, sig := range sigs {
		f := Func{Type: sig, Locals: "i32 i64 f64 i32 i32 i32 i32"}
		switch i {
		case 0:
			f.Export = "run"
		case 1:
			f.Export = "_start"
			f.Body = fmt.Sprintf("i32.const %d call 0 global.set 0", rng.IntN(100))
			m.Funcs = append(m.Funcs, f)
			continue
		}
		params, results, _ := strings.Cut(sig, ">")
		g.sigs, g.self, g.depth, g.budget, g.loops = sigs, i, 0, 60+rng.IntN(200), 0
		g.locals = append(strings.Fields(params), strings.Fields(f.Locals)...)
		g.counters = len(g.locals) - 3 // the last three count rounds and are not otherwise set
		g.labels = nil
		g.out.Reset()
		g.statements(3 + rng.IntN(8))
		for _, t := range strings.Fields(results) {
			g.expr(t, 3)
		}
		f.Body = g.out.String()
		m.Funcs = append(m.Funcs, f)
		if i >= 2 && len(m.Elems) < 8 {
			m.Elems = append(m.Elems, uint32(i))
		}
	}
	return m
}

// generator writes one function body.
type generator struct {
	rng      *rand.Rand
	types    []string
	sigs     []string
	self     int
	locals   []string
	counters int // locals from here on are loop counters
	loops    int // loop counters in use
	labels   []bool
	depth    int
	budget   int
	out      strings.Builder
}

func (g *generator) put(format string, args ...any) {
	g.budget--
	fmt.Fprintf(&g.out, format+" ", args...)
}

// local picks a local of a type that is not a loop counter, or -1.
func (g *generator) local(t string) int {
	for range 10 {
		if i := g.rng.IntN(g.counters); g.locals[i] == t {
			return i
		}
	}
	return -1
}

func (g *generator) statements(n int) {
	for ; n > 0 && g.budget > 0; n-- {
		g.statement()
	}
}

func (g *generator) statement() {
	switch k := g.rng.IntN(16); {
	case k < 4:
		t := []string{"i32", "i64", "f64"}[g.rng.IntN(3)]
		if i := g.local(t); i >= 0 {
			g.expr(t, 3)
			g.put("local.set %d", i)
		}
	case k < 6:
		g.address()
		t := []string{"i32", "i64", "f64"}[g.rng.IntN(3)]
		g.expr(t, 2)
		g.put("%s.store offset=%d", t, g.rng.IntN(64))
	case k == 6:
		g.expr("i64", 2)
		g.put("global.set 0")
	case k == 7:
		g.address()
		g.expr("i32", 1)
		g.put("i32.const %d %s", g.rng.IntN(300), []string{"memory.fill", "i32.add drop drop"}[g.rng.IntN(2)])
	case k == 8:
		g.address()
		g.address()
		g.put("i32.const %d memory.copy", g.rng.IntN(5000))
	case k < 11 && g.depth < 5:
		g.expr("i32", 2)
		g.put("if")
		g.block(false)
		if g.rng.IntN(2) == 0 {
			g.put("else")
			g.block(false)
		}
		g.put("end")
	case k == 11 && g.depth < 5:
		g.put("block")
		g.block(false)
		g.put("end")
	case k == 12 && g.depth < 5 && g.loops < 3:
		c := g.counters + g.loops
		g.loops++
		g.put("i32.const %d local.set %d loop", 1+g.rng.IntN(20), c)
		g.block(true)
		g.put("local.get %d i32.const 1 i32.sub local.tee %d i32.const 0 i32.gt_s br_if 0 end", c, c)
		g.loops--
	case k == 13 && len(g.labels) > 0:
		d := g.forward()
		if d >= 0 {
			g.expr("i32", 2)
			g.put("br_if %d", d)
		}
	case k == 14 && len(g.labels) > 0:
		if d := g.forward(); d >= 0 {
			g.put("block")
			g.expr("i32", 2)
			g.put("br_table [0 %d 0 %d] end", d+1, d+1)
		}
	case k == 15:
		g.put("i32.const %d memory.grow drop", g.rng.IntN(3))
	}
}

// block writes statements within a label; loops may not be continued but by their counter.
func (g *generator) block(loop bool) {
	g.depth++
	g.labels = append(g.labels, loop)
	g.statements(1 + g.rng.IntN(4))
	g.labels = g.labels[:len(g.labels)-1]
	g.depth--
}

// forward picks an enclosing block that is not a loop, as a depth, or -1.
func (g *generator) forward() int {
	d := g.rng.IntN(len(g.labels))
	if g.labels[len(g.labels)-1-d] {
		return -1
	}
	return d
}

// address writes an address that is nearly always within the memory.
func (g *generator) address() {
	g.expr("i32", 2)
	if g.rng.IntN(200) > 0 {
		g.put("i32.const 65000 i32.rem_u")
	}
}

var unary = map[string]string{
	"i32": "i32.eqz i32.clz i32.popcnt i32.extend8_s", "i64": "i64.clz i64.ctz i64.extend32_s", "f64": "f64.abs f64.neg f64.sqrt f64.floor",
}

var binary2 = map[string]string{
	"i32": "i32.add i32.sub i32.mul i32.and i32.or i32.xor i32.shl i32.shr_s i32.rotl i32.lt_s i32.ge_u i32.div_u i32.rem_s",
	"i64": "i64.add i64.sub i64.mul i64.xor i64.shl i64.shr_u i64.rotr i64.div_s",
	"f64": "f64.add f64.sub f64.mul f64.div f64.max",
}

func (g *generator) pick(list string) string {
	f := strings.Fields(list)
	return f[g.rng.IntN(len(f))]
}

// expr writes instructions that leave one value of the type.
func (g *generator) expr(t string, depth int) {
	k := g.rng.IntN(12)
	if depth <= 0 || g.budget <= 0 {
		k = g.rng.IntN(3)
	}
	switch {
	case k == 0:
		if i := g.local(t); i >= 0 {
			g.put("local.get %d", i)
			return
		}
		fallthrough
	case k <= 2:
		g.put("%s.const %d", t, g.rng.IntN(2000)-1000)
	case k <= 4:
		g.expr(t, depth-1)
		g.put("%s", g.pick(unary[t]))
	case k <= 7:
		g.expr(t, depth-1)
		g.expr(t, depth-1)
		g.put("%s", g.pick(binary2[t]))
	case k == 8:
		g.address()
		g.put("%s.load offset=%d", t, g.rng.IntN(64))
	case k == 9:
		g.expr("i32", depth-1)
		g.put("if %s", t)
		g.labels = append(g.labels, true) // carries a value: not a target for statements
		g.expr(t, depth-1)
		g.put("else")
		g.expr(t, depth-1)
		g.labels = g.labels[:len(g.labels)-1]
		g.put("end")
	case k == 10:
		g.expr(t, depth-1)
		g.expr(t, depth-1)
		g.expr("i32", depth-1)
		g.put("select")
	default:
		g.call(t, depth)
	}
}

// call writes a call of a later function that gives the type, direct or through the table.
func (g *generator) call(t string, depth int) {
	for i := max(g.self, 1) + 1; i < len(g.sigs); i++ {
		params, result, _ := strings.Cut(g.sigs[i], ">")
		if strings.TrimSpace(result) != t || g.rng.IntN(3) == 0 {
			continue
		}
		for _, p := range strings.Fields(params) {
			g.expr(p, depth-1)
		}
		if g.rng.IntN(3) == 0 {
			for k, sig := range g.types {
				if sig == g.sigs[i] {
					g.put("i32.const %d call_indirect %d 0", i-2, k)
					return
				}
			}
		}
		g.put("call %d", i)
		return
	}
	g.put("%s.const 3", t)
}
