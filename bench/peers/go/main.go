// OPA and cel-go in the race. The protocol is that of bench/engines/race.h.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"
	"sync"
	"time"
)

const (
	batchSize  = 64
	checkedMin = 16
)

// A worker decides calls, by their numbers, for one thread.
type worker interface {
	decideFilled(call int) bool
	decideBytes(call int) bool
}

// An engine makes the inputs of requests ready.
type engine interface {
	newWorker(requests [][]byte) worker
}

var engines = map[string]func(folder string) engine{"opa": loadOPA, "cel-go": loadCEL}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func readFile(parts ...string) []byte { return must(os.ReadFile(filepath.Join(parts...))) }

func residentKib() int {
	debug.FreeOSMemory()
	var pages, resident int
	must(fmt.Sscan(string(readFile("/proc/self/statm")), &pages, &resident))
	return resident * os.Getpagesize() / 1024
}

type race struct {
	engine   engine
	requests [][]byte
	answers  string
	workers  []worker
}

func (r *race) worker(i int) worker {
	for len(r.workers) <= i {
		r.workers = append(r.workers, r.engine.newWorker(r.requests))
	}
	return r.workers[i]
}

func decide(w worker, mode string, call int) bool {
	if mode == "bytes" {
		return w.decideBytes(call)
	}
	return w.decideFilled(call)
}

func (r *race) check(mode string, seconds float64) string {
	w := r.worker(0)
	begin := time.Now()
	var said strings.Builder
	for i := range r.requests {
		if i >= checkedMin && time.Since(begin).Seconds() >= seconds {
			break
		}
		if decide(w, mode, i) {
			said.WriteByte('1')
		} else {
			said.WriteByte('0')
		}
	}
	return said.String()
}

type timing struct {
	decisions int
	elapsed   time.Duration
	batches   []float64
}

func (r *race) timeOne(w worker, mode string, calls int, limit time.Duration) timing {
	var t timing
	begin := time.Now()
	before := begin
	for first := 0; before.Sub(begin) < limit; first = (first + batchSize) % calls {
		end := min(first+batchSize, calls)
		for i := first; i < end; i++ {
			if decide(w, mode, i) != (r.answers[i] == '1') {
				log.Fatalf("call %d was decided otherwise than before", i)
			}
		}
		now := time.Now()
		t.batches = append(t.batches, float64(now.Sub(before))*batchSize/float64(end-first))
		t.decisions += end - first
		before = now
		if end == calls {
			first = -batchSize
		}
	}
	t.elapsed = before.Sub(begin)
	return t
}

func (r *race) time(mode string, threads, calls int, limit time.Duration) string {
	timings := make([]timing, threads)
	for i := range timings {
		r.worker(i)
	}
	var group sync.WaitGroup
	for i := range timings {
		group.Go(func() {
			runtime.LockOSThread()
			timings[i] = r.timeOne(r.worker(i), mode, calls, limit)
		})
	}
	group.Wait()
	var batches []float64
	var elapsed time.Duration
	decisions := 0
	for _, t := range timings {
		batches = append(batches, t.batches...)
		elapsed += t.elapsed
		decisions += t.decisions
	}
	sort.Float64s(batches)
	at := func(share float64) float64 { return batches[int(share*float64(len(batches)-1))] }
	return fmt.Sprintf(`{"ns": %.2f, "p50_ns": %.0f, "p99_ns": %.0f, "p999_ns": %.0f}`,
		float64(elapsed)/float64(decisions), at(0.5), at(0.99), at(0.999))
}

// request is what a tools/call says that a policy looks at.
type request struct {
	Params struct {
		Name      string         `json:"name"`
		Arguments map[string]any `json:"arguments"`
	} `json:"params"`
}

func readRequest(line []byte) request {
	var read request
	if err := json.Unmarshal(line, &read); err != nil {
		log.Fatal(err)
	}
	return read
}

func main() {
	name, folder := os.Args[1], os.Args[2]
	begin := time.Now()
	loaded := engines[name](folder)
	loadSeconds := time.Since(begin).Seconds()
	fmt.Printf("{\"load_s\": %f, \"rss_kib\": %d, \"program_bytes\": 0}\n", loadSeconds, residentKib())
	r := race{engine: loaded, answers: string(readFile(folder, "answers"))}
	r.requests = bytes.Split(bytes.TrimSpace(readFile(folder, "calls.jsonl")), []byte("\n"))
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var verb, mode string
		var threads, calls int
		var amount float64
		if strings.HasPrefix(lines.Text(), "check ") {
			must(fmt.Sscan(lines.Text(), &verb, &mode, &amount))
			fmt.Println(r.check(mode, amount))
		} else {
			must(fmt.Sscan(lines.Text(), &verb, &mode, &threads, &calls, &amount))
			fmt.Println(r.time(mode, threads, calls, time.Duration(amount*float64(time.Millisecond))))
		}
	}
}
