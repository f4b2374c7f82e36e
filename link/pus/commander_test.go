package pus

import "testing"

// TestCommanderForgetsWhatIsDone: commands that are done make room for new ones before those
// that are awaited, failures of one are bounded, and counting begins where it is told to.
func TestCommanderForgetsWhatIsDone(t *testing.T) {
	p := NewProfile(Profile{})
	c := &Commander{Profile: p, APID: 5, Keep: 3, First: 0x3fff}
	var ids []RequestID
	send := func() {
		_, id, err := c.Telecommand(p.AreYouAlive())
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	for range 3 {
		send()
	}
	if ids[0].Sequence&0x3fff != 0x3fff || ids[1].Sequence&0x3fff != 0 {
		t.Errorf("counts %#x, %#x", ids[0].Sequence, ids[1].Sequence)
	}
	c.follow(&Verification{Request: ids[1], Stage: StageCompletion})
	for range 300 {
		c.follow(&Verification{Request: ids[2], Stage: StageStart, Failure: &Failure{Code: CodeUnknown}})
		c.follow(&Verification{Request: ids[1], Stage: StageStart, Failure: &Failure{Code: CodeUnknown}})
	}
	if n := len(c.Progress(ids[2]).Failures); n != maxFailures {
		t.Errorf("%d failures kept", n)
	}
	if x := c.Progress(ids[1]); len(x.Failures) > 0 || !x.Completed {
		t.Errorf("a report after completion changed it: %+v", x)
	}
	send()
	if c.Progress(ids[1]) != nil || c.Progress(ids[0]) == nil || c.Progress(ids[2]) == nil {
		t.Error("one that was awaited was forgotten before one that was done")
	}
	send()
	if c.Progress(ids[0]) != nil || c.Progress(ids[4]) == nil {
		t.Error("with none done, the oldest makes room")
	}
}

// TestWaitingLeavesRetrievalsAlone: taking what waits takes nothing out of a dump.
func TestWaitingLeavesRetrievalsAlone(t *testing.T) {
	s, err := NewServer(Options{APID: 5})
	if err != nil {
		t.Fatal(err)
	}
	s.push([]byte{1})
	s.push([]byte{2})
	if n := s.Waiting(); n != 2 || len(s.Take(n)) != 2 || s.Waiting() != 0 {
		t.Errorf("%d waited", n)
	}
}

// TestCommanderGoesOn: one that follows another names its commands after the other's, and follows
// those.
func TestCommanderGoesOn(t *testing.T) {
	p := NewProfile(Profile{})
	old := &Commander{Profile: p, APID: 5, First: 0x3ffe}
	for range 3 {
		if _, _, err := old.Telecommand(p.AreYouAlive()); err != nil {
			t.Fatal(err)
		}
	}
	open := old.sent[2]
	c := &Commander{Profile: p, APID: 5, First: old.Next()}
	c.Resume(open.Request, open.Message)
	_, id, err := c.Telecommand(p.AreYouAlive())
	if err != nil || id.Sequence&0x3fff != 1 {
		t.Errorf("count %#x, %v", id.Sequence, err)
	}
	c.follow(&Verification{Request: open.Request, Stage: StageCompletion})
	if x := c.Progress(open.Request); x == nil || !x.Completed || x.Message != open.Message {
		t.Errorf("%+v", x)
	}
}
