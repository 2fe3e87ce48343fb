package lib.fields_test

import data.lib.fields

sample := {
	"metadata": {"labels": {"acme.example/team": "a", "app": "shop"}},
	"spec": {"size": 5, "off": false, "disks": [{"size": "1Gi"}, {"name": "second"}, "text"], "empty": []},
}

test_segments if {
	fields.segments("spec.disks[0].size") == ["spec", "disks", 0, "size"]
	fields.segments("metadata.labels[acme.example/team]") == ["metadata", "labels", "acme.example/team"]
	fields.segments("spec.disks[*]") == ["spec", "disks", "*"]
}

test_text_is_the_opposite_of_segments if {
	every path in ["spec.disks[0].size", "metadata.labels[acme.example/team]", "a"] {
		fields.text(fields.segments(path)) == path
	}
}

test_at_finds_one_place if {
	fields.at(sample, "spec.size") == [{"field": "spec.size", "value": 5}]
	fields.at(sample, "metadata.labels[acme.example/team]") == [{"field": "metadata.labels[acme.example/team]", "value": "a"}]
}

test_at_keeps_false if fields.at(sample, "spec.off") == [{"field": "spec.off", "value": false}]

test_at_says_null_where_nothing_is if {
	fields.at(sample, "spec.nothing.at.all") == [{"field": "spec.nothing.at.all", "value": null}]
	fields.at(sample, "spec.size.deeper") == [{"field": "spec.size.deeper", "value": null}]
	fields.at(null, "spec.size") == [{"field": "spec.size", "value": null}]
}

test_at_goes_through_each_item if fields.at(sample, "spec.disks[*].size") == [
	{"field": "spec.disks[0].size", "value": "1Gi"},
	{"field": "spec.disks[1].size", "value": null},
	{"field": "spec.disks[2].size", "value": null},
]

test_an_empty_list_has_no_places if fields.at(sample, "spec.empty[*].size") == []

test_settled_is_an_update_that_leaves_the_field if {
	review := {"operation": "UPDATE", "object": sample, "oldObject": sample}
	fields.settled("spec.size") with input.review as review
	fields.settled("spec.disks[*].size") with input.review as review
	not fields.settled("spec.size") with input.review as object.union(review, {"oldObject": {"spec": {"size": 4}}})
	not fields.settled("spec.size") with input.review as object.union(review, {"operation": "CREATE"})
}

test_an_update_without_old_object_is_judged if {
	review := {"operation": "UPDATE", "object": sample, "oldObject": null}
	fields.judged("spec.size") == [{"field": "spec.size", "value": 5}] with input.review as review
}

test_a_deletion_is_not_judged if {
	not fields.judged("spec.size") with input.review as {"operation": "DELETE", "object": sample}
}

test_amount if {
	fields.amount(5) == 5
	fields.amount("5") == 5
	fields.amount("1Ki") == 1024
	fields.amount("500m") == 0.5
	not fields.amount("big")
	not fields.amount("5 GB")
	not fields.amount(true)
	not fields.amount(null)
}

test_shown if {
	fields.shown("a") == "a"
	fields.shown(5) == "5"
	fields.shown(null) == "null"
	fields.shown(["a"]) == `["a"]`
}
