package receive
import ("testing";"os";"fmt";"spacechain/link/modem/wav";"spacechain/link/modem/tnc")
func TestDbg(t *testing.T){
 for _,v:=range [][2]string{{"astrocast_9k6","fsk9600/ccsds-rs"},{"ks_1q","fsk20000/ccsds-concatenated"},{"shaonian_xing","bpsk9600/ax25-g3ruh"}} {
 f,_:=os.Open("/work/shared/vectors/recordings/"+v[0]+".wav"); r,_:=wav.NewReader(f); x,_:=r.ReadAll(0)
 var of []Combination
 for _,c:=range Combinations() { if c.String()==v[1] { of=append(of,c) } }
 b,_:=Open(of,Options{Rate:float64(r.Rate),Effort:tnc.Thorough})
 for _,f:=range decode(t,float64(r.Rate),tnc.Thorough,x,of...) { n:=len(f.Data); fmt.Printf("%s %.3f %d %d %x %x\n",v[0],f.Time,n,f.Corrected,f.Data[:min(n,30)],f.Data[max(0,n-20):]) }
 _=b
 }
}
