package evm

import "spacechain/ledger/state"

// codePadding is how many STOPs follow a code: the immediate bytes that a PUSH32 at its
// very end lacks, and an end to run into.
const codePadding = 33

// code is a contract's code made ready to run. What it knows about basic blocks it learns
// when they first run, so it belongs to one EVM at a time.
//
// A basic block is a run of instructions that is entered only at its first and left only
// at its last. What all of them need of stack and gas is checked and charged at the entry,
// in place of a check before each.
type code struct {
	original []byte // as deployed; belongs to whoever gave it
	// bytes is the code to run: padded, and INVALID where an instruction is not defined.
	bytes []byte
	ops   *[256]op
	// entries has an entry for each byte of bytes; see entry.
	entries []entry
	// large holds the blocks whose numbers do not fit an entry.
	large map[int]block
}

// entry is what is known about a place in the code, packed: bit 0, the block that begins
// here has been scanned; bit 1, a valid JUMPDEST is here; bit 2, the block is in
// code.large; bits 3-8 the stack items it needs, 9-17 how far it grows the stack, 18-31 its
// static gas.
type entry uint32

const (
	entryScanned  entry = 1 << 0
	entryJumpdest entry = 1 << 1
	entryLarge    entry = 1 << 2

	needShift, needBits = 3, 6
	growShift, growBits = 9, 9
	gasShift, gasBits   = 18, 14
)

// block is what a basic block asks for when it is entered.
type block struct {
	gas        int64
	need, grow int // stack items that must be there, and room above them
}

// prepare makes c the code b, which must not change while c is used, with ops as the
// instruction table.
func (c *code) prepare(b []byte, ops *[256]op) {
	n := len(b) + codePadding
	if cap(c.bytes) < n {
		c.bytes, c.entries = make([]byte, n), make([]entry, n)
	} else {
		c.bytes, c.entries = c.bytes[:n], c.entries[:n]
		clear(c.entries)
	}
	copy(c.bytes, b)
	clear(c.bytes[len(b):])
	c.original, c.ops, c.large = b, ops, nil
	for pc := 0; pc < len(b); pc++ {
		x := b[pc]
		if x == JUMPDEST {
			c.entries[pc] = entryJumpdest
		} else if o := &ops[x]; !o.defined {
			c.bytes[pc] = INVALID
		} else {
			pc += int(o.push)
		}
	}
}

// memory is about what c takes, in bytes.
func (c *code) memory() int { return 6*cap(c.bytes) + 200 }

// scan looks at the block that begins at pc and notes it.
func (c *code) scan(pc int) entry {
	var b block
	height := 0
	for at := pc; ; {
		x := c.bytes[at]
		if x == JUMPDEST && at != pc {
			break
		}
		o := &c.ops[x]
		b.gas += int64(o.gas)
		b.need = max(b.need, int(o.need)-height)
		height += int(o.delta)
		b.grow = max(b.grow, height)
		if o.last {
			break
		}
		at += 1 + int(o.push)
	}
	e := c.entries[pc]&entryJumpdest | entryScanned
	if b.gas < 1<<gasBits && b.need < 1<<needBits && b.grow < 1<<growBits {
		e |= entry(b.gas)<<gasShift | entry(b.need)<<needShift | entry(b.grow)<<growShift
	} else {
		e |= entryLarge
		if c.large == nil {
			c.large = map[int]block{}
		}
		c.large[pc] = b
	}
	c.entries[pc] = e
	return e
}

// at gives the block of the scanned entry e at pc.
func (c *code) at(pc int, e entry) block {
	if e&entryLarge != 0 {
		return c.large[pc]
	}
	return block{gas: int64(e >> gasShift), need: int(e >> needShift & (1<<needBits - 1)),
		grow: int(e >> growShift & (1<<growBits - 1))}
}

// why tells what stops the block at pc when gas is left and the stack has height items:
// the first instruction that lacks something, as far as static prices tell.
func (c *code) why(pc, height int, gas int64) Exception {
	for first := true; ; first = false {
		x := c.bytes[pc]
		o := &c.ops[x]
		switch {
		case x == JUMPDEST && !first:
			return OutOfGas // of a dynamic price, before this
		case !o.defined:
			return BadInstruction
		case o.delta > 0 && height+int(o.delta) > stackLimit:
			return OutOfStack
		case height < int(o.need):
			return StackUnderflow
		}
		if gas -= int64(o.gas); gas < 0 || o.last {
			return OutOfGas
		}
		height += int(o.delta)
		pc += 1 + int(o.push)
	}
}

// cacheBytes bounds what an EVM keeps of the codes it has prepared.
const cacheBytes = 4 << 20

// codeCache keeps prepared codes by their hash. When it is full it drops the older half of
// what it holds: codes are put into young, and old is what young was when it had become
// half of the cache.
type codeCache struct {
	ops        *[256]op
	young, old map[state.Hash]*code
	size       int // of young, in bytes
}

// find gives the prepared code with a hash, nil if it is not there.
func (k *codeCache) find(hash *state.Hash, ops *[256]op) *code {
	if k.ops != ops || k.young == nil {
		k.ops, k.young, k.old, k.size = ops, map[state.Hash]*code{}, nil, 0
	}
	if c, ok := k.young[*hash]; ok {
		return c
	}
	if c, ok := k.old[*hash]; ok {
		k.put(hash, c)
		return c
	}
	return nil
}

// add prepares the code b, which has the hash.
func (k *codeCache) add(hash *state.Hash, b []byte) *code {
	c := new(code)
	c.prepare(b, k.ops)
	k.put(hash, c)
	return c
}

func (k *codeCache) put(hash *state.Hash, c *code) {
	if k.size += c.memory(); k.size > cacheBytes/2 {
		k.young, k.old, k.size = map[state.Hash]*code{}, k.young, c.memory()
	}
	k.young[*hash] = c
}
