package system

import (
	"fmt"
	"time"

	"spacechain/internal/cbor"
	"spacechain/spaceos/command"
	"spacechain/spaceos/intmap"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/receipt"
)

// record is what is durable about a tenant beside its manifest and data.
type record struct {
	number     uint64 // also the tenant's service number
	owner      command.Owner
	instance   string
	replyTo    string
	lease      receipt.LeaseID
	leaseUntil time.Time
	pkg        [32]byte
	installed  time.Time

	stopped  bool
	reason   string
	failRow  uint64    // failures in a row
	waitTill time.Time // backing off until then

	installDue  bool // the install trigger has not run yet
	activations uint64
	failures    uint64
	gas         uint64
	stored      uint64
	last        time.Time
	ownerSeq    uint64 // messages sent to the owner
	hour        int64  // the UTC hour that the three counters are of
	hourCount   uint64
	hourBytes   uint64
	hourResults uint64 // bytes of results
	logFirst    uint64 // activation whose log is the oldest kept
	nextWake    uint64 // number of the next wake
	wakes       []wake
	subscribed  []string
	sensorLast  []time.Time // by index in the manifest's sensors
}

// wake is an activation that an earlier one asked for.
type wake struct {
	number uint64
	label  string
	at     time.Time       // zero for a region
	circle manifest.Circle // for a region
	next   timer           // not durable
}

func (r *record) encode() []byte {
	var w intmap.Map
	w.Uint(1, r.number)
	w.Bytes(2, r.owner[:])
	w.Text(3, r.instance)
	w.Text(4, r.replyTo)
	w.Bytes(5, r.lease[:])
	w.Time(6, r.leaseUntil)
	w.Bytes(7, r.pkg[:])
	w.Time(8, r.installed)
	w.Bool(9, r.stopped)
	w.Text(10, r.reason)
	w.Uint(11, r.failRow)
	w.Time(12, r.waitTill)
	w.Bool(13, r.installDue)
	w.Uint(14, r.activations)
	w.Uint(15, r.failures)
	w.Uint(16, r.gas)
	w.Uint(17, r.stored)
	w.Time(18, r.last)
	w.Uint(19, r.ownerSeq)
	w.Int(20, r.hour)
	w.Uint(21, r.hourCount)
	w.Uint(22, r.hourBytes)
	w.Uint(23, r.logFirst)
	w.Uint(24, r.nextWake)
	if len(r.wakes) > 0 {
		b := cbor.AppendArray(nil, len(r.wakes))
		for _, k := range r.wakes {
			var m intmap.Map
			m.Uint(1, k.number)
			m.Text(2, k.label)
			m.Time(3, k.at)
			m.Int(4, int64(k.circle.LatMicroDeg))
			m.Int(5, int64(k.circle.LonMicroDeg))
			m.Uint(6, uint64(k.circle.RadiusM))
			b = m.Append(b)
		}
		w.Raw(25, b)
	}
	if len(r.subscribed) > 0 {
		b := cbor.AppendArray(nil, len(r.subscribed))
		for _, s := range r.subscribed {
			b = cbor.AppendText(b, s)
		}
		w.Raw(26, b)
	}
	if len(r.sensorLast) > 0 {
		b := cbor.AppendArray(nil, len(r.sensorLast))
		for _, t := range r.sensorLast {
			ms := int64(0)
			if !t.IsZero() {
				ms = t.UnixMilli()
			}
			b = cbor.AppendInt(b, ms)
		}
		w.Raw(27, b)
	}
	w.Uint(28, r.hourResults)
	return w.Append(make([]byte, 0, 400))
}

func decodeRecord(b []byte) (record, error) {
	var r record
	d := cbor.NewDecoder(b)
	err := intmap.Each(d, func(k uint64) error { return r.decodeField(d, k) })
	if err == nil {
		err = d.Done()
	}
	if err != nil {
		return r, fmt.Errorf("tenant record: %w", err)
	}
	return r, nil
}

func (r *record) decodeField(d *cbor.Decoder, k uint64) (err error) {
	switch k {
	case 1:
		r.number, err = d.Uint()
	case 2:
		err = intmap.Fixed(d, r.owner[:])
	case 3:
		r.instance, err = d.Text()
	case 4:
		r.replyTo, err = d.Text()
	case 5:
		err = intmap.Fixed(d, r.lease[:])
	case 6:
		r.leaseUntil, err = intmap.Time(d)
	case 7:
		err = intmap.Fixed(d, r.pkg[:])
	case 8:
		r.installed, err = intmap.Time(d)
	case 9:
		r.stopped, err = d.Bool()
	case 10:
		r.reason, err = d.Text()
	case 11:
		r.failRow, err = d.Uint()
	case 12:
		r.waitTill, err = intmap.Time(d)
	case 13:
		r.installDue, err = d.Bool()
	case 14:
		r.activations, err = d.Uint()
	case 15:
		r.failures, err = d.Uint()
	case 16:
		r.gas, err = d.Uint()
	case 17:
		r.stored, err = d.Uint()
	case 18:
		r.last, err = intmap.Time(d)
	case 19:
		r.ownerSeq, err = d.Uint()
	case 20:
		r.hour, err = d.Int()
	case 21:
		r.hourCount, err = d.Uint()
	case 22:
		r.hourBytes, err = d.Uint()
	case 23:
		r.logFirst, err = d.Uint()
	case 24:
		r.nextWake, err = d.Uint()
	case 25:
		err = each(d, func() error {
			var w wake
			defer func() { r.wakes = append(r.wakes, w) }()
			return intmap.Each(d, func(k uint64) error { return w.decodeField(d, k) })
		})
	case 26:
		err = each(d, func() error {
			s, err := d.Text()
			r.subscribed = append(r.subscribed, s)
			return err
		})
	case 27:
		err = each(d, func() error {
			ms, err := d.Int()
			var t time.Time
			if ms != 0 {
				t = time.UnixMilli(ms).UTC()
			}
			r.sensorLast = append(r.sensorLast, t)
			return err
		})
	case 28:
		r.hourResults, err = d.Uint()
	default:
		return intmap.Unknown(d, k)
	}
	return err
}

func (w *wake) decodeField(d *cbor.Decoder, k uint64) (err error) {
	var i int64
	var u uint64
	switch k {
	case 1:
		w.number, err = d.Uint()
	case 2:
		w.label, err = d.Text()
	case 3:
		w.at, err = intmap.Time(d)
	case 4:
		i, err = d.Int()
		w.circle.LatMicroDeg = int32(i)
	case 5:
		i, err = d.Int()
		w.circle.LonMicroDeg = int32(i)
	case 6:
		u, err = d.Uint()
		w.circle.RadiusM = uint32(u)
	default:
		return intmap.Unknown(d, k)
	}
	return err
}

// each reads an array of definite length.
func each(d *cbor.Decoder, item func() error) error {
	n, err := d.Array()
	for i := 0; i < n && err == nil; i++ {
		err = item()
	}
	return err
}
