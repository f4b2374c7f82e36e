package evm

import (
	"github.com/holiman/uint256"

	"spacechain/ledger/state"
)

const (
	stackLimit = 1024
	depthLimit = 1024
)

// frame is one call or creation under execution. Frames are kept by depth and used again,
// with their memory.
type frame struct {
	evm    *EVM
	code   *code
	stack  *[stackLimit]uint256.Int
	height int    // of the stack, while a child runs
	gas    int64  // left
	memory []byte // its length is a multiple of 32
	input  []byte // of the call; belongs to the caller
	// returned is what the last child returned, in memory that lives until this frame
	// starts another child.
	returned []byte
	answer   []byte // output of a precompiled contract that was called in place of this frame

	self, caller state.Address
	value        uint256.Int
	balance      uint256.Int // that SELFDESTRUCT moves
	depth        int
	static       bool

	own   code // of a creation, which is not worth keeping
	place stackPlace
	warm  accessed
}

// keepMemory is how much a frame may keep of each kind of memory for the next frame of its
// depth, in bytes.
const keepMemory = 32 << 10

// reset makes the frame ready for another call.
func (f *frame) reset() {
	if cap(f.memory) > keepMemory {
		f.memory = nil
	}
	if cap(f.answer) > keepMemory {
		f.answer = nil
	}
	if len(f.own.original) > keepMemory {
		f.own = code{}
	}
	f.memory, f.returned = f.memory[:0], nil
	f.warm.reset()
}

// memoryCost is the price of a memory of words words.
func memoryCost(words int64) int64 { return 3*words + words*words/512 }

// maxExtent bounds offset and size of a piece of memory. What lies beyond costs more than
// 3·10^13 gas, more than anyone has in Qtum, and evmone refuses it as well.
const maxExtent = 1<<32 - 1

// charge takes gas, and tells whether there was as much.
func (f *frame) charge(gas int64) bool {
	f.gas -= gas
	return f.gas >= 0
}

// grow makes the memory hold size bytes from offset and charges for it. It gives OutOfGas
// or none.
func (f *frame) grow(offset, size *uint256.Int) Exception {
	if size.IsZero() {
		return none
	}
	if !size.IsUint64() || size[0] > maxExtent {
		return OutOfGas
	}
	return f.growBy(offset, size[0])
}

// growBy is grow for a size over zero that is within maxExtent.
func (f *frame) growBy(offset *uint256.Int, size uint64) Exception {
	if !offset.IsUint64() || offset[0] > maxExtent {
		return OutOfGas
	}
	have := uint64(len(f.memory))
	size += offset[0]
	if size <= have {
		return none
	}
	n := words(size)
	if !f.charge(memoryCost(n) - memoryCost(int64(have/32))) {
		return OutOfGas
	}
	size = uint64(n) * 32
	if uint64(cap(f.memory)) >= size {
		f.memory = f.memory[:size]
		clear(f.memory[have:])
		return none
	}
	bigger := make([]byte, size, max(size+size/4, 2*have, 1024))
	copy(bigger, f.memory)
	f.memory = bigger
	return none
}

// piece is the size bytes of memory at offset, for which grow has made room.
func (f *frame) piece(offset, size *uint256.Int) []byte {
	if size[0] == 0 {
		return nil
	}
	return f.memory[offset[0] : offset[0]+size[0]]
}

// fill copies src from an offset into dst, with zeros where src has ended.
func fill(dst, src []byte, offset *uint256.Int) {
	n := 0
	if offset.IsUint64() && offset[0] < uint64(len(src)) {
		n = copy(dst, src[offset[0]:])
	}
	clear(dst[n:])
}

// address is the low 20 bytes of a word.
func address(x *uint256.Int) (a state.Address) {
	x.WriteToArray20((*[20]byte)(&a))
	return a
}

// words is the number of 32-byte words that size bytes fill.
func words(size uint64) int64 { return int64((size + 31) / 32) }

// accessed is what a frame has accessed, where Qtum's EVM begins anew in each frame.
type accessed struct {
	accounts map[state.Address]struct{}
	slots    map[uint256.Int]struct{}
	used     bool
}

// keepAccessed bounds the size of a map that is kept for the next frame.
const keepAccessed = 64

func (w *accessed) reset() {
	if !w.used {
		return
	}
	w.used = false
	if len(w.accounts) > keepAccessed {
		w.accounts = nil
	}
	if len(w.slots) > keepAccessed {
		w.slots = nil
	}
	clear(w.accounts)
	clear(w.slots)
}

// account notes an access and tells whether there was one before.
func (w *accessed) account(a state.Address) (warm bool) {
	if _, warm = w.accounts[a]; !warm {
		if w.accounts == nil {
			w.accounts = map[state.Address]struct{}{}
		}
		w.used = true
		w.accounts[a] = struct{}{}
	}
	return warm
}

// slot notes an access and tells whether there was one before.
func (w *accessed) slot(key *uint256.Int) (warm bool) {
	if _, warm = w.slots[*key]; !warm {
		if w.slots == nil {
			w.slots = map[uint256.Int]struct{}{}
		}
		w.used = true
		w.slots[*key] = struct{}{}
	}
	return warm
}
