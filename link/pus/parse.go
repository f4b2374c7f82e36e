package pus

import "fmt"

// Sample is a housekeeping or diagnostic report as it came; ReadReport takes it apart.
type Sample struct {
	ID         uint64
	Diagnostic bool
	Data       []byte // whole message data
}

// MonitorReport is a TM[12,9].
type MonitorReport struct {
	Delay    uint64 // at most between a transition and its report, in units
	Monitors []Monitor
}

// MonitorStatus is a line of a TM[12,14].
type MonitorStatus struct {
	ID     uint64
	Status CheckStatus
}

// StoreContent is a TM[15,6].
type StoreContent struct {
	ID   uint64
	What []StoreSelection
}

// Alive is a TM[17,2].
type Alive struct{}

// Connection is a TM[17,4].
type Connection struct{ APID uint16 }

// DisabledEvents is a TM[5,8].
type DisabledEvents []uint64

// Parse reads the data of a report. It gives
//
//	[1,x]               *Verification
//	[3,10] [3,12]       *Structure           [3,25] [3,26]  *Sample
//	[3,35] [3,36]       []Structure with ID, Periodic and Interval
//	[5,1] to [5,4]      *Event               [5,8]          DisabledEvents
//	[6,4] [6,6] [6,8] [6,10]  *MemoryAreas
//	[11,10] []Activity  [11,13] []ScheduleLine  [11,19] [11,27] []ScheduleStatus
//	[12,9] *MonitorReport  [12,11] [12,12] []Transition  [12,14] []MonitorStatus
//	[13,1] to [13,3]    *Part                [13,16]        *Abort
//	[15,6] *StoreContent  [15,13] []StoreSummary  [15,19] []StoreStatus  [15,23] []PacketStore
//	[17,2] Alive        [17,4] Connection
//	[19,7] [19,11]      []EventAction
//	[20,2]              []Setting
//
// Time reports have packets of their own: DecodeTimeReport.
func (p *Profile) Parse(m TM) (any, error) {
	r := &reader{p: p, b: m.Data}
	v := p.parse(r, m)
	if v == nil && r.err == nil {
		return nil, fmt.Errorf("%w: no report %s", ErrData, m.Message)
	}
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("report %s: %w", m.Message, err)
	}
	return v, nil
}

func (p *Profile) parse(r *reader, m TM) any {
	switch m.Service {
	case 1:
		if m.Subtype >= 1 && m.Subtype <= 8 || m.Subtype == subRoutingFailed {
			return readVerification(r, m.Subtype)
		}
	case 3:
		return p.parseHousekeeping(r, m)
	case 5:
		switch {
		case m.Subtype >= 1 && m.Subtype <= 4:
			e := &Event{Severity: Severity(m.Subtype), ID: r.uint(p.Widths.Event)}
			e.Data = r.octets(len(r.b))
			return e
		case m.Subtype == 8:
			return DisabledEvents(readList(r, func() uint64 { return r.uint(p.Widths.Event) }))
		}
	case 6:
		switch m.Subtype {
		case 4, 6:
			return readFull(r, m.Subtype == 4)
		case 8, 10:
			return readSums(r, m.Subtype == 8)
		}
	case 11:
		return p.parseSchedule(r, m)
	case 12:
		switch m.Subtype {
		case 9:
			return &MonitorReport{r.uint(p.Widths.Interval), readMonitors(r, true)}
		case 11, 12:
			return readTransitions(r)
		case 14:
			return readList(r, func() MonitorStatus { return MonitorStatus{r.uint(p.Widths.Monitor), CheckStatus(r.octet())} })
		}
	case 13:
		switch m.Subtype {
		case 1, 2, 3:
			v := readPart(r)
			return &v
		case 16:
			return &Abort{r.uint(p.Widths.Transfer), AbortReason(r.octet())}
		}
	case 15:
		return p.parseStorage(r, m)
	case 17:
		switch m.Subtype {
		case 2:
			return Alive{}
		case 4:
			return Connection{uint16(r.uint(2))}
		}
	case 19:
		switch m.Subtype {
		case 7:
			return readList(r, func() EventAction {
				k := r.eventKey()
				return EventAction{APID: k.apid, Event: k.event, Enabled: r.bool()}
			})
		case 11:
			return readEventActions(r)
		}
	case 20:
		if m.Subtype == 2 {
			return readSettings(r)
		}
	}
	return nil
}

func (p *Profile) parseHousekeeping(r *reader, m TM) any {
	switch m.Subtype {
	case 10, 12:
		return readStructure(r)
	case 25, 26:
		s := &Sample{Diagnostic: m.Subtype == 26, Data: r.b}
		s.ID = r.uint(p.Widths.Structure)
		r.octets(len(r.b))
		return s
	case 35, 36:
		return readList(r, func() Structure {
			return Structure{ID: r.uint(p.Widths.Structure), Periodic: r.bool(), Interval: r.uint(p.Widths.Interval)}
		})
	}
	return nil
}

func (p *Profile) parseSchedule(r *reader, m TM) any {
	sub, group := p.Widths.SubSched, p.Widths.Group
	switch m.Subtype {
	case 10:
		return readList(r, func() Activity { return Activity{r.uint(sub), r.uint(group), r.time(), r.request()} })
	case 13:
		return readList(r, func() ScheduleLine { return ScheduleLine{r.uint(sub), r.uint(group), r.time(), r.scheduleID()} })
	case 19:
		return readList(r, func() ScheduleStatus { return ScheduleStatus{r.uint(sub), r.bool()} })
	case 27:
		return readList(r, func() ScheduleStatus { return ScheduleStatus{r.uint(group), r.bool()} })
	}
	return nil
}

func (p *Profile) parseStorage(r *reader, m TM) any {
	switch m.Subtype {
	case 6:
		c := &StoreContent{}
		c.ID, c.What = readSelection(r)
		return c
	case 13:
		return readList(r, r.storeSummary)
	case 19:
		return readList(r, func() StoreStatus { return StoreStatus{r.uint(p.Widths.Store), r.bool(), r.bool(), r.bool()} })
	case 23:
		return readList(r, r.packetStore)
	}
	return nil
}
