# METADATA
# title: Who calls
# description: Apart from the policy, because everything in the policy's package is part of its answer.
package healthcare.caller

# The first role stands alone as well, for who knows of one only. Roles are compared as they are spelled.
has_role(name) if input.user.role == name

has_role(name) if name in input.user.roles

# Which roles an action is for. What else it takes, the policy says.
fits("query") if has_role("authorized_medical_staff")

fits("query") if has_role("patient")

fits("ingest") if has_role("device")

fits("registry") if has_role("clinical_admin")

fits("consent") if has_role("clinical_admin")

fits("erase") if has_role("clinical_admin")

fits("audit") if has_role("auditor")

fits("operate") if has_role("operator")

# The actions that some rule allows to somebody.
asks_what_there_is if {
	input.action in {"query", "ingest", "registry", "consent", "erase", "audit", "operate", "describe"}
}

is_the_patient if same(input.user.patient_id, input.patient.id)

is_the_device if same(input.user.device_id, input.device.id)

# An empty id is nobody's.
same(one, other) if {
	is_string(one)
	one != ""
	one == other
}
