package pus

import "time"

// Request is what a telecommand asks for: a message type and its data. The methods of
// Profile that follow make one for each request of the services here; those that can
// be refused by the widths of fields fail when the telecommand is built.
type Request struct {
	Message
	Data []byte
	Err  error
}

func (p *Profile) request(service, subtype uint8, write func(w *writer)) Request {
	w := &writer{p: p}
	if write != nil {
		write(w)
	}
	return Request{Message{service, subtype}, w.b, w.err}
}

func (p *Profile) ids(service, subtype uint8, width int, list []uint64) Request {
	return p.request(service, subtype, func(w *writer) { writeList(w, list, func(v uint64) { w.uint(v, width) }) })
}

// twin is the subtype for housekeeping or its diagnostic twin.
func twin(diagnostic bool, housekeeping, other uint8) uint8 {
	if diagnostic {
		return other
	}
	return housekeeping
}

func flag(on bool, yes, no uint8) uint8 {
	if on {
		return yes
	}
	return no
}

// CreateStructure is TC[3,1] and TC[3,2].
func (p *Profile) CreateStructure(g Structure, diagnostic bool) Request {
	return p.request(3, twin(diagnostic, 1, 2), func(w *writer) {
		w.uint(g.ID, w.p.Widths.Structure)
		w.uint(g.Interval, w.p.Widths.Interval)
		g.writeContent(w)
	})
}

// DeleteStructures is TC[3,3] and TC[3,4].
func (p *Profile) DeleteStructures(diagnostic bool, ids ...uint64) Request {
	return p.ids(3, twin(diagnostic, 3, 4), p.Widths.Structure, ids)
}

// SetPeriodic is TC[3,5] to TC[3,8].
func (p *Profile) SetPeriodic(on, diagnostic bool, ids ...uint64) Request {
	return p.ids(3, flag(on, twin(diagnostic, 5, 7), twin(diagnostic, 6, 8)), p.Widths.Structure, ids)
}

// ReportStructures is TC[3,9] and TC[3,11].
func (p *Profile) ReportStructures(diagnostic bool, ids ...uint64) Request {
	return p.ids(3, twin(diagnostic, 9, 11), p.Widths.Structure, ids)
}

// OneShot is TC[3,27] and TC[3,28].
func (p *Profile) OneShot(diagnostic bool, ids ...uint64) Request {
	return p.ids(3, twin(diagnostic, 27, 28), p.Widths.Structure, ids)
}

// AppendToStructure is TC[3,29] and TC[3,30]: the parameters and groups of g join those
// of the structure of its ID.
func (p *Profile) AppendToStructure(g Structure, diagnostic bool) Request {
	return p.request(3, twin(diagnostic, 29, 30), func(w *writer) {
		w.uint(g.ID, w.p.Widths.Structure)
		g.writeContent(w)
	})
}

// SetInterval is TC[3,31] and TC[3,32].
func (p *Profile) SetInterval(diagnostic bool, id, interval uint64) Request {
	return p.request(3, twin(diagnostic, 31, 32), func(w *writer) {
		writeList(w, []uint64{id}, func(id uint64) {
			w.uint(id, w.p.Widths.Structure)
			w.uint(interval, w.p.Widths.Interval)
		})
	})
}

// ReportProperties is TC[3,33] and TC[3,34].
func (p *Profile) ReportProperties(diagnostic bool, ids ...uint64) Request {
	return p.ids(3, twin(diagnostic, 33, 34), p.Widths.Structure, ids)
}

// EnableEvents is TC[5,5] and TC[5,6].
func (p *Profile) EnableEvents(on bool, ids ...uint64) Request {
	return p.ids(5, flag(on, 5, 6), p.Widths.Event, ids)
}

// ReportDisabledEvents is TC[5,7].
func (p *Profile) ReportDisabledEvents() Request { return p.request(5, 7, nil) }

// LoadMemory is TC[6,1] for objects and TC[6,2] for raw memory.
func (p *Profile) LoadMemory(m MemoryAreas) Request {
	return p.request(6, flag(m.Object, 1, 2), m.writeFull)
}

// DumpMemory is TC[6,3] and TC[6,5].
func (p *Profile) DumpMemory(m MemoryAreas) Request {
	return p.request(6, flag(m.Object, 3, 5), m.writeBare)
}

// CheckMemory is TC[6,7] and TC[6,9].
func (p *Profile) CheckMemory(m MemoryAreas) Request {
	return p.request(6, flag(m.Object, 7, 9), m.writeBare)
}

// PerformFunction is TC[8,1].
func (p *Profile) PerformFunction(id uint64, args []byte) Request {
	return p.request(8, 1, func(w *writer) {
		w.uint(id, w.p.Widths.Function)
		w.octets(args)
	})
}

// SetTimeRate is TC[9,1]: a time report every 2^exponent frames.
func (p *Profile) SetTimeRate(exponent uint8) Request {
	return p.request(9, 1, func(w *writer) { w.octet(exponent) })
}

// EnableSchedule is TC[11,1] and TC[11,2], ResetSchedule TC[11,3].
func (p *Profile) EnableSchedule(on bool) Request { return p.request(11, flag(on, 1, 2), nil) }

// ResetSchedule is TC[11,3].
func (p *Profile) ResetSchedule() Request { return p.request(11, 3, nil) }

// InsertActivities is TC[11,4]; all activities are of one sub-schedule.
func (p *Profile) InsertActivities(list ...Activity) Request {
	return p.request(11, 4, func(w *writer) { writeActivities(w, list) })
}

// ScheduleAct is what is to be done with activities.
type ScheduleAct uint8

// Acts on activities.
const (
	ActDelete ScheduleAct = iota
	ActDetail
	ActSummary
)

// OnActivities is TC[11,5], TC[11,9] and TC[11,12].
func (p *Profile) OnActivities(act ScheduleAct, ids ...ScheduleID) Request {
	return p.request(11, [...]uint8{5, 9, 12}[act%3], func(w *writer) { writeList(w, ids, w.scheduleID) })
}

// OnFiltered is TC[11,6], TC[11,11] and TC[11,14].
func (p *Profile) OnFiltered(act ScheduleAct, f Filter) Request {
	return p.request(11, [...]uint8{6, 11, 14}[act%3], f.write)
}

// ReportSchedule is TC[11,16] in detail, TC[11,17] as a summary.
func (p *Profile) ReportSchedule(detail bool) Request {
	return p.request(11, flag(detail, 16, 17), nil)
}

// ShiftActivities is TC[11,7]; without ids TC[11,15], of all.
func (p *Profile) ShiftActivities(by time.Duration, ids ...ScheduleID) Request {
	if len(ids) == 0 {
		return p.request(11, 15, func(w *writer) { w.relative(by) })
	}
	return p.request(11, 7, func(w *writer) {
		w.relative(by)
		writeList(w, ids, w.scheduleID)
	})
}

// ShiftFiltered is TC[11,8].
func (p *Profile) ShiftFiltered(by time.Duration, f Filter) Request {
	return p.request(11, 8, func(w *writer) {
		w.relative(by)
		f.write(w)
	})
}

// EnableSubSchedules is TC[11,20] and TC[11,21]; without ids all.
func (p *Profile) EnableSubSchedules(on bool, ids ...uint64) Request {
	return p.ids(11, flag(on, 20, 21), p.Widths.SubSched, ids)
}

// ReportSubSchedules is TC[11,18], ReportGroups TC[11,26].
func (p *Profile) ReportSubSchedules() Request { return p.request(11, 18, nil) }

// ReportGroups is TC[11,26].
func (p *Profile) ReportGroups() Request { return p.request(11, 26, nil) }

// CreateGroups is TC[11,22].
func (p *Profile) CreateGroups(list ...ScheduleStatus) Request {
	return p.request(11, 22, func(w *writer) {
		writeList(w, list, func(v ScheduleStatus) {
			w.uint(v.ID, w.p.Widths.Group)
			w.bool(v.Enabled)
		})
	})
}

// DeleteGroups is TC[11,23]; without ids all.
func (p *Profile) DeleteGroups(ids ...uint64) Request {
	return p.ids(11, 23, p.Widths.Group, ids)
}

// EnableGroups is TC[11,24] and TC[11,25]; without ids all.
func (p *Profile) EnableGroups(on bool, ids ...uint64) Request {
	return p.ids(11, flag(on, 24, 25), p.Widths.Group, ids)
}

// EnableMonitors is TC[12,1] and TC[12,2].
func (p *Profile) EnableMonitors(on bool, ids ...uint64) Request {
	return p.ids(12, flag(on, 1, 2), p.Widths.Monitor, ids)
}

// SetTransitionDelay is TC[12,3].
func (p *Profile) SetTransitionDelay(units uint64) Request {
	return p.request(12, 3, func(w *writer) { w.uint(units, w.p.Widths.Interval) })
}

// DeleteAllMonitors is TC[12,4].
func (p *Profile) DeleteAllMonitors() Request { return p.request(12, 4, nil) }

// AddMonitors is TC[12,5].
func (p *Profile) AddMonitors(list ...Monitor) Request {
	return p.request(12, 5, func(w *writer) { writeMonitors(w, list, false) })
}

// DeleteMonitors is TC[12,6].
func (p *Profile) DeleteMonitors(ids ...uint64) Request {
	return p.ids(12, 6, p.Widths.Monitor, ids)
}

// ChangeMonitors is TC[12,7]; validity and interval stay as they are.
func (p *Profile) ChangeMonitors(list ...Monitor) Request {
	return p.request(12, 7, func(w *writer) { writeChanges(w, list) })
}

// ReportMonitors is TC[12,8]; without ids all.
func (p *Profile) ReportMonitors(ids ...uint64) Request {
	return p.ids(12, 8, p.Widths.Monitor, ids)
}

// ReportOutOfLimits is TC[12,10], ReportMonitorStatus TC[12,13].
func (p *Profile) ReportOutOfLimits() Request { return p.request(12, 10, nil) }

// ReportMonitorStatus is TC[12,13].
func (p *Profile) ReportMonitorStatus() Request { return p.request(12, 13, nil) }

// EnableMonitoring is TC[12,15] and TC[12,16].
func (p *Profile) EnableMonitoring(on bool) Request { return p.request(12, flag(on, 15, 16), nil) }

// UplinkParts cuts a large packet into TC[13,9], TC[13,10] and TC[13,11] with at most
// room octets each.
func (p *Profile) UplinkParts(transfer uint64, pkt []byte, room int) []Request {
	var out []Request
	room = max(room, 1)
	n := max(2, (len(pkt)+room-1)/room) // a first and a last part at least
	size := (len(pkt) + n - 1) / n
	for i := range n {
		sub := uint8(10)
		switch i {
		case 0:
			sub = 9
		case n - 1:
			sub = 11
		}
		lo, hi := min(i*size, len(pkt)), min((i+1)*size, len(pkt))
		out = append(out, p.request(13, sub, Part{transfer, uint64(i + 1), pkt[lo:hi]}.write))
	}
	return out
}

// EnableStores is TC[15,1] and TC[15,2]; without ids all, as in the requests that follow.
func (p *Profile) EnableStores(on bool, ids ...uint64) Request {
	return p.ids(15, flag(on, 1, 2), p.Widths.Store, ids)
}

// SelectReports is TC[15,3], or TC[15,4] to take away.
func (p *Profile) SelectReports(add bool, id uint64, what ...StoreSelection) Request {
	return p.request(15, flag(add, 3, 4), func(w *writer) { writeSelection(w, id, what) })
}

// ReportSelection is TC[15,5].
func (p *Profile) ReportSelection(id uint64) Request {
	return p.request(15, 5, func(w *writer) { w.uint(id, w.p.Widths.Store) })
}

// RetrieveRange is TC[15,9].
func (p *Profile) RetrieveRange(list ...StoreRange) Request {
	return p.request(15, 9, func(w *writer) {
		writeList(w, list, func(v StoreRange) {
			w.uint(v.ID, w.p.Widths.Store)
			w.time(v.From)
			w.time(v.To)
		})
	})
}

// DeleteContent is TC[15,11]: packets up to a time.
func (p *Profile) DeleteContent(upTo time.Time, ids ...uint64) Request {
	return p.request(15, 11, func(w *writer) {
		w.time(upTo)
		writeList(w, ids, func(v uint64) { w.uint(v, w.p.Widths.Store) })
	})
}

// SummarizeStores is TC[15,12].
func (p *Profile) SummarizeStores(ids ...uint64) Request {
	return p.ids(15, 12, p.Widths.Store, ids)
}

// SetOpenStart is TC[15,14].
func (p *Profile) SetOpenStart(at time.Time, ids ...uint64) Request {
	r := p.DeleteContent(at, ids...)
	r.Subtype = 14
	return r
}

// OpenRetrieval is TC[15,15] to resume, TC[15,16] to suspend.
func (p *Profile) OpenRetrieval(on bool, ids ...uint64) Request {
	return p.ids(15, flag(on, 15, 16), p.Widths.Store, ids)
}

// AbortRetrieval is TC[15,17].
func (p *Profile) AbortRetrieval(ids ...uint64) Request {
	return p.ids(15, 17, p.Widths.Store, ids)
}

// ReportStoreStatus is TC[15,18], ReportStores TC[15,22].
func (p *Profile) ReportStoreStatus() Request { return p.request(15, 18, nil) }

// ReportStores is TC[15,22].
func (p *Profile) ReportStores() Request { return p.request(15, 22, nil) }

// CreateStores is TC[15,20].
func (p *Profile) CreateStores(list ...PacketStore) Request {
	return p.request(15, 20, func(w *writer) { writeList(w, list, w.packetStore) })
}

// DeleteStores is TC[15,21].
func (p *Profile) DeleteStores(ids ...uint64) Request {
	return p.ids(15, 21, p.Widths.Store, ids)
}

// ResizeStore is TC[15,25].
func (p *Profile) ResizeStore(id, size uint64) Request {
	return p.request(15, 25, func(w *writer) {
		writeList(w, []uint64{id}, func(id uint64) {
			w.uint(id, w.p.Widths.Store)
			w.uint(size, w.p.Widths.StoreSize)
		})
	})
}

// SetStoreType is TC[15,26] and TC[15,27].
func (p *Profile) SetStoreType(id uint64, t StoreType) Request {
	return p.request(15, flag(t == Circular, 26, 27), func(w *writer) { w.uint(id, w.p.Widths.Store) })
}

// SetStoreChannel is TC[15,28].
func (p *Profile) SetStoreChannel(id uint64, channel uint8) Request {
	return p.request(15, 28, func(w *writer) {
		w.uint(id, w.p.Widths.Store)
		w.octet(channel)
	})
}

// AreYouAlive is TC[17,1].
func (p *Profile) AreYouAlive() Request { return p.request(17, 1, nil) }

// TestConnection is TC[17,3].
func (p *Profile) TestConnection(apid uint16) Request {
	return p.request(17, 3, func(w *writer) { w.uint(uint64(apid), 2) })
}

// AddEventActions is TC[19,1].
func (p *Profile) AddEventActions(list ...EventAction) Request {
	return p.request(19, 1, func(w *writer) { writeEventActions(w, list) })
}

// OnEventActions is TC[19,2] to delete, TC[19,4] to enable, TC[19,5] to disable and
// TC[19,10] to report the definitions for these events; but for deletion, none means
// all. Only APID and Event of the definitions are looked at.
func (p *Profile) OnEventActions(subtype uint8, list ...EventAction) Request {
	return p.request(19, subtype, func(w *writer) { writeList(w, list, w.eventKey) })
}

// DeleteAllEventActions is TC[19,3].
func (p *Profile) DeleteAllEventActions() Request { return p.request(19, 3, nil) }

// ReportEventActions is TC[19,6].
func (p *Profile) ReportEventActions() Request { return p.request(19, 6, nil) }

// EnableEventAction is TC[19,8] and TC[19,9]: the function as a whole.
func (p *Profile) EnableEventAction(on bool) Request { return p.request(19, flag(on, 8, 9), nil) }

// ReportParameters is TC[20,1].
func (p *Profile) ReportParameters(ids ...uint64) Request {
	return p.ids(20, 1, p.Widths.Parameter, ids)
}

// SetParameters is TC[20,3].
func (p *Profile) SetParameters(list ...Setting) Request {
	return p.request(20, 3, func(w *writer) { writeSettings(w, list) })
}
