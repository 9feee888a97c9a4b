# The table of cases.json, which the plane's own tests walk as well: each case changes the usual input, a query by staff
# with everything in order, and leaves out what it says.
package healthcare.healthdata_test

import data.healthcare.healthdata

test_there_is_a_table if count(data.healthdata.cases) > 80

test_table[case.name] if {
	some case in data.healthdata.cases
	answer(case) == {
		"allow": case.allow,
		"deny": object.get(case, "deny", false),
		"reasons": {reason | some reason in case.reasons},
	}
}

# The rules as they were given, to the letter.
test_given_allow if {
	healthdata.allow with input as {
		"action": "query",
		"user": {"role": "authorized_medical_staff"},
		"patient": {"consent": true},
		"data_stays_local": true,
		"audit": {"enabled": true},
	}
}

test_given_deny if {
	healthdata.deny with input as {"action": "export", "destination": "elsewhere"}
}

test_given_default if {
	not healthdata.allow with input as {}
	not healthdata.deny with input as {}
}

test_nothing_is_both_allowed_and_denied if {
	every case in data.healthdata.cases {
		decision := answer(case)
		false in {decision.allow, decision.deny}
	}
}

# Who is refused is told why, and who is permitted is told nothing.
test_reasons_stand_for_refusals if {
	every case in data.healthdata.cases {
		decision := answer(case)
		told := count(decision.reasons) > 0
		decision.allow != told
	}
}

# Only what depends on the caller's own claims, on locality and on audit may differ between a patient that does not exist,
# who has no consent either, and one who agreed to nothing.
test_no_reason_tells_whether_a_patient_exists if {
	every case in data.healthdata.cases {
		nobody := object.union(asked(case), {"patient": {"id": "nobody", "consent": false}})
		somebody := object.union(asked(case), {"patient": {"id": "somebody", "consent": false}})
		told_of_nobody := healthdata with input as nobody
		told_of_somebody := healthdata with input as somebody
		told_of_nobody == told_of_somebody
	}
}

answer(case) := decision if {
	decision := healthdata with input as asked(case)
}

asked(case) := object.remove(object.union(data.healthdata.usual, case.input), object.get(case, "without", []))
