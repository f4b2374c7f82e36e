package blockfile

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// errFound ends a reading early.
var errFound = errors.New("found")

// vector reads the blocks of a chain in JSON.
type vector struct {
	text  *jsonText
	next  int64 // number of the next block
	ended bool
}

// Expected is what a Vector says must come of its blocks, as Qtum Core's RPC printed it.
type Expected struct {
	// Source tells how the chain was made.
	Source string
	Height int32
	// Tip is `getblockheader` of the last block.
	Tip Tip
	// UTXO is `gettxoutsetinfo hash_serialized_3` after it.
	UTXO UTXO
}

// Tip is what of `getblockheader` a chain can be held against. Hashes, roots too, are
// printed reversed.
type Tip struct {
	Hash       string `json:"hash"`
	Height     int32  `json:"height"`
	Time       uint32 `json:"time"`
	MedianTime int64  `json:"mediantime"`
	ChainWork  string `json:"chainwork"`
	NTx        int    `json:"nTx"`
	StateRoot  string `json:"hashStateRoot"`
	UTXORoot   string `json:"hashUTXORoot"`
	ProofHash  string `json:"proofhash"`
	Modifier   string `json:"modifier"`
}

// UTXO describes a set of unspent outputs. TotalAmount is in coins, with a decimal point.
type UTXO struct {
	Height         int32       `json:"height"`
	BestBlock      string      `json:"bestblock"`
	TxOuts         int64       `json:"txouts"`
	BogoSize       int64       `json:"bogosize"`
	HashSerialized string      `json:"hash_serialized_3"`
	TotalAmount    json.Number `json:"total_amount"`
	Transactions   int64       `json:"transactions"`
}

// Contract is `getaccountinfo` of one contract. Storage is by the hash of its key: one key
// and its value, all in hex.
type Contract struct {
	Address string                       `json:"address"`
	Balance json.Number                  `json:"balance"` // satoshi
	Code    string                       `json:"code"`
	Storage map[string]map[string]string `json:"storage"`
	Vin     *struct {
		Hash  string      `json:"hash"`
		NVout uint32      `json:"nVout"`
		Value json.Number `json:"value"` // satoshi
	} `json:"vin"`
}

// text gives the JSON of the file from its beginning.
func (f *File) text() (*jsonText, error) {
	r, err := f.rewind()
	if err != nil {
		return nil, err
	}
	if !f.gzip {
		return &jsonText{r: r}, nil
	}
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	return &jsonText{r: bufio.NewReaderSize(z, bufferBytes)}, nil
}

// readHead learns the network and the options, wherever they stand.
func (f *File) readHead() error {
	const complete = 3
	var network, args, blocks int
	err := f.eachField(func(name string, t *jsonText) error {
		if network+args+blocks == complete {
			return errFound
		}
		switch name {
		case "network":
			network = 1
			return wholeInto(t, &f.network)
		case "args":
			args = 1
			return wholeInto(t, &f.args)
		case "blocks":
			blocks = 1
			if network+args+blocks == complete {
				return errFound
			}
		}
		return t.skip()
	})
	if errors.Is(err, errFound) {
		return nil
	}
	if err == nil && (network == 0 || blocks == 0) {
		return errors.New("JSON without the fields network and blocks is no chain")
	}
	return err
}

// eachField calls fn for each field of the file's object; fn must read its value.
func (f *File) eachField(fn func(name string, t *jsonText) error) error {
	t, err := f.text()
	if err != nil {
		return err
	}
	if err := t.fields(func(name string) error { return fn(name, t) }); err != nil {
		return t.placed(err)
	}
	return nil
}

// placed adds to an error where in the text it happened.
func (t *jsonText) placed(err error) error {
	return fmt.Errorf("at byte %d of the text: %w", t.offset, err)
}

func wholeInto(t *jsonText, v any) error {
	text, err := t.whole()
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

// nextOfVector gives the next element of the field blocks.
func (f *File) nextOfVector() (Block, error) {
	if f.vector == nil {
		t, err := f.text()
		if err != nil {
			return Block{}, err
		}
		f.vector = &vector{text: t}
		if err := f.vector.begin(); err != nil {
			return Block{}, t.placed(err)
		}
	}
	v := f.vector
	if v.ended {
		return Block{}, io.EOF
	}
	if v.next > 0 {
		again, err := v.text.more(']')
		if err != nil {
			return Block{}, v.text.placed(err)
		}
		if !again {
			v.ended = true
			return Block{}, io.EOF
		}
	}
	raw, err := v.text.hex(f.buf, f.MaxBlock)
	f.buf = raw
	if err != nil {
		return Block{}, v.text.placed(fmt.Errorf("block %d: %w", v.next, err))
	}
	v.next++
	return Block{Raw: raw, Offset: v.next - 1}, nil
}

// begin reads up to the first element of the field blocks.
func (v *vector) begin() error {
	err := v.text.fields(func(name string) error {
		if name == "blocks" {
			return errFound
		}
		return v.text.skip()
	})
	if err != errFound {
		if err == nil {
			err = errors.New("no field blocks")
		}
		return err
	}
	if err := v.text.take('['); err != nil {
		return err
	}
	b, err := v.text.peek()
	if err == nil && b == ']' {
		v.ended = true
	}
	return err
}

// Expected reads what the Vector expects of its chain and calls contract, if it is not
// nil, for every contract, one at a time. It reads the file again from its beginning, so
// Next begins anew after it.
func (f *File) Expected(contract func(Contract) error) (*Expected, error) {
	if f.kind != Vector {
		return nil, fmt.Errorf("read block file %s: a %s file expects nothing", f.name, f.kind)
	}
	f.vector = nil
	e := new(Expected)
	err := f.eachField(func(name string, t *jsonText) error {
		switch name {
		case "source":
			return wholeInto(t, &e.Source)
		case "height":
			return wholeInto(t, &e.Height)
		case "tip":
			return wholeInto(t, &e.Tip)
		case "utxo":
			return wholeInto(t, &e.UTXO)
		case "contracts":
			if contract == nil {
				return t.skip()
			}
			return t.fields(func(address string) error {
				c := Contract{Address: address}
				if err := wholeInto(t, &c); err != nil {
					return fmt.Errorf("contract %s: %w", address, err)
				}
				return contract(c)
			})
		}
		return t.skip()
	})
	if err != nil {
		return nil, fmt.Errorf("read block file %s: %w", f.name, err)
	}
	return e, nil
}
