package lib.tenant_test

import data.lib.tenant

inventory := {"cluster": {"v1": {"Namespace": {"team-a": {"metadata": {"labels": {"tier": "gold"}, "annotations": {"owner": ""}}}}}}}

test_own_namespace_first if {
	review := {"object": {"metadata": {"namespace": "team-a", "labels": {"crossplane.io/claim-namespace": "team-b"}}}}
	tenant.name == "team-a" with input.review as review
	tenant.label("tier") == "gold" with input.review as review with data.inventory as inventory
}

test_namespace_of_the_request if {
	review := {"object": {"metadata": {"namespace": "team-a"}}, "namespaceObject": {"metadata": {"labels": {"tier": "silver"}}}}
	tenant.label("tier") == "silver" with input.review as review with data.inventory as inventory
}

test_namespace_of_the_claim if {
	review := {"object": {"metadata": {"labels": {"crossplane.io/claim-namespace": "team-a"}}}, "namespaceObject": null}
	tenant.name == "team-a" with input.review as review
	tenant.label("tier") == "gold" with input.review as review with data.inventory as inventory
}

test_unknown if {
	tenant.name == "" with input.review as {"object": {"metadata": {}}}
	tenant.label("tier") == "" with input.review as {"object": {"metadata": {"namespace": "team-z"}}} with data.inventory as inventory
	tenant.annotation("owner") == "" with input.review as {"object": {"metadata": {"namespace": "team-a"}}} with data.inventory as inventory
}
