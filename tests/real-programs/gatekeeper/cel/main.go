// Command cel answers CEL questions as Kubernetes and Gatekeeper do: a line of JSON in, a line of JSON out.
//
// A question with an "expression" is compiled in the environment of ValidatingAdmissionPolicy and evaluated over the
// given variables. One with a "source" is a template's whole K8sNativeValidation source, run by Gatekeeper's driver.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/open-policy-agent/frameworks/constraint/pkg/client/reviews"
	"github.com/open-policy-agent/frameworks/constraint/pkg/core/templates"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/drivers/k8scel"
	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	plugin "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

type question struct {
	Expression string                        `json:"expression"`
	Variables  json.RawMessage               `json:"variables"`
	Source     json.RawMessage               `json:"source"`
	Request    *admissionv1.AdmissionRequest `json:"request"`
	Constraint json.RawMessage               `json:"constraint"`
	Namespace  map[string]interface{}        `json:"namespace"`
}

type answer struct {
	Refused  string   `json:"refused,omitempty"`
	Type     string   `json:"type,omitempty"`
	Value    any      `json:"value,omitempty"`
	Error    string   `json:"error,omitempty"`
	Cost     *uint64  `json:"cost,omitempty"`
	Messages []string `json:"messages,omitempty"`
}

// anyType accepts expressions of every type.
type anyType struct{ expression string }

func (a anyType) GetExpression() string    { return a.expression }
func (a anyType) ReturnTypes() []*cel.Type { return []*cel.Type{cel.AnyType} }

type review struct{ request *admissionv1.AdmissionRequest }

func (r review) GetAdmissionRequest() *admissionv1.AdmissionRequest { return r.request }

func main() {
	compiler, err := plugin.NewCompositedCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	if err != nil {
		panic(err)
	}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			var q question
			if err := json.Unmarshal(line, &q); err != nil {
				panic(err)
			}
			var a answer
			if len(q.Source) > 0 {
				a = policy(&q)
			} else {
				a = expression(compiler, &q)
			}
			if err := out.Encode(a); err != nil {
				panic(err)
			}
		}
		if err != nil {
			return
		}
	}
}

func expression(compiler *plugin.CompositedCompiler, q *question) answer {
	result := compiler.CompileCELExpression(anyType{q.Expression}, plugin.OptionalVariableDeclarations{HasParams: true}, environment.StoredExpressions)
	if result.Error != nil {
		return answer{Refused: result.Error.Error()}
	}
	variables := map[string]interface{}{
		"object": nil, "oldObject": nil, "request": nil, "namespaceObject": nil, "params": nil, "variables": map[string]interface{}{},
	}
	if len(q.Variables) > 0 {
		var given map[string]interface{}
		if err := utiljson.Unmarshal(q.Variables, &given); err != nil {
			panic(err)
		}
		for name, value := range given {
			variables[name] = value
		}
	}
	a := answer{Type: result.OutputType.String()}
	value, details, err := result.Program.ContextEval(context.Background(), variables)
	if details != nil {
		a.Cost = details.ActualCost()
	}
	if err != nil {
		a.Error = err.Error()
		return a
	}
	a.Value = show(value)
	return a
}

func policy(q *question) answer {
	driver, err := k8scel.New()
	if err != nil {
		panic(err)
	}
	var source map[string]interface{}
	if err := utiljson.Unmarshal(q.Source, &source); err != nil {
		panic(err)
	}
	template := &templates.ConstraintTemplate{}
	template.SetName("cel")
	template.Spec.CRD.Spec.Names.Kind = "Cel"
	template.Spec.Targets = []templates.Target{{
		Target: "admission.k8s.gatekeeper.sh",
		Code:   []templates.Code{{Engine: "K8sNativeValidation", Source: &templates.Anything{Value: source}}},
	}}
	if err := driver.AddTemplate(context.Background(), template); err != nil {
		return answer{Refused: err.Error()}
	}
	constraint := &unstructured.Unstructured{Object: map[string]interface{}{}}
	if err := utiljson.Unmarshal(q.Constraint, &constraint.Object); err != nil {
		panic(err)
	}
	var options []reviews.ReviewOpt
	if q.Namespace != nil {
		options = append(options, reviews.Namespace(q.Namespace))
	}
	response, err := driver.Query(context.Background(), "admission.k8s.gatekeeper.sh", []*unstructured.Unstructured{constraint}, review{q.Request}, options...)
	if err != nil {
		return answer{Error: err.Error()}
	}
	a := answer{Messages: []string{}}
	for _, result := range response.Results {
		a.Messages = append(a.Messages, result.Msg)
	}
	return a
}

// show writes a value with its type, so that 1, 1u, 1.0 and "1" differ. Keys of maps are sorted.
func show(value ref.Val) any {
	switch v := value.(type) {
	case types.Null:
		return "null"
	case types.String:
		return map[string]any{"string": string(v)}
	case types.Bytes:
		return map[string]any{"bytes": []byte(v)}
	case types.Bool, types.Int, types.Uint, types.Double, types.Duration, types.Timestamp:
		text := value.ConvertToType(types.StringType)
		return fmt.Sprintf("%s %v", value.Type().TypeName(), text)
	case *types.Optional:
		if !v.HasValue() {
			return "none"
		}
		return map[string]any{"optional": show(v.GetValue())}
	case traits.Mapper:
		type entry struct {
			key   string
			shown any
		}
		var entries []entry
		for it := v.Iterator(); it.HasNext() == types.True; {
			key := it.Next()
			text, _ := json.Marshal(show(key))
			entries = append(entries, entry{string(text), show(v.Get(key))})
		}
		sort.Slice(entries, func(i, j int) bool { return entries[i].key < entries[j].key })
		shown := []any{}
		for _, entry := range entries {
			shown = append(shown, []any{entry.key, entry.shown})
		}
		return map[string]any{"map": shown}
	case traits.Lister:
		shown := []any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			shown = append(shown, show(it.Next()))
		}
		return map[string]any{"list": shown}
	case *types.Type:
		return map[string]any{"type": v.TypeName()}
	}
	return fmt.Sprintf("%s", value.Type().TypeName())
}
