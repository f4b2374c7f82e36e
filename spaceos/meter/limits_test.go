package meter_test

import (
	"errors"
	"slices"
	"testing"

	"spacechain/spaceos/meter"
	"spacechain/spaceos/meter/asm"
)

// A module of a few kilobytes may declare millions of locals, which cost the compiler
// memory whether or not they are used.
func TestLocalsOfAllFunctions(t *testing.T) {
	m := asm.Module{Memory: []uint32{1}, Funcs: slices.Repeat([]asm.Func{{Type: ">", Locals: "4096*i64"}}, 256)}
	if _, err := meter.Decode(m.Bytes(), meter.Limits{}); err != nil {
		t.Error("a million locals:", err)
	}
	m.Funcs = append(m.Funcs, asm.Func{Type: ">", Locals: "i32"})
	var e *meter.Error
	if _, err := meter.Decode(m.Bytes(), meter.Limits{}); !errors.As(err, &e) || e.Reason != meter.Limit {
		t.Errorf("one more: %v", err)
	}
}
