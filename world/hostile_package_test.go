package world

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"spacechain/identity"
	"spacechain/internal/cbor"
	"spacechain/spaceos/cose"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/meter/asm"
	"spacechain/spaceos/spk"
)

// bad is a package that must be refused.
type bad struct {
	name string
	pkg  []byte
	code string // of the refusal
	say  string // part of its text
}

// honest is an app that would be admitted.
func honest(changes ...func(*manifest.Manifest)) manifest.Manifest {
	return manifestOf("honest", manifest.RuntimeWasm, changes...)
}

var nothing = asm.Module{Memory: []uint32{1}, Funcs: []asm.Func{{Type: ">", Export: "_start"}}}

// forge signs an encoded manifest whatever it says, as the publisher who it names.
func forge(m manifest.Manifest, module []byte, signer *identity.Key) *forged {
	m.Module = manifest.Module{Digest: sha256.Sum256(module), Size: uint64(len(module))}
	f := &forged{encoded: m.Encode(), module: module}
	pub := signer.Public()
	f.keys = pub.Encode()
	for _, alg := range []cose.Algorithm{cose.EdDSA, cose.MLDSA65} {
		f.sign(alg, m.Publisher[:], signer)
	}
	return f
}

// forged is a package taken apart.
type forged struct {
	encoded, keys, module []byte
	signatures            []cose.Signature
}

func (f *forged) sign(alg cose.Algorithm, kid []byte, signer *identity.Key) {
	body := cose.Sign{Protected: cose.Header{ContentType: spk.ContentType}, Payload: f.encoded}
	h := cose.Header{Alg: alg, KeyID: kid}
	sig := signer.SignMLDSA65(body.TBS(h, nil, nil))
	if alg == cose.EdDSA {
		sig = signer.SignEd25519(body.TBS(h, nil, nil))
	}
	f.signatures = append(f.signatures, cose.Signature{Protected: h, Signature: sig})
}

// file gives the file form.
func (f *forged) file() []byte {
	s := cose.Sign{Protected: cose.Header{ContentType: spk.ContentType}, Payload: f.encoded, Signatures: f.signatures}
	b := cbor.AppendUint(cbor.AppendText(cbor.AppendArray(nil, 5), "spacechain-package"), 1)
	b = cbor.AppendBytes(b, s.Encode())
	return cbor.AppendBytes(cbor.AppendBytes(b, f.keys), f.module)
}

// uplink gives the uplink form with sizes and a compressed body as wanted.
func (f *forged) uplink(manifestSize, moduleSize uint64, body []byte) []byte {
	b := cbor.AppendArray(cbor.AppendUint(cbor.AppendArray(nil, 7), 2), len(f.signatures))
	for _, s := range f.signatures {
		b = cbor.AppendBytes(cbor.AppendInt(cbor.AppendArray(b, 2), int64(s.Protected.Alg)), s.Signature)
	}
	b = cbor.AppendUint(cbor.AppendUint(cbor.AppendBytes(b, f.keys), manifestSize), moduleSize)
	sum := crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli))
	return cbor.AppendUint(cbor.AppendBytes(b, body), uint64(sum))
}

func squeeze(t testing.TB, b []byte, o ...zstd.EOption) []byte {
	w, err := zstd.NewWriter(nil, append(o, zstd.WithEncoderConcurrency(1))...)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(b, nil)
}

// spoil gives the file form of an honest package after a change.
func spoil(change func(*forged)) []byte {
	m := honest()
	m.Publisher = fiend.Public().ID()
	f := forge(m, nothing.Bytes(), fiend)
	change(f)
	return f.file()
}

// badSignatures are packages whose signatures or digests do not hold.
func badSignatures(t testing.TB) []bad {
	other := identity.FromSeed([32]byte{67})
	id, otherID := fiend.Public().ID(), other.Public().ID()
	otherKeys := other.Public()
	resign := func(alg int, kid []byte, key *identity.Key) []byte {
		return spoil(func(f *forged) {
			old := f.signatures
			f.signatures = nil
			f.sign(old[alg].Protected.Alg, kid, key)
			old[alg] = f.signatures[0]
			f.signatures = old
		})
	}
	named := honest()
	named.Publisher = neighbour.Public().ID()
	stolen := forge(named, nothing.Bytes(), fiend)
	theirs := neighbour.Public()
	unknown := signed(t, honest(), nothing.Bytes(), identity.FromSeed([32]byte{99}))
	without, err := unknown.EncodeUplink(spk.UplinkOptions{WithoutKeys: true})
	if err != nil {
		t.Fatal(err)
	}
	return []bad{
		{"no Ed25519 signature", spoil(func(f *forged) { f.signatures = f.signatures[1:] }), "signature-ed25519-missing", "both are required"},
		{"no ML-DSA-65 signature", spoil(func(f *forged) { f.signatures = f.signatures[:1] }), "signature-mldsa65-missing", "both are required"},
		{"no signature at all", spoil(func(f *forged) { f.signatures = nil }), "package-malformed", ""},
		{"Ed25519 of somebody else", resign(0, id[:], other), "signature-ed25519-invalid", "is not publisher"},
		{"ML-DSA-65 of somebody else", resign(1, id[:], other), "signature-mldsa65-invalid", "is not publisher"},
		{"both of somebody else", spoil(func(f *forged) {
			f.signatures = nil
			f.sign(cose.EdDSA, id[:], other)
			f.sign(cose.MLDSA65, id[:], other)
		}), "signature-ed25519-invalid", ""},
		{"signatures swapped", spoil(func(f *forged) {
			f.signatures[0].Signature, f.signatures[1].Signature = f.signatures[1].Signature, f.signatures[0].Signature
		}), "signature-ed25519-invalid", ""},
		{"empty signatures", spoil(func(f *forged) { f.signatures[0].Signature, f.signatures[1].Signature = nil, nil }), "signature-ed25519-invalid", ""},
		{"two Ed25519 signatures", spoil(func(f *forged) { f.signatures = append(f.signatures[:1], f.signatures[0]) }), "signature-unknown", "second"},
		{"a third signature", spoil(func(f *forged) {
			f.signatures = append(f.signatures, f.signatures[0])
			f.signatures[2].Protected.Alg = -7
		}), "signature-unknown", ""},
		{"wrong key id", resign(0, otherID[:], fiend), "publisher-key-mismatch", "key id"},
		{"wrong key id with its key", resign(1, otherID[:], other), "publisher-key-mismatch", "key id"},
		{"somebody else's keys", spoil(func(f *forged) { f.keys = otherKeys.Encode() }), "publisher-key-mismatch", ""},
		{"broken keys", spoil(func(f *forged) { f.keys = f.keys[:100] }), "package-malformed", ""},
		{"no keys", without, "publisher-key-unknown", "send it with keys"},
		{"in somebody's name", stolen.file(), "publisher-key-mismatch", ""},
		{"in somebody's name with his keys", (&forged{stolen.encoded, theirs.Encode(), stolen.module, stolen.signatures}).file(), "signature-ed25519-invalid", ""},
		{"another module", spoil(func(f *forged) { f.module = append(bytes.Clone(f.module), 0, 1, 0) }), "digest-mismatch", ""},
		{"half a module", spoil(func(f *forged) { f.module = f.module[:len(f.module)/2] }), "digest-mismatch", ""},
		{"no module", spoil(func(f *forged) { f.module = nil }), "digest-mismatch", ""},
	}
}

// badForms are bytes that are not a package, or one that would not fit.
func badForms(t testing.TB) []bad {
	good := signed(t, honest(), nothing.Bytes(), fiend)
	file, up := good.Encode(), uplinked(t, good)
	m := honest()
	m.Publisher = fiend.Public().ID()
	f := forge(m, nothing.Bytes(), fiend)
	size, code := uint64(len(f.encoded)), uint64(len(f.module))
	whole := append(bytes.Clone(f.encoded), f.module...)
	zeros := make([]byte, 64<<20)
	fat := &forged{encoded: make([]byte, 10<<20), keys: f.keys, module: f.module, signatures: f.signatures}
	mine := func(name, say string, change func(*manifest.Manifest)) bad {
		m := honest()
		m.Publisher = fiend.Public().ID()
		change(&m)
		return bad{"manifest with " + name, forge(m, nothing.Bytes(), fiend).file(), "package-malformed", say}
	}
	return []bad{
		{"one byte", []byte{0}, "package-malformed", ""},
		{"text", []byte("#!/bin/sh\nrm -rf /\n"), "package-malformed", ""},
		{"zip", append([]byte("PK\x03\x04"), make([]byte, 500)...), "package-malformed", ""},
		{"deep nesting", bytes.Repeat([]byte{0x81}, 100_000), "package-malformed", ""},
		{"an array of 2^60 items", append([]byte{0x9b, 0x10}, make([]byte, 7)...), "package-malformed", ""},
		{"half a file", file[:len(file)/2], "package-malformed", ""},
		{"half an uplink", up[:len(up)/2], "package-malformed", ""},
		{"all but a byte", up[:len(up)-1], "package-malformed", ""},
		{"a byte more", append(bytes.Clone(up), 0), "package-malformed", "after the end"},
		{"two in one", append(bytes.Clone(file), file...), "package-malformed", ""},
		{"zstd bomb", f.uplink(size, code, squeeze(t, zeros)), "package-too-big", ""},
		{"zstd bomb of many frames", f.uplink(size, code, bytes.Repeat(squeeze(t, zeros[:1<<20]), 500)), "package-too-big", ""},
		{"zstd with a window of 512 MiB", f.uplink(size, code, squeeze(t, zeros, zstd.WithWindowSize(512<<20), zstd.WithSingleSegment(false))), "package-too-big", ""},
		{"zstd of less than announced", f.uplink(size, code+1, squeeze(t, whole)), "package-malformed", "announces"},
		{"no zstd", f.uplink(size, code, whole), "package-malformed", ""},
		{"module of 9 MiB", f.uplink(size, 9<<20, squeeze(t, zeros[:9<<20])), "package-too-big", "the limits are"},
		{"module of 2^63", f.uplink(size, 1<<63, squeeze(t, whole)), "package-too-big", ""},
		{"sizes that overflow", f.uplink(1<<63, 1<<63, squeeze(t, whole)), "package-too-big", ""},
		{"manifest of 10 MB packed", f.uplink(10<<20, code, squeeze(t, zeros[:10<<20])), "package-too-big", "manifest"},
		{"manifest of 10 MB", fat.file(), "package-malformed", "limit is 16384"},
		mine("a path for a name", "app", func(m *manifest.Manifest) { m.App = "../../boot" }),
		mine("counter 0", "counter", func(m *manifest.Manifest) { m.Counter = 0 }),
		mine("a schedule of no time", "every", func(m *manifest.Manifest) { m.Triggers[0].Kind = manifest.Schedule }),
		mine("two triggers of one name", "trigger", func(m *manifest.Manifest) { m.Triggers = append(m.Triggers, m.Triggers[0]) }),
		mine("17 triggers", "trigger", func(m *manifest.Manifest) {
			for i := range 16 {
				m.Triggers = append(m.Triggers, manifest.Trigger{Name: fmt.Sprint("t", i), Kind: manifest.EclipseBegin})
			}
		}),
		mine("no memory", "memory", func(m *manifest.Manifest) { m.Limits.MemoryBytes = 0 }),
		mine("gas without end", "gas", func(m *manifest.Manifest) { m.Limits.GasPerActivation = 1 << 63 }),
		mine("a sensor every 0 ms", "sensors", func(m *manifest.Manifest) { sensors(0, "gyro")(m) }),
		mine("a peer that is none", "peer", func(m *manifest.Manifest) { m.Permissions.Peers = []string{"https://example.org"} }),
		mine("control characters", "summary", func(m *manifest.Manifest) { m.Summary = "\x1b[2J\x07" }),
	}
}

// badAsks are packages in order that ask for what the satellite does not give.
func badAsks(t testing.TB) []bad {
	ask := func(name, code, say string, change func(*manifest.Manifest)) bad {
		return bad{name, uplinked(t, signed(t, honest(change), nothing.Bytes(), fiend)), code, say}
	}
	limit := func(name, code string, change func(*manifest.Limits)) bad {
		return ask(name, code, "the most here is", func(m *manifest.Manifest) { change(&m.Limits) })
	}
	return []bad{
		ask("asks for an actuator", "permission-actuator", "no app is ever granted", func(m *manifest.Manifest) { m.Permissions.Actuators = []string{"reaction-wheel"} }),
		ask("asks for power", "permission-actuator", "", func(m *manifest.Manifest) { m.Permissions.Actuators = []string{"power"} }),
		ask("would be the runtime", "permission-role", "first-party", func(m *manifest.Manifest) {
			m.Provides, m.Permissions.Roles = manifest.RuntimeJS, []string{manifest.RoleRuntime}
		}),
		ask("would be the flight software", "permission-role", "", func(m *manifest.Manifest) { m.Permissions.Roles = []string{"flight"} }),
		ask("needs a runtime of its own", "runtime-unknown", "not installed", func(m *manifest.Manifest) { m.Runtime = "lisp@1" }),
		ask("asks for a sensor that is not there", "permission-sensor", "keyboard", func(m *manifest.Manifest) { sensors(time.Second, "keyboard")(m) }),
		ask("asks too often", "permission-sensor-rate", "least interval", func(m *manifest.Manifest) { sensors(time.Millisecond, "gyro")(m) }),
		ask("asks for the ledger", "permission-ledger", "", func(m *manifest.Manifest) { m.Permissions.Ledger = []string{"balances"} }),
		limit("over quota of memory", "quota-memory", func(l *manifest.Limits) { l.MemoryBytes = manifest.MaxMemory }),
		limit("over quota of storage", "quota-storage", func(l *manifest.Limits) { l.StorageBytes = manifest.MaxStorage }),
		limit("over quota of gas", "quota-gas", func(l *manifest.Limits) { l.GasPerActivation = manifest.MaxGas }),
		limit("over quota of messages at once", "quota-messages", func(l *manifest.Limits) { l.MessagesPerActivation = 1 << 16 }),
		limit("over quota of messages an hour", "quota-messages", func(l *manifest.Limits) { l.MessagesPerHour = 1 << 20 }),
		limit("over quota of message bytes", "quota-messages", func(l *manifest.Limits) { l.MessageBytesPerHour = 1 << 30 }),
	}
}

// badModules are packages in order with a module that the gate must not let in.
func badModules(t testing.TB) []bad {
	pack := func(name, say string, code []byte) bad {
		return bad{"module: " + name, uplinked(t, signed(t, honest(), code, fiend)), "module-invalid", say}
	}
	mod := func(name, say string, change func(*asm.Module)) bad {
		m := nothing
		m.Funcs = append([]asm.Func(nil), m.Funcs...)
		change(&m)
		return pack(name, say, m.Bytes())
	}
	imports := func(name, say, from, function, typ string) bad {
		return mod(name, say, func(m *asm.Module) { m.Imports = []asm.Import{{Module: from, Name: function, Type: typ}} })
	}
	body := func(name, say string, raw ...byte) bad {
		return mod(name, say, func(m *asm.Module) { m.Funcs[0].Raw = raw })
	}
	js := func(name, say string, code []byte) bad {
		b := pack(name, say, code)
		b.pkg = uplinked(t, signed(t, honest(func(m *manifest.Manifest) { m.Runtime = manifest.RuntimeJS }), code, fiend))
		return b
	}
	good := nothing.Bytes()
	return []bad{
		pack("no module", "not a WebAssembly module", []byte("MZ\x90\x00")),
		pack("half a module", "", good[:len(good)-3]),
		pack("a component", "", []byte("\x00asm\x0d\x00\x01\x00")),
		mod("start section", "start section", func(m *asm.Module) { m.Sections = []asm.Section{{ID: 8, Payload: []byte{0}}} }),
		mod("nothing to start", "_start", func(m *asm.Module) { m.Funcs[0].Export = "main" }),
		mod("no memory", "memory", func(m *asm.Module) { m.Memory = nil }),
		mod("shared memory", "threads", func(m *asm.Module) {
			m.Memory, m.Sections = nil, []asm.Section{{ID: 5, Payload: []byte{1, 3, 1, 1}}}
		}),
		mod("64-bit memory", "64-bit", func(m *asm.Module) {
			m.Memory, m.Sections = nil, []asm.Section{{ID: 5, Payload: []byte{1, 4, 1}}}
		}),
		mod("two memories", "", func(m *asm.Module) {
			m.Memory, m.Sections = nil, []asm.Section{{ID: 5, Payload: []byte{2, 0, 1, 0, 1}}}
		}),
		mod("imported memory", "only functions", func(m *asm.Module) {
			m.Sections = []asm.Section{{ID: 2, Payload: []byte("\x01\x03env\x06memory\x02\x00\x01")}}
		}),
		mod("exceptions", "exceptions", func(m *asm.Module) { m.Sections = []asm.Section{{ID: 13, Payload: []byte{1, 0, 0}}} }),
		body("SIMD", "", 0xfd, 0x0c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x1a),
		body("atomics", "", 0x41, 0, 0x41, 1, 0x41, 0, 0xfe, 0x00, 2, 0, 0x1a),
		body("tail call", "", 0x12, 0),
		body("types that do not fit", "", 0x41, 1, 0x9a, 0x1a),
		body("an empty stack", "", 0x6a),
		imports("actuator", "platform.set_wheel", "platform", "set_wheel", "i32 > i32"),
		imports("actuator of spc", "spc.actuate", "spc", "actuate", "i32 i32 > i32"),
		imports("the bus", "bus.send", "bus", "send", "i32 i32 > i32"),
		imports("the runtime's bridge", "env.host_call", "env", "host_call", "i32 i32 i32 i32 i32 > i32"),
		imports("the meter's refill", "spc:", "spc:meter", "refill", "i32 i32 > i32"),
		imports("a host call of another type", "has type", "spc", "gas_left", "> i32"),
		imports("the host's files", "", "wasi_unstable", "path_open", "i32 > i32"),
		mod("a name of the meter's", "spc:", func(m *asm.Module) {
			m.Funcs = append(m.Funcs, asm.Func{Type: ">", Export: "spc:gas"})
		}),
		mod("memory of 4 GiB", "", func(m *asm.Module) { m.Memory = []uint32{65536} }),
		mod("40,000 locals", "", func(m *asm.Module) { m.Funcs[0].Locals = "40000*i64" }),
		mod("two million locals in all", "locals in the functions so far", func(m *asm.Module) {
			m.Funcs = append(m.Funcs, slices.Repeat([]asm.Func{{Type: ">", Locals: "4096*i64"}}, 512)...)
		}),
		js("syntax error", "SyntaxError", []byte("let let = (")),
		js("script that is no text", "UTF-8", []byte("\xff\xfe\x00")),
		js("script of 2 MiB", "the limit is", []byte(strings.Repeat("0;", 1<<20))),
		js("script that takes for ever to parse", "", []byte(strings.Repeat("(", 20_000)+"1"+strings.Repeat(")", 20_000))),
	}
}
