package io.pulseplane.gate.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.gate.policy.PolicyInput.User;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class PolicyInputTest {

    private static final User USER = new User("anna", List.of("a", "b"), "ward-7", "d-1", "p-1");

    @Test
    void differs_when_one_component_differs() {
        var different = new HashSet<PolicyInput>();
        different.add(input("query", "r", USER, "p", true, "d", "active", true, "local", true, "n"));
        different.add(input("audit", "r", USER, "p", true, "d", "active", true, "local", true, "n"));
        different.add(input("query", "R", USER, "p", true, "d", "active", true, "local", true, "n"));
        different.add(input("query", "r", USER, "P", true, "d", "active", true, "local", true, "n"));
        different.add(input("query", "r", USER, "p", false, "d", "active", true, "local", true, "n"));
        different.add(input("query", "r", USER, "p", true, "D", "active", true, "local", true, "n"));
        different.add(input("query", "r", USER, "p", true, "d", "retired", true, "local", true, "n"));
        different.add(input("query", "r", USER, "p", true, "d", "active", false, "local", true, "n"));
        different.add(input("query", "r", USER, "p", true, "d", "active", true, "cloud", true, "n"));
        different.add(input("query", "r", USER, "p", true, "d", "active", true, "local", false, "n"));
        different.add(input("query", "r", USER, "p", true, "d", "active", true, "local", true, "N"));
        for (var user : List.of(
                new User("berg", List.of("a", "b"), "ward-7", "d-1", "p-1"),
                new User("anna", List.of("b", "a"), "ward-7", "d-1", "p-1"),
                new User("anna", List.of("a", "b"), "ward-8", "d-1", "p-1"),
                new User("anna", List.of("a", "b"), "ward-7", "d-2", "p-1"),
                new User("anna", List.of("a", "b"), "ward-7", "d-1", "p-2"))) {
            different.add(input("query", "r", user, "p", true, "d", "active", true, "local", true, "n"));
        }
        assertThat(different).hasSize(16);
    }

    @Test
    void is_equal_when_no_component_differs() {
        var again = new User(new String("anna"), new ArrayList<>(List.of("a", "b")), "ward-7", "d-1", "p-1");
        var one = input("query", "r", USER, "p", true, "d", "active", true, "local", true, "n");
        var other = input(new String("query"), "r", again, "p", true, "d", "active", true, "local", true, "n");
        assertThat(other).isEqualTo(one).hasSameHashCodeAs(one);
        assertThat(one).isNotEqualTo("something else");
    }

    @Test
    void is_written_as_json_for_the_policy() {
        var json = new String(
                InputJson.of(input("ingest", "r", USER, "pé\"", true, "d", "active", false, "local", true, "n")),
                StandardCharsets.US_ASCII);
        assertThat(json)
                .isEqualTo(("{'action':'ingest','rpc':'r','user':{'subject':'anna','role':'a','roles':['a','b'],"
                                + "'tenant':'ward-7','device_id':'d-1','patient_id':'p-1'},"
                                + "'patient':{'id':'p\\u00E9\\\"','consent':true},"
                                + "'device':{'id':'d','status':'active'},'data_stays_local':false,"
                                + "'destination':'local','audit':{'enabled':true},'node':'n'}")
                        .replace('\'', '"'));
    }

    @Test
    void a_user_without_roles_has_no_role() {
        assertThat(new User("", List.of(), "", "", "").role()).isEmpty();
    }

    @Test
    void roles_do_not_change_afterwards() {
        var roles = new ArrayList<>(List.of("patient"));
        var user = new User("anna", roles, "", "", "");
        roles.add("auditor");
        assertThat(user.roles()).containsExactly("patient");
    }

    @Test
    void refuses_null() {
        assertThatThrownBy(() -> input("query", "r", USER, null, true, "d", "active", true, "local", true, "n"))
                .isInstanceOf(NullPointerException.class);
    }

    private static PolicyInput input(
            String action,
            String rpc,
            User user,
            String patient,
            boolean consent,
            String device,
            String status,
            boolean local,
            String destination,
            boolean audit,
            String node) {
        return new PolicyInput(action, rpc, user, patient, consent, device, status, local, destination, audit, node);
    }
}
