package ttc

import (
	"time"

	"spacechain/link/frame"
	"spacechain/link/frame/cop1"
	"spacechain/link/pus"
	"spacechain/platform/ttc/mission"
)

// Sizes of the packet stores, octets.
const (
	eventStore        = 96 << 10
	housekeepingStore = 384 << 10
)

// timeRate makes a time report every sixteenth frame (service 9).
const timeRate = 4

// serve starts the PUS server: from a state, or with what every satellite has defined.
func (t *TTC) serve(now time.Time) error {
	o := pus.Options{APID: t.link.APID, Profile: *t.link.Profile(), Parameters: parameters{t}, Functions: functions{t}}
	var err error
	if t.server, err = pus.NewServer(o); err != nil {
		return err
	}
	if t.c.State != nil {
		return t.restore(now, t.c.State)
	}
	p := t.server.Profile()
	hk := mission.Housekeeping()
	hk.Interval = uint64(min(max(t.c.Housekeeping/time.Second, 1), 1<<16-1))
	own := func(services ...pus.ServiceSelection) pus.StoreSelection {
		return pus.StoreSelection{APID: t.link.APID, Services: services}
	}
	for _, q := range []pus.Request{
		p.CreateStructure(hk, false),
		p.SetPeriodic(true, false, mission.HousekeepingID),
		p.CreateStores(
			pus.PacketStore{ID: mission.StoreEvents, Size: eventStore, Channel: mission.VCStored},
			pus.PacketStore{ID: mission.StoreHousekeeping, Size: housekeepingStore, Channel: mission.VCStored}),
		p.SelectReports(true, mission.StoreEvents, own(pus.ServiceSelection{Service: 1}, pus.ServiceSelection{Service: 5})),
		p.SelectReports(true, mission.StoreHousekeeping, own(pus.ServiceSelection{Service: 3}, pus.ServiceSelection{Service: 12})),
		p.EnableStores(true, mission.StoreEvents, mission.StoreHousekeeping),
		p.EnableSchedule(true), p.EnableMonitoring(true), p.EnableEventAction(true),
		p.SetTimeRate(timeRate),
	} {
		if err := t.execute(q); err != nil {
			return err
		}
	}
	return nil
}

// execute carries out a request of the satellite's own, without acknowledgement.
func (t *TTC) execute(q pus.Request) error {
	if q.Err != nil {
		return q.Err
	}
	pkt, err := t.server.Profile().AppendTC(nil, pus.TC{APID: t.link.APID, Message: q.Message, Data: q.Data})
	if err != nil {
		return err
	}
	return t.server.Execute(t.now, pkt)
}

// report sends a housekeeping report now.
func (t *TTC) report() {
	_ = t.execute(t.server.Profile().OneShot(false, mission.HousekeepingID)) // a station may have deleted it
}

// unlock lifts a lockout without being told to.
func (t *TTC) unlock() {
	for vc, f := range t.farms {
		if f.State() != cop1.Locked {
			continue
		}
		f.Frame(&frame.TCFrame{Bypass: true, Control: true, VC: uint8(vc), Data: frame.Command{}.Append(nil)}, true)
		t.server.Raise(t.now, pus.Event{Severity: pus.Informative, ID: mission.EventUnlocked, Data: []byte{uint8(vc)}})
	}
}

// functions are what service 8 starts.
type functions struct{ t *TTC }

// Perform implements pus.Functions.
func (f functions) Perform(now time.Time, id uint64, args []byte) error {
	t := f.t
	if id >= mission.FunctionUser {
		if t.c.Functions == nil {
			return pus.Failure{Code: pus.CodeUnknown}
		}
		return t.c.Functions.Perform(now, id, args)
	}
	if len(args) > 0 {
		return pus.Failure{Code: pus.CodeData}
	}
	switch id {
	case mission.FunctionBeacon:
		t.askBeacon = true
		t.planBeacon()
	case mission.FunctionHangUp:
		t.hangUp()
	case mission.FunctionReport:
		t.report()
	case mission.FunctionCounters:
		t.counters = Counters{}
		s := &t.endpoint.Stats
		s.BadMAC, s.BadSN, s.BadSA, s.Broken = 0, 0, 0, 0
		t.server.Stats = pus.Stats{}
	default:
		return pus.Failure{Code: pus.CodeUnknown}
	}
	return nil
}
