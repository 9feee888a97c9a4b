# The table in cases.json, which the plane's own tests use as well. Each case starts from the usual input, a query by
# staff that is permitted, changes some of it, and leaves out what `without` names.
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

# The rules exactly as they were given.
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

# A refusal has reasons, and a permission has none.
test_reasons_stand_for_refusals if {
	every case in data.healthdata.cases {
		decision := answer(case)
		told := count(decision.reasons) > 0
		decision.allow != told
	}
}

# The answer is the same for a patient that does not exist and for one who gave no consent. It may depend only on the
# caller's own claims, on locality and on audit.
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
