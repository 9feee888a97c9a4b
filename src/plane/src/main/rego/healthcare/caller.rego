# METADATA
# title: The caller
# description: A package of its own, because everything in the policy's package is part of its answer.
package healthcare.caller

# user.role is the first of user.roles, for callers that have one role only. Roles are compared letter by letter.
has_role(name) if input.user.role == name

has_role(name) if name in input.user.roles

# Which roles may do an action. The policy says what else is required.
fits("query") if has_role("authorized_medical_staff")

fits("query") if has_role("patient")

fits("ingest") if has_role("device")

fits("registry") if has_role("clinical_admin")

fits("consent") if has_role("clinical_admin")

fits("erase") if has_role("clinical_admin")

fits("audit") if has_role("auditor")

fits("operate") if has_role("operator")

# The actions that a rule allows to somebody.
asks_what_there_is if {
	input.action in {"query", "ingest", "registry", "consent", "erase", "audit", "operate", "describe"}
}

is_the_patient if same(input.user.patient_id, input.patient.id)

is_the_device if same(input.user.device_id, input.device.id)

# An empty id belongs to nobody.
same(one, other) if {
	is_string(one)
	one != ""
	one == other
}
