package lib.fields

# A path as a user types it, "spec.rules[*].labels[acme.io/team]", as a list of keys, indexes and "*".
segments(path) := [segment |
	some match in regex.find_all_string_submatch_n(`\[([^\]]*)\]|([^.\[\]]+)`, path, -1)
	segment := segment_of(match)
]

segment_of(match) := to_number(match[1]) if regex.match(`^[0-9]+$`, match[1])

segment_of(match) := match[1] if regex.match(`[^0-9]`, match[1])

segment_of(match) := match[2] if match[1] == ""

# The opposite: keys and indexes as a user types them.
text(path) := trim_prefix(concat("", [piece | some segment in path; piece := piece_of(segment)]), ".")

piece_of(segment) := sprintf("[%d]", [segment]) if is_number(segment)

piece_of(segment) := sprintf("[%s]", [segment]) if contains(segment, ".")

piece_of(segment) := sprintf(".%s", [segment]) if {
	is_string(segment)
	not contains(segment, ".")
}

# The value at a path, null where there is none.
lookup(root, path) := root if count(path) == 0

lookup(root, path) := value if {
	count(path) > 0
	value := value_or_null(root, path)
}

value_or_null(root, path) := value if {
	value := object.get(root, path, null)
} else := null

# Each place of an object that a path names, with its value: null where the last part is missing.
# A "*" stands for each item that there is: an empty list has no places.
at(root, path) := [{"field": text(keys), "value": lookup(root, keys)}] if {
	keys := segments(path)
	not "*" in keys
}

at(root, path) := [place |
	keys := segments(path)
	last := max([index | some index, key in keys; key == "*"])
	head := array.slice(keys, 0, last + 1)
	tail := array.slice(keys, last + 1, count(keys))
	walk(root, [where, item])
	count(where) == last + 1
	every index, key in head {
		key in {"*", where[index]}
	}
	place := {"field": text(array.concat(where, tail)), "value": lookup(item, tail)}
] if {
	"*" in segments(path)
}

deletion if input.review.operation == "DELETE"

# An UPDATE that leaves a field as it was: what stands already must not block removing a finalizer.
settled(path) if {
	input.review.operation == "UPDATE"
	at(input.review.object, path) == at(input.review.oldObject, path)
}

# The places to judge in this request.
judged(path) := at(input.review.object, path) if {
	not deletion
	not settled(path)
}

# A number, or a Kubernetes quantity such as 50Gi; undefined for anything else.
amount(value) := value if is_number(value)

amount(value) := units.parse(value) if {
	is_string(value)
	regex.match(`^[+-]?[0-9.]+([numkMGTPE]|[KMGTPE]i)?$`, value)
}

# The number without an exponent or a trailing zero, the rest as it is written.
shown(value) := value if is_string(value)

shown(value) := json.marshal(value) if not is_string(value)
