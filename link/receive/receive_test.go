package receive

import (
	"slices"
	"strings"
	"testing"

	"spacechain/link/ax25"
	"spacechain/link/modem"
	"spacechain/link/modem/tnc"
)

// decode gives all that the combinations find in samples.
func decode(t *testing.T, rate float64, effort tnc.Effort, samples []float32, of ...Combination) []Frame {
	t.Helper()
	r, refused := Open(of, Options{Rate: rate, Effort: effort})
	if len(refused) > 0 {
		t.Fatal(refused)
	}
	var out []Frame
	for block := range slices.Chunk(samples, 5000) {
		out = r.Process(out, block)
	}
	return r.Flush(out)
}

// What a modulator sends is found by its own combination, with the time, and by no other.
func TestOneCombinationHears(t *testing.T) {
	const rate = 48000
	from, err := ax25.ParseAddress("N0CALL-1")
	if err != nil {
		t.Fatal(err)
	}
	to, err := ax25.ParseAddress("CQ")
	if err != nil {
		t.Fatal(err)
	}
	frame, err := ax25.UI(to, from, []byte("which of you hears me?")).Encode()
	if err != nil {
		t.Fatal(err)
	}
	framer := ax25.NewFramer(ax25.LineAFSK)
	levels := framer.Flags(framer.Frame(framer.Flags(nil, 40), frame), 8)
	m, err := modem.NewAFSKModulator(modem.Bell202, rate, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	samples := append(m.Modulate(make([]float32, rate), levels), make([]float32, rate)...)
	got := decode(t, rate, tnc.Quick, samples, Combinations()...)
	if len(got) != 1 || got[0].Modem != "afsk1200" || string(got[0].Data) != string(frame) {
		t.Fatalf("got %+v", got)
	}
	if end := 1 + float64(len(levels)-56)/1200; got[0].Time < end-0.02 || got[0].Time > end+0.02 {
		t.Errorf("at %.3f s, want %.3f", got[0].Time, end)
	}
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		modem, framing string
		want           string // names, or what the error says
	}{
		{"bpsk9600", "ax25-g3ruh", "bpsk9600/ax25-g3ruh"},
		{"fsk9766", "ccsds-rs", "fsk9766/ccsds-rs"}, // no custom, but it can be had
		{"fsk9600", "ccsds", "fsk9600/ccsds-concatenated fsk9600/ccsds-convolutional fsk9600/ccsds-ldpc fsk9600/ccsds-punctured fsk9600/ccsds-rs fsk9600/ccsds-tc fsk9600/ccsds-tc-ldpc fsk9600/ccsds-uncoded"},
		{"fsk20000", "", "fsk20000/ccsds-concatenated"},
		{"", "u482c", "afsk4800/u482c"},
		{"bpsk777.5-manchester", "ao40", "bpsk777.5-manchester/ao40"},
		{"qpsk256000", "ccsds-ldpc", "qpsk256000/ccsds-ldpc"},
		{"oqpsk9600-manchester", "ax25", "of bpsk and dbpsk only"},
		{"morse", "", "there are afsk1200"},
		{"", "telex", "ao40, ao40-short"},
		{"afsk1200", "telex", "no framing \"telex\"; there are ao40"},
		{"fsk31", "", "\"31\" is no rate"},
		{"fskNaN", "ax25", "is no rate"},
		{"gmsk1e4", "ax25", "is no rate"},
		{"fsk9600-manchester", "ax25", "of bpsk and dbpsk only"},
		{"fsk7777", "", "name a framing"},
		{"", "il2p", "name a modem"},
	} {
		found, err := Find(c.modem, c.framing)
		var names []string
		for _, f := range found {
			names = append(names, f.String())
		}
		if got := strings.Join(names, " "); got != c.want && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q, %q: %q, %v; want %q", c.modem, c.framing, got, err, c.want)
		}
	}
	all, err := Find("", "")
	if err != nil || len(all) != len(Combinations()) {
		t.Fatalf("all: %d %v", len(all), err)
	}
	if _, err := (Combination{Modem: "bpsk9600", Framing: "ax25"}).Open(100, tnc.Quick); err == nil || !strings.Contains(err.Error(), "bpsk9600") {
		t.Errorf("a sample rate that is too low: %v", err)
	}
}

// Every framing of a customary combination exists, every modem has a name that parses, and none
// stands twice.
func TestCombinations(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Combinations() {
		if _, err := ParseModem(c.Modem); err != nil {
			t.Error(err)
		}
		if !slices.Contains(Framings(), c.Framing) || c.About == "" || seen[c.String()] {
			t.Errorf("%v: unknown, unexplained or twice", c)
		}
		seen[c.String()] = true
	}
}
