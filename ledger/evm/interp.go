package evm

import (
	"encoding/binary"
	"math/bits"

	"github.com/holiman/uint256"
)

// mask keeps an index within the stack, so that the compiler knows it is. It changes no
// index: the entry of each basic block has checked them.
const mask = stackLimit - 1

// run executes the frame's code with the frame's gas. It gives what the code returned or
// reverted with, in the frame's memory, and an Exception or none. With any exception but
// Revert the gas that is left means nothing.
//
// The instructions are in two switches. Those of the first call nothing, so pc and height
// stay in registers as long as only such instructions run; what calls is in the second,
// where the first leads by falling through. Cases of the first are ended by continue.
func (f *frame) run() ([]byte, Exception) {
	code := f.code
	text, chunks := code.text, code.chunks
	stack := f.stack
	_ = stack[0] // not nil
	height, pc := 0, uint(0)
	want := entryScanned // of the next block's entry

block:
	for { // one basic block each
		var e entry
		if i := pc >> chunkBits; i < uint(len(chunks)) {
			if c := chunks[i]; c != nil {
				e = c[pc%chunkSize]
			}
		}
		if e&(want|entryLarge) == want {
			left := f.gas - int64(e>>gasShift)
			if left < 0 || height < int(e>>needShift&(1<<needBits-1)) ||
				height+int(e>>growShift&(1<<growBits-1)) > stackLimit {
				return nil, code.why(pc, height, f.gas)
			}
			f.gas = left
		} else {
			if e = code.enter(pc, want); e == 0 {
				return nil, BadJumpDestination
			}
			text = code.text
			b := code.at(pc, e)
			if f.gas < b.gas || height < b.need || height+b.grow > stackLimit {
				return nil, code.why(pc, height, f.gas)
			}
			f.gas -= b.gas
		}
		pc += uint(e & entryJumpdest >> 1) // whose price the block includes
		want = entryScanned

		for { // one instruction each
			if pc >= uint(len(text)) {
				return nil, none
			}
			op := text[pc]
			switch op {
			case STOP:
				return nil, none

			case ADD:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				var c uint64
				y[0], c = bits.Add64(x[0], y[0], 0)
				y[1], c = bits.Add64(x[1], y[1], c)
				y[2], c = bits.Add64(x[2], y[2], c)
				y[3], _ = bits.Add64(x[3], y[3], c)
				pc++
				continue
			case MUL:
				x, y := &stack[(height-1)&mask], &stack[(height-2)&mask]
				if x[1]|x[2]|x[3]|y[1]|y[2]|y[3] == 0 {
					y[1], y[0] = bits.Mul64(x[0], y[0])
					height--
					pc++
					continue
				}
			case SUB:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				var b uint64
				y[0], b = bits.Sub64(x[0], y[0], 0)
				y[1], b = bits.Sub64(x[1], y[1], b)
				y[2], b = bits.Sub64(x[2], y[2], b)
				y[3], _ = bits.Sub64(x[3], y[3], b)
				pc++
				continue

			case LT:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				_, b := bits.Sub64(x[0], y[0], 0)
				_, b = bits.Sub64(x[1], y[1], b)
				_, b = bits.Sub64(x[2], y[2], b)
				_, b = bits.Sub64(x[3], y[3], b)
				setWord(y, b)
				pc++
				continue
			case GT:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				_, b := bits.Sub64(y[0], x[0], 0)
				_, b = bits.Sub64(y[1], x[1], b)
				_, b = bits.Sub64(y[2], x[2], b)
				_, b = bits.Sub64(y[3], x[3], b)
				setWord(y, b)
				pc++
				continue
			case SLT:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				_, b := bits.Sub64(x[0], y[0], 0)
				_, b = bits.Sub64(x[1], y[1], b)
				_, b = bits.Sub64(x[2], y[2], b)
				_, b = bits.Sub64(x[3]^signBit, y[3]^signBit, b)
				setWord(y, b)
				pc++
				continue
			case SGT:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				_, b := bits.Sub64(y[0], x[0], 0)
				_, b = bits.Sub64(y[1], x[1], b)
				_, b = bits.Sub64(y[2], x[2], b)
				_, b = bits.Sub64(y[3]^signBit, x[3]^signBit, b)
				setWord(y, b)
				pc++
				continue
			case EQ:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				setBool(y, (x[0]^y[0])|(x[1]^y[1])|(x[2]^y[2])|(x[3]^y[3]) == 0)
				pc++
				continue
			case ISZERO:
				x := &stack[(height-1)&mask]
				setBool(x, x[0]|x[1]|x[2]|x[3] == 0)
				pc++
				continue
			case AND:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				y[0], y[1], y[2], y[3] = x[0]&y[0], x[1]&y[1], x[2]&y[2], x[3]&y[3]
				pc++
				continue
			case OR:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				y[0], y[1], y[2], y[3] = x[0]|y[0], x[1]|y[1], x[2]|y[2], x[3]|y[3]
				pc++
				continue
			case XOR:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				y[0], y[1], y[2], y[3] = x[0]^y[0], x[1]^y[1], x[2]^y[2], x[3]^y[3]
				pc++
				continue
			case NOT:
				x := &stack[(height-1)&mask]
				x[0], x[1], x[2], x[3] = ^x[0], ^x[1], ^x[2], ^x[3]
				pc++
				continue
			case SHL: // by less than a limb, or by whole limbs; the rest is below
				x, y := &stack[(height-1)&mask], &stack[(height-2)&mask]
				if x[1]|x[2]|x[3] == 0 && x[0] < 64 {
					n := x[0]
					y[3] = y[3]<<n | y[2]>>(64-n)
					y[2] = y[2]<<n | y[1]>>(64-n)
					y[1] = y[1]<<n | y[0]>>(64-n)
					y[0] <<= n
					height--
					pc++
					continue
				}
			case SHR: // by less than a limb, or by more than three
				x, y := &stack[(height-1)&mask], &stack[(height-2)&mask]
				if x[1]|x[2]|x[3] == 0 {
					if n := x[0]; n < 64 {
						y[0] = y[0]>>n | y[1]<<(64-n)
						y[1] = y[1]>>n | y[2]<<(64-n)
						y[2] = y[2]>>n | y[3]<<(64-n)
						y[3] >>= n
						height--
						pc++
						continue
					} else if n >= 192 {
						setWord(y, y[3]>>(n-192))
						height--
						pc++
						continue
					}
				}

			case CALLVALUE:
				stack[height&mask] = f.value
				height++
				pc++
				continue
			case CALLDATALOAD:
				x := &stack[(height-1)&mask]
				if in := f.input; x[1]|x[2]|x[3] == 0 && x[0] < uint64(len(in)) && uint64(len(in))-x[0] >= 32 {
					loadWord(x, in[x[0]:])
					pc++
					continue
				}
			case CALLDATASIZE:
				setWord(&stack[height&mask], uint64(len(f.input)))
				height++
				pc++
				continue
			case RETURNDATASIZE:
				setWord(&stack[height&mask], uint64(len(f.returned)))
				height++
				pc++
				continue

			case POP:
				height--
				pc++
				continue
			case MLOAD:
				x := &stack[(height-1)&mask]
				if m := f.memory; x[1]|x[2]|x[3] == 0 && x[0] < uint64(len(m)) && uint64(len(m))-x[0] >= 32 {
					loadWord(x, m[x[0]:])
					pc++
					continue
				}
			case MSTORE:
				x := &stack[(height-1)&mask]
				if m := f.memory; x[1]|x[2]|x[3] == 0 && x[0] < uint64(len(m)) && uint64(len(m))-x[0] >= 32 {
					storeWord(m[x[0]:], &stack[(height-2)&mask])
					height -= 2
					pc++
					continue
				}
			case JUMP:
				height--
				x := &stack[height&mask]
				if x[1]|x[2]|x[3] != 0 || x[0] >= uint64(len(text)) {
					return nil, BadJumpDestination
				}
				pc, want = uint(x[0]), entryScanned|entryJumpdest
				continue block
			case JUMPI:
				height -= 2
				x, y := &stack[(height+1)&mask], &stack[height&mask]
				if y[0]|y[1]|y[2]|y[3] == 0 {
					pc++
					continue block
				}
				if x[1]|x[2]|x[3] != 0 || x[0] >= uint64(len(text)) {
					return nil, BadJumpDestination
				}
				pc, want = uint(x[0]), entryScanned|entryJumpdest
				continue block
			case PC:
				setWord(&stack[height&mask], uint64(pc))
				height++
				pc++
				continue
			case MSIZE:
				setWord(&stack[height&mask], uint64(len(f.memory)))
				height++
				pc++
				continue
			case GAS:
				setWord(&stack[height&mask], uint64(f.gas))
				height++
				pc++
				continue block
			case JUMPDEST:
				continue block

			case PUSH0:
				setWord(&stack[height&mask], 0)
				height++
				pc++
				continue
			case PUSH1:
				if pc+1 < uint(len(text)) {
					setWord(&stack[height&mask], uint64(text[pc+1]))
					height++
					pc += 2
					continue
				}
			case PUSH2:
				if pc+2 < uint(len(text)) {
					setWord(&stack[height&mask], uint64(text[pc+1])<<8|uint64(text[pc+2]))
					height++
					pc += 3
					continue
				}
			case PUSH3, PUSH4, PUSH1 + 4, PUSH1 + 5, PUSH1 + 6, PUSH8:
				if pc+8 < uint(len(text)) {
					n := uint(op) - PUSH1 + 1
					setWord(&stack[height&mask], binary.BigEndian.Uint64(text[pc+1:pc+9])>>((64-8*n)&63))
					height++
					pc += 1 + n
					continue
				}
			case PUSH20:
				if pc+20 < uint(len(text)) {
					x, b := &stack[height&mask], text[pc+1:pc+21]
					x[3] = 0
					x[2] = uint64(binary.BigEndian.Uint32(b[0:4]))
					x[1] = binary.BigEndian.Uint64(b[4:12])
					x[0] = binary.BigEndian.Uint64(b[12:20])
					height++
					pc += 21
					continue
				}
			case PUSH32:
				if pc+32 < uint(len(text)) {
					loadWord(&stack[height&mask], text[pc+1:pc+33])
					height++
					pc += 33
					continue
				}

			case DUP1:
				move(&stack[height&mask], &stack[(height-1)&mask])
				height++
				pc++
				continue
			case DUP1 + 1:
				move(&stack[height&mask], &stack[(height-2)&mask])
				height++
				pc++
				continue
			case DUP1 + 2:
				move(&stack[height&mask], &stack[(height-3)&mask])
				height++
				pc++
				continue
			case DUP1 + 3:
				move(&stack[height&mask], &stack[(height-4)&mask])
				height++
				pc++
				continue
			case DUP1 + 4, DUP1 + 5, DUP1 + 6, DUP1 + 7, DUP1 + 8, DUP1 + 9,
				DUP1 + 10, DUP1 + 11, DUP1 + 12, DUP1 + 13, DUP1 + 14, DUP16:
				move(&stack[height&mask], &stack[(height-1-int(op-DUP1))&mask])
				height++
				pc++
				continue
			case SWAP1:
				x, y := &stack[(height-1)&mask], &stack[(height-2)&mask]
				swap(x, y)
				pc++
				continue
			case SWAP1 + 1:
				x, y := &stack[(height-1)&mask], &stack[(height-3)&mask]
				swap(x, y)
				pc++
				continue
			case SWAP1 + 2:
				x, y := &stack[(height-1)&mask], &stack[(height-4)&mask]
				swap(x, y)
				pc++
				continue
			case SWAP1 + 3, SWAP1 + 4, SWAP1 + 5, SWAP1 + 6, SWAP1 + 7, SWAP1 + 8,
				SWAP1 + 9, SWAP1 + 10, SWAP1 + 11, SWAP1 + 12, SWAP1 + 13, SWAP1 + 14, SWAP16:
				x, y := &stack[(height-1)&mask], &stack[(height-2-int(op-SWAP1))&mask]
				swap(x, y)
				pc++
				continue
			}

			// What is left calls something.
			pc++
			exc, done := none, false
			switch op {
			case MUL:
				height--
				y := &stack[(height-1)&mask]
				y.Mul(&stack[height&mask], y)
			case DIV:
				height--
				y := &stack[(height-1)&mask]
				y.Div(&stack[height&mask], y)
			case SDIV:
				height--
				y := &stack[(height-1)&mask]
				y.SDiv(&stack[height&mask], y)
			case MOD:
				height--
				y := &stack[(height-1)&mask]
				y.Mod(&stack[height&mask], y)
			case SMOD:
				height--
				y := &stack[(height-1)&mask]
				y.SMod(&stack[height&mask], y)
			case ADDMOD:
				height -= 2
				m := &stack[(height-1)&mask]
				m.AddMod(&stack[(height+1)&mask], &stack[height&mask], m)
			case MULMOD:
				height -= 2
				m := &stack[(height-1)&mask]
				m.MulMod(&stack[(height+1)&mask], &stack[height&mask], m)
			case EXP:
				height--
				exc = f.opExp(&stack[height&mask], &stack[(height-1)&mask])
			case SIGNEXTEND:
				height--
				y := &stack[(height-1)&mask]
				y.ExtendSign(y, &stack[height&mask])
			case BYTE:
				height--
				stack[(height-1)&mask].Byte(&stack[height&mask])
			case SHL:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				y.Lsh(y, shift(x))
			case SHR:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				y.Rsh(y, shift(x))
			case SAR:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				y.SRsh(y, shift(x))
			case KECCAK256:
				height--
				exc = f.opKeccak(height)

			case ADDRESS:
				stack[height&mask].SetBytes20(f.self[:])
				height++
			case BALANCE:
				exc = f.opBalance(height)
			case ORIGIN:
				stack[height&mask].SetBytes20(f.evm.cfg.Tx.Origin[:])
				height++
			case CALLER:
				stack[height&mask].SetBytes20(f.caller[:])
				height++
			case CALLDATALOAD:
				loadPadded(&stack[(height-1)&mask], f.input)
			case CALLDATACOPY:
				height -= 3
				exc = f.opCopy(height, f.input)
			case CODESIZE:
				setWord(&stack[height&mask], uint64(len(code.original)))
				height++
			case CODECOPY:
				height -= 3
				exc = f.opCopy(height, code.original)
			case GASPRICE:
				stack[height&mask] = f.evm.cfg.Tx.GasPrice
				height++
			case EXTCODESIZE, EXTCODEHASH:
				exc = f.opCodeOf(op, height)
			case EXTCODECOPY:
				exc = f.opExtCodeCopy(height)
				height -= 4
			case RETURNDATACOPY:
				height -= 3
				exc = f.opReturnDataCopy(height)

			case BLOCKHASH:
				f.opBlockHash(&stack[(height-1)&mask])
			case COINBASE:
				stack[height&mask].SetBytes20(f.evm.cfg.Block.Coinbase[:])
				height++
			case TIMESTAMP:
				setWord(&stack[height&mask], f.evm.cfg.Block.Time)
				height++
			case NUMBER:
				setWord(&stack[height&mask], f.evm.cfg.Block.Number)
				height++
			case PREVRANDAO:
				stack[height&mask] = f.evm.cfg.Block.Difficulty
				height++
			case GASLIMIT:
				setWord(&stack[height&mask], f.evm.cfg.Block.GasLimit)
				height++
			case CHAINID:
				setWord(&stack[height&mask], f.evm.cfg.ChainID)
				height++
			case SELFBALANCE:
				f.opSelfBalance(&stack[height&mask])
				height++
			case BASEFEE:
				stack[height&mask] = f.evm.cfg.Block.BaseFee
				height++
			case BLOBHASH:
				f.opBlobHash(&stack[(height-1)&mask])
			case BLOBBASEFEE:
				stack[height&mask] = f.evm.cfg.Block.BlobFee
				height++

			case MLOAD:
				x := &stack[(height-1)&mask]
				if exc = f.growBy(x, 32); exc == none {
					loadWord(x, f.memory[x[0]:])
				}
			case MSTORE:
				height -= 2
				x := &stack[(height+1)&mask]
				if exc = f.growBy(x, 32); exc == none {
					storeWord(f.memory[x[0]:], &stack[height&mask])
				}
			case MSTORE8:
				height -= 2
				x := &stack[(height+1)&mask]
				if exc = f.growBy(x, 1); exc == none {
					f.memory[x[0]] = byte(stack[height&mask][0])
				}
			case MCOPY:
				height -= 3
				exc = f.opMcopy(height)
			case SLOAD:
				exc = f.opSload(&stack[(height-1)&mask])
			case SSTORE:
				height -= 2
				exc, done = f.opSstore(&stack[(height+1)&mask], &stack[height&mask]), true
			case TLOAD:
				f.opTload(&stack[(height-1)&mask])
			case TSTORE:
				height -= 2
				exc, done = f.opTstore(&stack[(height+1)&mask], &stack[height&mask]), true

			case PUSH1, PUSH2, PUSH3, PUSH4, PUSH1 + 4, PUSH1 + 5, PUSH1 + 6, PUSH8,
				PUSH1 + 8, PUSH1 + 9, PUSH1 + 10, PUSH1 + 11, PUSH1 + 12, PUSH1 + 13, PUSH1 + 14, PUSH1 + 15,
				PUSH1 + 16, PUSH1 + 17, PUSH1 + 18, PUSH20, PUSH1 + 20, PUSH1 + 21, PUSH1 + 22, PUSH1 + 23,
				PUSH1 + 24, PUSH1 + 25, PUSH1 + 26, PUSH1 + 27, PUSH1 + 28, PUSH1 + 29, PUSH1 + 30, PUSH32:
				n := uint(op) - PUSH1 + 1
				pushPadded(&stack[height&mask], text[pc:], n)
				height++
				pc += n

			case LOG0, LOG0 + 1, LOG0 + 2, LOG0 + 3, LOG4:
				topics := int(op - LOG0)
				height -= topics + 2
				exc = f.opLog(topics, height)

			case CREATE:
				exc, done = f.opCreate(op, height), true
				height -= 2
			case CREATE2:
				exc, done = f.opCreate(op, height), true
				height -= 3
			case CALL, CALLCODE:
				exc, done = f.opCall(op, height), true
				height -= 6
			case DELEGATECALL, STATICCALL:
				exc, done = f.opCall(op, height), true
				height -= 5
			case RETURN:
				return f.opReturn(height)
			case REVERT:
				out, exc := f.opReturn(height)
				if exc == none {
					exc = Revert
				}
				return out, exc
			case SELFDESTRUCT:
				return nil, f.opSelfdestruct(address(&stack[(height-1)&mask]))
			default: // INVALID, which code.scan also puts where the fork defines nothing
				return nil, BadInstruction
			}
			if exc != none {
				return nil, exc
			}
			if done {
				text = code.text // a child with the same code may have changed it
				continue block
			}
		}
	}
}

const signBit = 1 << 63

// move copies limb by limb: a wider load would have to wait until the limbs that the last
// instruction stored have left the processor's store buffer, and costs twice as much.
func move(to, from *uint256.Int) {
	to[0], to[1], to[2], to[3] = from[0], from[1], from[2], from[3]
}

// swap exchanges limb by limb; see move.
func swap(x, y *uint256.Int) {
	x[0], y[0] = y[0], x[0]
	x[1], y[1] = y[1], x[1]
	x[2], y[2] = y[2], x[2]
	x[3], y[3] = y[3], x[3]
}

func setWord(x *uint256.Int, v uint64) { x[0], x[1], x[2], x[3] = v, 0, 0, 0 }

func setBool(x *uint256.Int, b bool) {
	var bit uint64
	if b {
		bit = 1
	}
	x[0], x[1], x[2], x[3] = bit, 0, 0, 0
}

// loadWord reads the 32 bytes at b.
func loadWord(x *uint256.Int, b []byte) {
	_ = b[31]
	x[3] = binary.BigEndian.Uint64(b[0:8])
	x[2] = binary.BigEndian.Uint64(b[8:16])
	x[1] = binary.BigEndian.Uint64(b[16:24])
	x[0] = binary.BigEndian.Uint64(b[24:32])
}

// storeWord writes the 32 bytes at b.
func storeWord(b []byte, x *uint256.Int) {
	_ = b[31]
	binary.BigEndian.PutUint64(b[0:8], x[3])
	binary.BigEndian.PutUint64(b[8:16], x[2])
	binary.BigEndian.PutUint64(b[16:24], x[1])
	binary.BigEndian.PutUint64(b[24:32], x[0])
}

// pushPadded reads n bytes, 1 to 32, at b, with zeros beyond its end.
func pushPadded(x *uint256.Int, b []byte, n uint) {
	var word [32]byte
	copy(word[32-n:], b[:min(n, uint(len(b)))])
	loadWord(x, word[:])
}

// loadPadded reads the 32 bytes of b at the offset in x into x, with zeros beyond b's end.
func loadPadded(x *uint256.Int, b []byte) {
	var word [32]byte
	fill(word[:], b, x)
	loadWord(x, word[:])
}

// shift is the amount of a shift, of which all over 255 do the same.
func shift(x *uint256.Int) uint {
	if x[1]|x[2]|x[3] != 0 || x[0] > 256 {
		return 256
	}
	return uint(x[0])
}
