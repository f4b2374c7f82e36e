// Package aal is the Account Abstraction Layer: what lets Ethereum's machine run on
// Bitcoin's coins. A contract output becomes one Ethereum transaction (Extract, Check);
// running it (Machine.Execute) lends its sender an account with exactly the coins of the
// output, and afterwards every satoshi that accounts moved is moved between outputs too,
// by at most one generated transaction, so that each contract owns exactly one coin.
// Gas that was not used goes back as an output that the block maker owes (Refunds).
//
// The package follows Qtum Core 27.1 to the letter (qtum/qtumstate.cpp, validation.cpp:
// ByteCodeExec, QtumTxConverter, ConnectBlock; libethereum/Executive.cpp for what goes
// around the interpreter), as both its state roots and its generated transactions are
// consensus. Where that is odd, the comment at the place says what is odd about it.
//
// Lifetimes, from the longest:
//   - the parent state, a view.Reader that nothing here changes;
//   - a block: one Machine, from New to Commit;
//   - a transaction: Execute. The addresses that may keep no account, and transient
//     storage, live as long as one of these;
//   - an output: its transfers, its changes to accounts and to contracts' coins. All
//     are taken over or dropped at its end.
//
// Two things that Qtum Core remembers from block to block are no function of the chain: which
// changes of balances an execution left behind that ended in an exception (a view call, a
// restart, a block that was only tried out clear them), and, below FixUTXOCacheHeight, coins
// that such an execution had looked at. Here the first begin anew with each block, as they do
// there wherever a staked block asks the contract of delegations first; the second go from
// block to block with the state, as in a node that does nothing but connect blocks.
//
// Amounts, balances and gas prices are in satoshi. Nothing here is safe for concurrent use.
package aal
