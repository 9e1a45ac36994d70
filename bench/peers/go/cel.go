package main

import (
	"encoding/json"
	"log"

	"cel.dev/cel-go/cel"
)

// celPrograms has a compiled program a tool: the host chooses it by the call's tool.
type celPrograms map[string]cel.Program

func loadCEL(folder string) engine {
	var expressions map[string]string
	if err := json.Unmarshal(readFile(folder, "policy.cel"), &expressions); err != nil {
		log.Fatal(err)
	}
	environment := must(cel.NewEnv(cel.Variable("args", cel.MapType(cel.StringType, cel.DynType)),
		cel.ParserExpressionSizeLimit(1<<20)))
	programs := celPrograms{}
	for tool, expression := range expressions {
		compiled, issues := environment.Compile(expression)
		if issues.Err() != nil {
			log.Fatal(issues.Err())
		}
		programs[tool] = must(environment.Program(compiled, cel.EvalOptions(cel.OptOptimize)))
	}
	return programs
}

type celCall struct {
	tool   string
	inputs map[string]any
}

type celWorker struct {
	programs celPrograms
	requests [][]byte
	calls    []celCall
}

func newCELCall(line []byte) celCall {
	read := readRequest(line)
	return celCall{read.Params.Name, map[string]any{"args": read.Params.Arguments}}
}

func (p celPrograms) newWorker(requests [][]byte) worker {
	w := &celWorker{programs: p, requests: requests}
	for _, line := range requests {
		w.calls = append(w.calls, newCELCall(line))
	}
	return w
}

func (w *celWorker) decide(call celCall) bool {
	program, found := w.programs[call.tool]
	if !found {
		return false
	}
	result, _, err := program.Eval(call.inputs)
	if err != nil {
		log.Fatal(err)
	}
	return result.Value() == true
}

func (w *celWorker) decideFilled(call int) bool { return w.decide(w.calls[call]) }
func (w *celWorker) decideBytes(call int) bool  { return w.decide(newCELCall(w.requests[call])) }
