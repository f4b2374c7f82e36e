// Package header is the tree of block headers that a node knows: which header builds on
// which, what chain of them holds the most work, and what the rules need to know of the
// past of a block, such as the median of the times before it or the stake modifier.
//
// A Tree holds in memory only the headers near the end of the best chain and of the
// branches that may yet replace it. Headers below that window lie on one chain and are
// read from the store by height, through a Loader. A chain of millions of headers thus
// takes a few megabytes, and walking back from a Node can fail with an error of the store.
//
// Hashes and roots are bytes in natural order, times seconds since 1970, heights count
// from the genesis block, 0. A Tree and its Nodes are safe for concurrent use, except
// that the exported fields of a Node which say what connecting its block gave (Status,
// Sequence, Record) belong to the owner of the chain, who guards them.
package header
