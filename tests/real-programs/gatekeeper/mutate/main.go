// Runs Gatekeeper's own mutation system over cases that come as JSON lines, and answers each with one line.
//
// A case is {"mutators": [...], "object": {...}, "namespace": {...}|null, "requestNamespace": "...", "operation": "...",
// "source": "...", "annotate": bool}, or {"location": "..."} for the parser of locations alone.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"

	"github.com/google/uuid"
	"github.com/open-policy-agent/gatekeeper/v3/apis/mutations/unversioned"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/mutation"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/mutation/mutators"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/mutation/path/parser"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/mutation/schema"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/mutation/types"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kjson "sigs.k8s.io/json"
)

const mutationID = "00000000-0000-0000-0000-000000000000"

type testCase struct {
	Location         *string           `json:"location"`
	Mutators         []json.RawMessage `json:"mutators"`
	Object           json.RawMessage   `json:"object"`
	Namespace        *corev1.Namespace `json:"namespace"`
	RequestNamespace *string           `json:"requestNamespace"`
	Operation        string            `json:"operation"`
	Source           string            `json:"source"`
	Annotate         bool              `json:"annotate"`
}

type answer struct {
	// Of a location alone.
	Location string   `json:"location,omitempty"`
	Nodes    []string `json:"nodes,omitempty"`
	// Of each mutator, why it is refused; empty where it is taken.
	Refused []string `json:"refused,omitempty"`
	// The mutators that are set aside, as kind/name.
	Conflicts []string        `json:"conflicts,omitempty"`
	Error     string          `json:"error,omitempty"`
	Mutated   bool            `json:"mutated"`
	Object    json.RawMessage `json:"object,omitempty"`
}

func main() {
	*mutation.MutationAnnotationsEnabled = false
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	output := bufio.NewWriter(os.Stdout)
	defer output.Flush()
	encoder := json.NewEncoder(output)
	encoder.SetEscapeHTML(false)
	for {
		line, err := input.ReadBytes('\n')
		if len(line) > 1 {
			if failure := encoder.Encode(run(line)); failure != nil {
				fmt.Fprintln(os.Stderr, failure)
				os.Exit(1)
			}
		}
		if err != nil {
			return
		}
	}
}

func run(line []byte) (result answer) {
	defer func() {
		if fault := recover(); fault != nil {
			result.Error = fmt.Sprintf("panic: %v", fault)
		}
	}()
	var given testCase
	if err := kjson.UnmarshalCaseSensitivePreserveInts(line, &given); err != nil {
		return answer{Error: "case: " + err.Error()}
	}
	if given.Location != nil {
		return parse(*given.Location)
	}
	return mutate(&given)
}

func parse(location string) answer {
	path, err := parser.Parse(location)
	if err != nil {
		return answer{Error: err.Error()}
	}
	nodes := []string{}
	for _, node := range path.Nodes {
		nodes = append(nodes, node.String())
	}
	return answer{Location: path.String(), Nodes: nodes}
}

func mutate(given *testCase) answer {
	var result answer
	fixed := func() uuid.UUID { return uuid.MustParse(mutationID) }
	system := mutation.NewSystem(mutation.SystemOpts{NewUUID: fixed})
	database := schema.New()
	ids := map[string]types.ID{}
	for _, text := range given.Mutators {
		mutator, err := read(text)
		if err != nil {
			result.Refused = append(result.Refused, err.Error())
			continue
		}
		result.Refused = append(result.Refused, "")
		// An error of either is a conflict, which is asked for below.
		_ = system.Upsert(mutator)
		if withSchema, ok := mutator.(schema.MutatorWithSchema); ok {
			_ = database.Upsert(withSchema)
		}
		ids[mutator.ID().Kind+"/"+mutator.ID().Name] = mutator.ID()
	}
	for name, id := range ids {
		if database.HasConflicts(id) {
			result.Conflicts = append(result.Conflicts, name)
		}
	}
	sort.Strings(result.Conflicts)
	object := unstructured.Unstructured{}
	if err := object.UnmarshalJSON(given.Object); err != nil {
		result.Error = "object: " + err.Error()
		return result
	}
	before := object.GetNamespace()
	if given.RequestNamespace != nil {
		object.SetNamespace(*given.RequestNamespace)
	}
	*mutation.MutationAnnotationsEnabled = given.Annotate
	mutated, err := system.Mutate(context.Background(), &types.Mutable{
		Object:    &object,
		Namespace: given.Namespace,
		Source:    types.SourceType(given.Source),
		Operation: admissionv1.Operation(given.Operation),
	})
	if err != nil {
		result.Error = err.Error()
		return result
	}
	result.Mutated = mutated
	if !mutated {
		result.Object = given.Object
		return result
	}
	if given.RequestNamespace != nil {
		object.SetNamespace(before)
	}
	result.Object, err = object.MarshalJSON()
	if err != nil {
		result.Error = err.Error()
	}
	return result
}

func read(text json.RawMessage) (types.Mutator, error) {
	var kind struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return nil, err
	}
	switch kind.Kind {
	case "Assign":
		var assign unversioned.Assign
		if err := kjson.UnmarshalCaseSensitivePreserveInts(text, &assign); err != nil {
			return nil, err
		}
		return taken(mutators.MutatorForAssign(&assign))
	case "AssignMetadata":
		var assign unversioned.AssignMetadata
		if err := kjson.UnmarshalCaseSensitivePreserveInts(text, &assign); err != nil {
			return nil, err
		}
		return taken(mutators.MutatorForAssignMetadata(&assign))
	case "AssignImage":
		var assign unversioned.AssignImage
		if err := kjson.UnmarshalCaseSensitivePreserveInts(text, &assign); err != nil {
			return nil, err
		}
		return taken(mutators.MutatorForAssignImage(&assign))
	case "ModifySet":
		var modify unversioned.ModifySet
		if err := kjson.UnmarshalCaseSensitivePreserveInts(text, &modify); err != nil {
			return nil, err
		}
		if modify.Spec.Parameters.Operation == "" {
			// The API server does so, by the schema of the kind.
			modify.Spec.Parameters.Operation = unversioned.MergeOp
		}
		return taken(mutators.MutatorForModifySet(&modify))
	}
	return nil, fmt.Errorf("no mutator: %s", kind.Kind)
}

// A nil pointer in an interface is not nil.
func taken[M types.Mutator](mutator M, err error) (types.Mutator, error) {
	if err != nil {
		return nil, err
	}
	return mutator, nil
}
