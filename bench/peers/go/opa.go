package main

import (
	"context"
	"log"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

// opa is a query prepared once; its inputs are terms of its own.
type opa struct{ query rego.PreparedEvalQuery }

func loadOPA(folder string) engine {
	query := rego.New(
		rego.Query("data.policy.allow"),
		rego.Module("policy.rego", string(readFile(folder, "policy.rego"))))
	return opa{must(query.PrepareForEval(context.Background()))}
}

type opaWorker struct {
	opa
	requests [][]byte
	inputs   []ast.Value
}

func opaInput(line []byte) ast.Value {
	read := readRequest(line)
	return must(ast.InterfaceToValue(map[string]any{"tool": read.Params.Name, "args": read.Params.Arguments}))
}

func (o opa) newWorker(requests [][]byte) worker {
	w := &opaWorker{opa: o, requests: requests}
	for _, line := range requests {
		w.inputs = append(w.inputs, opaInput(line))
	}
	return w
}

func (w *opaWorker) decide(input ast.Value) bool {
	results, err := w.query.Eval(context.Background(), rego.EvalParsedInput(input))
	if err != nil {
		log.Fatal(err)
	}
	return results.Allowed()
}

func (w *opaWorker) decideFilled(call int) bool { return w.decide(w.inputs[call]) }
func (w *opaWorker) decideBytes(call int) bool  { return w.decide(opaInput(w.requests[call])) }
