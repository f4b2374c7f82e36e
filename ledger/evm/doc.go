// Package evm is the ledger's Ethereum Virtual Machine, Frontier to Cancun.
package evm
