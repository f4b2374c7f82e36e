package evm

import (
	"encoding/binary"
	"math/bits"

	"github.com/holiman/uint256"
)

// mask keeps an index within the stack, so that the compiler knows it is. It changes no
// index: the entry of each basic block has checked them.
const mask = stackLimit - 1

// run executes the frame's code with gas. It gives what the code returned or reverted
// with, in the frame's memory, the gas that is left, and an Exception or none. With any
// exception but Revert the gas that it gives means nothing.
func (f *frame) run(gas int64) ([]byte, int64, Exception) {
	code := f.code
	text, entries := code.bytes, code.entries
	stack := f.stack
	height, pc := 0, 0

	var exc Exception
block:
	for { // one basic block each
		e := entries[pc]
		if e&(entryScanned|entryLarge) != entryScanned {
			if e&entryScanned == 0 {
				e = code.scan(pc)
			}
			b := code.at(pc, e)
			if gas < b.gas || height < b.need || height+b.grow > stackLimit {
				return nil, 0, code.why(pc, height, gas)
			}
			gas -= b.gas
		} else {
			cost := int64(e >> gasShift)
			if gas < cost || height < int(e>>needShift&(1<<needBits-1)) ||
				height+int(e>>growShift&(1<<growBits-1)) > stackLimit {
				return nil, 0, code.why(pc, height, gas)
			}
			gas -= cost
		}
		pc += int(e & entryJumpdest >> 1) // whose price the block includes

		for { // one instruction each
			op := text[pc]
			pc++
			switch op {
			case STOP:
				return nil, gas, none

			case ADD:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				var c uint64
				y[0], c = bits.Add64(x[0], y[0], 0)
				y[1], c = bits.Add64(x[1], y[1], c)
				y[2], c = bits.Add64(x[2], y[2], c)
				y[3], _ = bits.Add64(x[3], y[3], c)
			case MUL:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				if x[1]|x[2]|x[3]|y[1]|y[2]|y[3] == 0 {
					y[1], y[0] = bits.Mul64(x[0], y[0])
				} else {
					y.Mul(x, y)
				}
			case SUB:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				var b uint64
				y[0], b = bits.Sub64(x[0], y[0], 0)
				y[1], b = bits.Sub64(x[1], y[1], b)
				y[2], b = bits.Sub64(x[2], y[2], b)
				y[3], _ = bits.Sub64(x[3], y[3], b)
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
				y := &stack[(height-1)&mask]
				if gas -= f.evm.rules.expByte * int64(y.ByteLen()); gas < 0 {
					return nil, 0, OutOfGas
				}
				y.Exp(&stack[height&mask], y)
			case SIGNEXTEND:
				height--
				y := &stack[(height-1)&mask]
				y.ExtendSign(y, &stack[height&mask])

			case LT:
				height--
				y := &stack[(height-1)&mask]
				setBit(y, less(&stack[height&mask], y))
			case GT:
				height--
				y := &stack[(height-1)&mask]
				setBit(y, less(y, &stack[height&mask]))
			case SLT:
				height--
				y := &stack[(height-1)&mask]
				setBool(y, stack[height&mask].Slt(y))
			case SGT:
				height--
				y := &stack[(height-1)&mask]
				setBool(y, stack[height&mask].Sgt(y))
			case EQ:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				setBool(y, x[0]^y[0]|x[1]^y[1]|x[2]^y[2]|x[3]^y[3] == 0)
			case ISZERO:
				x := &stack[(height-1)&mask]
				setBool(x, x[0]|x[1]|x[2]|x[3] == 0)
			case AND:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				y[0], y[1], y[2], y[3] = x[0]&y[0], x[1]&y[1], x[2]&y[2], x[3]&y[3]
			case OR:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				y[0], y[1], y[2], y[3] = x[0]|y[0], x[1]|y[1], x[2]|y[2], x[3]|y[3]
			case XOR:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				y[0], y[1], y[2], y[3] = x[0]^y[0], x[1]^y[1], x[2]^y[2], x[3]^y[3]
			case NOT:
				x := &stack[(height-1)&mask]
				x[0], x[1], x[2], x[3] = ^x[0], ^x[1], ^x[2], ^x[3]
			case BYTE:
				height--
				y := &stack[(height-1)&mask]
				y.Byte(&stack[height&mask])
			case SHL:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				if x[1]|x[2]|x[3] == 0 && x[0] < 256 {
					y.Lsh(y, uint(x[0]))
				} else {
					y.Clear()
				}
			case SHR:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				if x[1]|x[2]|x[3] == 0 && x[0] < 256 {
					y.Rsh(y, uint(x[0]))
				} else {
					y.Clear()
				}
			case SAR:
				height--
				x, y := &stack[height&mask], &stack[(height-1)&mask]
				if x[1]|x[2]|x[3] == 0 && x[0] < 256 {
					y.SRsh(y, uint(x[0]))
				} else if int64(y[3]) < 0 {
					y.SetAllOne()
				} else {
					y.Clear()
				}

			case KECCAK256:
				height--
				gas = f.opKeccak(height, gas)
				if gas < 0 {
					return nil, 0, OutOfGas
				}

			case ADDRESS:
				stack[height&mask].SetBytes20(f.self[:])
				height++
			case BALANCE:
				if gas = f.opBalance(height, gas); gas < 0 {
					return nil, 0, OutOfGas
				}
			case ORIGIN:
				stack[height&mask].SetBytes20(f.evm.cfg.Tx.Origin[:])
				height++
			case CALLER:
				stack[height&mask].SetBytes20(f.caller[:])
				height++
			case CALLVALUE:
				stack[height&mask] = f.value
				height++
			case CALLDATALOAD:
				x := &stack[(height-1)&mask]
				if x[1]|x[2]|x[3] == 0 && x[0] < uint64(len(f.input)) {
					if in := f.input[x[0]:]; len(in) >= 32 {
						loadWord(x, in)
					} else {
						var word [32]byte
						copy(word[:], in)
						loadWord(x, word[:])
					}
				} else {
					x.Clear()
				}
			case CALLDATASIZE:
				setWord(&stack[height&mask], uint64(len(f.input)))
				height++
			case CALLDATACOPY:
				height -= 3
				if gas = f.opCopy(height, f.input, gas); gas < 0 {
					return nil, 0, OutOfGas
				}
			case CODESIZE:
				setWord(&stack[height&mask], uint64(len(code.original)))
				height++
			case CODECOPY:
				height -= 3
				if gas = f.opCopy(height, code.original, gas); gas < 0 {
					return nil, 0, OutOfGas
				}
			case GASPRICE:
				stack[height&mask] = f.evm.cfg.Tx.GasPrice
				height++
			case EXTCODESIZE, EXTCODEHASH:
				if gas = f.opCodeOf(op, height, gas); gas < 0 {
					return nil, 0, OutOfGas
				}
			case EXTCODECOPY:
				if gas = f.opExtCodeCopy(height, gas); gas < 0 {
					return nil, 0, OutOfGas
				}
				height -= 4
			case RETURNDATASIZE:
				setWord(&stack[height&mask], uint64(len(f.returned)))
				height++
			case RETURNDATACOPY:
				height -= 3
				if gas, exc = f.opReturnDataCopy(height, gas); exc != none {
					return nil, 0, exc
				}

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

			case POP:
				height--
			case MLOAD:
				x := &stack[(height-1)&mask]
				if m := f.memory; x[1]|x[2]|x[3] == 0 && x[0] < uint64(len(m)) && uint64(len(m))-x[0] >= 32 {
					loadWord(x, m[x[0]:])
				} else {
					if gas = f.growWord(x, gas); gas < 0 {
						return nil, 0, OutOfGas
					}
					loadWord(x, f.memory[x[0]:])
				}
			case MSTORE:
				height -= 2
				x, y := &stack[(height+1)&mask], &stack[height&mask]
				if m := f.memory; x[1]|x[2]|x[3] == 0 && x[0] < uint64(len(m)) && uint64(len(m))-x[0] >= 32 {
					storeWord(m[x[0]:], y)
				} else {
					if gas = f.growWord(x, gas); gas < 0 {
						return nil, 0, OutOfGas
					}
					storeWord(f.memory[x[0]:], y)
				}
			case MSTORE8:
				height -= 2
				x := &stack[(height+1)&mask]
				if !x.IsUint64() || x[0] > maxExtent {
					return nil, 0, OutOfGas
				}
				if gas = f.extend(x[0]+1, gas); gas < 0 {
					return nil, 0, OutOfGas
				}
				f.memory[x[0]] = byte(stack[height&mask][0])
			case SLOAD:
				if gas = f.opSload(&stack[(height-1)&mask], gas); gas < 0 {
					return nil, 0, OutOfGas
				}
			case SSTORE:
				height -= 2
				if gas, exc = f.opSstore(&stack[(height+1)&mask], &stack[height&mask], gas); exc != none {
					return nil, 0, exc
				}
				continue block
			case JUMP:
				height--
				x := &stack[height&mask]
				if x[1]|x[2]|x[3] != 0 || x[0] >= uint64(len(entries)) || entries[x[0]]&entryJumpdest == 0 {
					return nil, 0, BadJumpDestination
				}
				pc = int(x[0])
				continue block
			case JUMPI:
				height -= 2
				x, y := &stack[(height+1)&mask], &stack[height&mask]
				if y[0]|y[1]|y[2]|y[3] == 0 {
					continue block
				}
				if x[1]|x[2]|x[3] != 0 || x[0] >= uint64(len(entries)) || entries[x[0]]&entryJumpdest == 0 {
					return nil, 0, BadJumpDestination
				}
				pc = int(x[0])
				continue block
			case PC:
				setWord(&stack[height&mask], uint64(pc-1))
				height++
			case MSIZE:
				setWord(&stack[height&mask], uint64(len(f.memory)))
				height++
			case GAS:
				setWord(&stack[height&mask], uint64(gas))
				height++
				continue block
			case JUMPDEST:
				pc--
				continue block
			case TLOAD:
				f.opTload(&stack[(height-1)&mask])
			case TSTORE:
				height -= 2
				if exc = f.opTstore(&stack[(height+1)&mask], &stack[height&mask]); exc != none {
					return nil, 0, exc
				}
				continue block
			case MCOPY:
				height -= 3
				if gas = f.opMcopy(height, gas); gas < 0 {
					return nil, 0, OutOfGas
				}

			case PUSH0:
				stack[height&mask].Clear()
				height++
			case PUSH1:
				setWord(&stack[height&mask], uint64(text[pc]))
				height++
				pc++
			case PUSH2:
				setWord(&stack[height&mask], uint64(binary.BigEndian.Uint16(text[pc:])))
				height++
				pc += 2
			case PUSH3:
				setWord(&stack[height&mask], uint64(binary.BigEndian.Uint32(text[pc:])>>8))
				height++
				pc += 3
			case PUSH4:
				setWord(&stack[height&mask], uint64(binary.BigEndian.Uint32(text[pc:])))
				height++
				pc += 4
			case PUSH1 + 4, PUSH1 + 5, PUSH1 + 6, PUSH8:
				n := int(op) - PUSH1 + 1
				setWord(&stack[height&mask], binary.BigEndian.Uint64(text[pc:])>>(64-8*uint(n)))
				height++
				pc += n
			case PUSH1 + 8, PUSH1 + 9, PUSH1 + 10, PUSH1 + 11, PUSH1 + 12, PUSH1 + 13, PUSH1 + 14, PUSH1 + 15,
				PUSH1 + 16, PUSH1 + 17, PUSH1 + 18, PUSH1 + 19, PUSH1 + 20, PUSH1 + 21, PUSH1 + 22, PUSH1 + 23,
				PUSH1 + 24, PUSH1 + 25, PUSH1 + 26, PUSH1 + 27, PUSH1 + 28, PUSH1 + 29, PUSH1 + 30, PUSH32:
				n := int(op) - PUSH1 + 1
				pushLong(&stack[height&mask], text[pc:], n)
				height++
				pc += n

			case DUP1:
				stack[height&mask] = stack[(height-1)&mask]
				height++
			case DUP1 + 1:
				stack[height&mask] = stack[(height-2)&mask]
				height++
			case DUP1 + 2:
				stack[height&mask] = stack[(height-3)&mask]
				height++
			case DUP1 + 3, DUP1 + 4, DUP1 + 5, DUP1 + 6, DUP1 + 7, DUP1 + 8, DUP1 + 9,
				DUP1 + 10, DUP1 + 11, DUP1 + 12, DUP1 + 13, DUP1 + 14, DUP16:
				stack[height&mask] = stack[(height-1-int(op-DUP1))&mask]
				height++
			case SWAP1:
				x, y := &stack[(height-1)&mask], &stack[(height-2)&mask]
				*x, *y = *y, *x
			case SWAP1 + 1, SWAP1 + 2, SWAP1 + 3, SWAP1 + 4, SWAP1 + 5, SWAP1 + 6, SWAP1 + 7, SWAP1 + 8,
				SWAP1 + 9, SWAP1 + 10, SWAP1 + 11, SWAP1 + 12, SWAP1 + 13, SWAP1 + 14, SWAP16:
				x, y := &stack[(height-1)&mask], &stack[(height-2-int(op-SWAP1))&mask]
				*x, *y = *y, *x

			case LOG0, LOG0 + 1, LOG0 + 2, LOG0 + 3, LOG4:
				if gas, exc = f.opLog(int(op-LOG0), height, gas); exc != none {
					return nil, 0, exc
				}
				height -= int(op-LOG0) + 2

			case CREATE, CREATE2:
				if height, gas, exc = f.opCreate(op, height, gas); exc != none {
					return nil, 0, exc
				}
				continue block
			case CALL, CALLCODE, DELEGATECALL, STATICCALL:
				if height, gas, exc = f.opCall(op, height, gas); exc != none {
					return nil, 0, exc
				}
				continue block
			case RETURN, REVERT:
				at, size := &stack[(height-1)&mask], &stack[(height-2)&mask]
				if gas = f.grow(at, size, gas); gas < 0 {
					return nil, 0, OutOfGas
				}
				if op == REVERT {
					exc = Revert
				}
				return f.piece(at, size), gas, exc
			case SELFDESTRUCT:
				gas, exc = f.opSelfdestruct(address(&stack[(height-1)&mask]), gas)
				return nil, gas, exc
			default: // INVALID, for which code.prepare also puts what the fork does not define
				return nil, 0, BadInstruction
			}
		}
	}
}

// less gives 1 if x is below y, else 0.
func less(x, y *uint256.Int) (borrow uint64) {
	_, borrow = bits.Sub64(x[0], y[0], 0)
	_, borrow = bits.Sub64(x[1], y[1], borrow)
	_, borrow = bits.Sub64(x[2], y[2], borrow)
	_, borrow = bits.Sub64(x[3], y[3], borrow)
	return borrow
}

func setBit(x *uint256.Int, bit uint64) { x[0], x[1], x[2], x[3] = bit, 0, 0, 0 }

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

// pushLong reads n bytes, 8 to 32, of the 33 that are at b at least.
func pushLong(x *uint256.Int, b []byte, n int) {
	loadWord(x, b)
	x.Rsh(x, uint(256-8*n))
}

// growWord makes room for a word of memory; see frame.grow.
func (f *frame) growWord(at *uint256.Int, gas int64) int64 {
	if !at.IsUint64() || at[0] > maxExtent {
		return -1
	}
	return f.extend(at[0]+32, gas)
}
