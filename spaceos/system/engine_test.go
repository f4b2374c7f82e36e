package system

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"spacechain/spaceos/sandbox"
)

// scriptEngine stands in for the sandbox: a module is a text of one command per line,
// carried out against the Host. What a command gives is added to the result.
//
//	gas N            use gas                     result TEXT      replace the result
//	put K V          get K   delete K   keys P   write F V  read F  remove F  files
//	sensor NAME      send PEER TEXT   flood N    receive  echo    log TEXT
//	wake IN LABEL    region LAT LON KM LABEL     subscribe NAME
//	count K          add one to the number at K  fill N           put N bytes
//	seal K TEXT      open K                      why   (kind and name of the trigger)
//	trap fail exhaust hang                       ends
type scriptEngine struct{}

func (scriptEngine) Check(m sandbox.Module) error {
	if bytes.HasPrefix(m.Code, []byte("bad")) {
		return errors.New("not a module")
	}
	return nil
}

func (scriptEngine) CheckRuntime(string, []byte) error { return nil }

func (scriptEngine) Run(ctx context.Context, a sandbox.Activation) sandbox.Outcome {
	out := sandbox.Outcome{End: sandbox.Returned, PeakMemory: 65536}
	var result []string
	say := func(format string, args ...any) { result = append(result, fmt.Sprintf(format, args...)) }
	h := a.Host
	for _, line := range strings.Split(string(a.Module.Code), "\n") {
		out.GasUsed += 1000
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		arg := func(i int) string {
			if i < len(f) {
				return f[i]
			}
			return ""
		}
		rest := func(i int) string { return strings.Join(f[min(i, len(f)):], " ") }
		number := func(i int) int { n, _ := strconv.Atoi(arg(i)); return n }
		float := func(i int) float64 { n, _ := strconv.ParseFloat(arg(i), 64); return n }
		errno := func(e sandbox.Errno) {
			if e != sandbox.OK {
				say("%s: %v", f[0], e)
			}
		}
		switch f[0] {
		case "gas":
			out.GasUsed += uint64(number(1))
		case "put":
			errno(h.Put(arg(1), []byte(rest(2))))
		case "fill":
			errno(h.Put("fill", bytes.Repeat([]byte("x"), number(1))))
		case "get":
			v, e := h.Get(arg(1))
			errno(e)
			say("%s=%s", arg(1), v)
		case "count":
			v, _ := h.Get(arg(1))
			n, _ := strconv.Atoi(string(v))
			errno(h.Put(arg(1), []byte(strconv.Itoa(n+1))))
			say("%s=%d", arg(1), n+1)
		case "delete":
			errno(h.Delete(arg(1)))
		case "keys":
			say("keys=%v", h.Keys(arg(1)))
		case "write":
			errno(h.WriteFile(arg(1), []byte(rest(2))))
		case "read":
			v, e := h.ReadFile(arg(1))
			errno(e)
			say("%s=%s", arg(1), v)
		case "remove":
			errno(h.RemoveFile(arg(1)))
		case "files":
			say("files=%v", h.ListFiles())
		case "sensor":
			r, e := h.Sensor(arg(1))
			errno(e)
			if e == sandbox.OK {
				say("%s=%v", arg(1), r.Values)
			}
		case "send":
			errno(h.Send(arg(1), []byte(rest(2))))
		case "flood":
			sent := 0
			for range number(1) {
				if h.Send("owner", []byte("flood")) == sandbox.OK {
					sent++
				}
			}
			say("sent=%d", sent)
		case "receive":
			m, e := h.Receive()
			errno(e)
			if e == sandbox.OK {
				say("%s says %s", m.Peer, m.Payload)
			}
		case "echo":
			say("%s", a.Trigger.Data)
		case "why":
			say("%s %s", a.Trigger.Kind, a.Trigger.Name)
		case "log":
			h.Log(1, rest(1))
		case "wake":
			d, _ := time.ParseDuration(arg(1))
			errno(h.WakeAt(a.Now.Add(d), arg(2)))
		case "region":
			errno(h.WakeInRegion(float(1), float(2), float(3), arg(4)))
		case "subscribe":
			errno(h.Subscribe(arg(1)))
		case "seal":
			v, e := h.Seal([]byte(rest(2)))
			errno(e)
			errno(h.Put(arg(1), v))
		case "open":
			v, _ := h.Get(arg(1))
			p, e := h.OpenSealed(v)
			errno(e)
			say("%s", p)
		case "result":
			result = []string{rest(1)}
		case "trap":
			out.End, out.Detail = sandbox.Trapped, "unreachable"
			return out
		case "fail":
			out.End, out.Detail = sandbox.Failed, rest(1)
			return out
		case "exhaust":
			out.End, out.GasUsed, out.Detail = sandbox.OutOfGas, a.Gas, "the limit is used up"
			return out
		case "hang":
			<-ctx.Done()
			out.End, out.Detail = sandbox.Killed, context.Cause(ctx).Error()
			return out
		default:
			out.End, out.Detail = sandbox.Trapped, "unknown command "+f[0]
			return out
		}
	}
	if e := h.SetResult([]byte(strings.Join(result, "; "))); e != sandbox.OK {
		out.End, out.Detail = sandbox.Failed, "result: "+e.Error()
	}
	return out
}
