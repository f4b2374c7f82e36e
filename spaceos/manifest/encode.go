package manifest

import (
	"time"

	"spacechain/internal/cbor"
	"spacechain/spaceos/intmap"
)

// Encode gives the manifest's one encoding. It does not check the manifest; see
// Validate.
func (m *Manifest) Encode() []byte {
	var w intmap.Map
	w.Uint(1, Format)
	w.Text(2, m.App)
	w.Text(3, string(m.Version))
	w.Bytes(4, m.Publisher[:])
	w.Uint(5, m.Counter)
	w.Bytes(6, m.Module.Digest[:])
	w.Uint(7, m.Module.Size)
	w.Text(8, m.Runtime)
	w.Uint(9, m.Limits.MemoryBytes)
	w.Uint(10, m.Limits.StorageBytes)
	w.Uint(11, m.Limits.GasPerActivation)
	w.Uint(12, m.Limits.MessagesPerActivation)
	w.Uint(13, m.Limits.MessagesPerHour)
	w.Uint(14, m.Limits.MessageBytesPerHour)
	w.Raw(15, encodeTriggers(m.Triggers))
	w.Raw(16, m.Permissions.encode())
	w.Text(17, m.Provides)
	w.Text(18, m.Summary)
	return w.Append(nil)
}

func encodeTriggers(ts []Trigger) []byte {
	if len(ts) == 0 {
		return nil
	}
	out := cbor.AppendArray(nil, len(ts))
	for _, t := range ts {
		var w intmap.Map
		w.Text(1, t.Name)
		w.Uint(2, uint64(t.Kind))
		w.Bool(3, t.Optional)
		w.Uint(4, uint64(t.Every/time.Second))
		w.Uint(5, uint64(t.Phase/time.Second))
		w.Int(6, int64(t.Circle.LatMicroDeg))
		w.Int(7, int64(t.Circle.LonMicroDeg))
		w.Uint(8, uint64(t.Circle.RadiusM))
		w.Text(9, t.Station)
		out = w.Append(out)
	}
	return out
}

func (p *Permissions) encode() []byte {
	var w intmap.Map
	var sensors []byte
	if len(p.Sensors) > 0 {
		sensors = cbor.AppendArray(nil, len(p.Sensors))
		for _, s := range p.Sensors {
			sensors = cbor.AppendText(cbor.AppendArray(sensors, 2), s.Name)
			sensors = cbor.AppendUint(sensors, uint64(s.Interval/time.Millisecond))
		}
	}
	w.Raw(1, sensors)
	w.Raw(2, encodeTexts(p.Peers))
	w.Raw(3, encodeTexts(p.Ledger))
	w.Raw(4, encodeTexts(p.Roles))
	w.Raw(5, encodeTexts(p.Actuators))
	if b := w.Append(nil); len(b) > 1 {
		return b
	}
	return nil
}

func encodeTexts(ss []string) []byte {
	if len(ss) == 0 {
		return nil
	}
	out := cbor.AppendArray(nil, len(ss))
	for _, s := range ss {
		out = cbor.AppendText(out, s)
	}
	return out
}
