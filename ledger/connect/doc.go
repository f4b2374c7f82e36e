// Package connect is how a block becomes state, and how that is taken back.
//
// Block is a pure function of a block and the state of its parent. It checks what Qtum
// Core 27.1 checks in validation.cpp: Chainstate::ConnectBlock, in the same order and with
// the same reject reasons, runs the block's contracts, and gives what changed: coins,
// accounts, the contracts' outputs, all the nodes of both tries. Nothing of it is written
// anywhere; who calls applies the changes, or not. Undo gives the changes that lead back.
// Assemble runs the transactions of a block that is only being made through the same code.
//
// What a block must keep without its parent's state is held by the packages check and pos;
// Block runs check.Block as ConnectBlock runs CheckBlock, the rest of it is for who accepts
// headers and blocks.
package connect
