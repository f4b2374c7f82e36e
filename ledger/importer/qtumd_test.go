package importer

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"spacechain/ledger/blockfile"
	"spacechain/ledger/wire"
)

// qtumdEnv names Qtum Core's daemon, the peer that BenchmarkImport is to be held against.
const qtumdEnv = "SPACECHAIN_QTUMD"

// BenchmarkImportQtumCore has Qtum Core import the same chains with -loadblock, from
// starting the program to its end.
func BenchmarkImportQtumCore(b *testing.B) {
	qtumd := os.Getenv(qtumdEnv)
	if qtumd == "" || runtime.GOOS != "linux" {
		b.Skipf("SKIPPED: %s does not name Qtum Core's qtumd", qtumdEnv)
	}
	for _, path := range raced(b) {
		b.Run(nameOf(path), func(b *testing.B) {
			var sum measured
			for b.Loop() {
				got := importByQtumd(b, qtumd, path)
				sum.Blocks += got.Blocks
				sum.Transactions += got.Transactions
				sum.Seconds += got.Seconds
				sum.PeakRSS = max(sum.PeakRSS, got.PeakRSS)
			}
			b.ReportMetric(float64(sum.Blocks)/sum.Seconds, "blocks/s")
			b.ReportMetric(float64(sum.Transactions)/sum.Seconds, "tx/s")
			b.ReportMetric(float64(sum.PeakRSS)/(1<<20), "MiB-peak")
		})
	}
}

func importByQtumd(b *testing.B, qtumd, path string) (got measured) {
	b.Helper()
	f, err := blockfile.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	net, _, err := NetworkOf(f)
	if err != nil {
		b.Fatal(err)
	}
	raw := rawBlocks(b, path, 1<<30)
	dir := b.TempDir()
	bootstrap := filepath.Join(dir, "bootstrap.dat")
	// A file that does not begin with the genesis block crashes an empty Qtum Core 27.1.
	whole := append(frames(net, net.Genesis.Append(nil)), frames(net, raw...)...)
	if err := os.WriteFile(bootstrap, whole, 0o600); err != nil {
		b.Fatal(err)
	}
	var last *wire.Block
	for _, r := range raw {
		if last, err = wire.DecodeBlock(r); err != nil {
			b.Fatal(err)
		}
		got.Transactions += int64(len(last.Txs))
	}
	got.Blocks = int64(len(raw))
	args := append([]string{"-regtest", "-datadir=" + dir, "-loadblock=" + bootstrap, "-stopafterblockimport",
		"-listen=0", "-server=0", "-connect=0", "-disablewallet", "-staking=0", "-printtoconsole=0", "-debuglogfile=debug.log",
		fmt.Sprintf("-mocktime=%d", last.Header.Time)}, f.Args()...)
	cmd := exec.Command(qtumd, args...)
	begin := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %v: %s", cmd, err, out)
	}
	got.Seconds = time.Since(begin).Seconds()
	got.PeakRSS = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	log, err := os.ReadFile(filepath.Join(dir, "regtest", "debug.log"))
	if err != nil {
		b.Fatal(err)
	}
	if want := fmt.Sprintf("new best=%v height=%d", last.Hash(), len(raw)); !strings.Contains(string(log), want) {
		b.Fatalf("Qtum Core did not come to %s", want)
	}
	return got
}
