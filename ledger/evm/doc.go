// Package evm is the ledger's Ethereum Virtual Machine: it runs calls and creations of
// contracts on a state.State, under the rules of any fork from Frontier to Cancun, either as
// Ethereum has them or as Qtum has them.
//
// # Use
//
// New gives an EVM for a Config and a State; Call, Create and CreateAt run one outermost
// frame and all that it calls. What surrounds them is the caller's: intrinsic gas, the
// sender's payment and nonce (Create raises the nonce, Call does not), the accounts that a
// transaction has accessed before it begins, the price of gas, refunds and their cap, the end
// of the execution (state.State.EndTx), and the limit to the init code of a transaction.
// ledger/aal does that for Qtum, ledger/evm/statetest for Ethereum.
//
// An output is valid until the EVM is used again. Close hands the EVM's memory on to the next
// one: frames, stacks, and the codes that it has looked through, so that a contract that is
// called in every block is prepared once.
//
// # How code runs
//
// The interpreter (interp.go) is a loop over two switches. It checks and charges by basic
// block, not by instruction: at the entry of a block it compares the gas and the height of the
// stack with what all its instructions need, as code.go has found when the block first ran. An
// instruction that sees the gas left (GAS, calls, creations, SSTORE), or does something that
// its frame's failure does not undo (calls, which record transfers; TSTORE in Qtum), ends its
// block. So whatever can be seen is as if each instruction had been charged by itself; only of
// which exception ends a frame, where several would, does the choice go by the static prices
// first. State tests, random contracts and go-ethereum's answers to both hold it to that.
//
// Frames, memory and stacks are used again, and no instruction allocates but those that make
// something: a log entry, a contract, an entry of the journal.
//
// # Forks
//
// A fork is a row in fork.go, which changes the rules of the row before. Qtum has of them
// Spurious, Petersburg, Istanbul, London, Shanghai and Cancun (libevm/EVMC.cpp: toRevision).
//
// # Qtum
//
// Qtum Core 27.1 runs evmone under the host and the call logic of aleth. Deviations names
// what differs from Ethereum and can be seen by a contract or in the state, each with its
// place. Schedule has what governance may change of prices that evmone does not fix, and the
// 800 gas that a refund deducts after Berlin where Ethereum has 100; Contracts has the heights
// of precompiled contracts. Hooks tell what only the Account Abstraction Layer sees:
//
//   - Every call and SELFDESTRUCT to an address without account marks it, also STATICCALL and
//     a call of value zero, and the mark outlives a revert. A precompiled contract is marked
//     after it has run, and not if it fails: it runs before the transfer (Executive.cpp: call).
//   - Every transfer of a value is recorded and outlives a revert too, also CALLCODE's from a
//     contract to itself and SELFDESTRUCT's to itself.
//
// The same as in Ethereum, though the code goes another way: a contract is created with nonce
// 1 and keeps the balance that was at its address; the creator's nonce grows even if creation
// fails; EIP-3541 from London on; EIP-3860 from Shanghai on for CREATE and CREATE2 (the init
// code of a contract output is neither limited nor charged); 1,024 frames below the first;
// an account exists for a call's price if it is not empty; the empty account of RIPEMD-160
// stays touched; PREVRANDAO is one instruction with DIFFICULTY (the header's bits).
//
// Not mirrored, as no chain can get there: nonces beyond 64 bits (aleth counts 256), the
// address of a new contract that stays pending when Ethereum's address for it is in use
// (qtumstate.cpp: addBalance), and memory beyond 2^32 bytes, which costs more than the largest
// gas limit.
package evm
