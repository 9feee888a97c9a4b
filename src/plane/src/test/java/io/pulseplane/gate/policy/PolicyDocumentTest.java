package io.pulseplane.gate.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Only a document that clearly permits is a permission. */
class PolicyDocumentTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'allow':true}",
                "{'allow':true,'deny':false,'reasons':[]}",
                "{'reasons':['left_over'],'deny':[],'allow':true}",
                "{'more':{'allow':false,'deny':[true]},'allow':true}"
            })
    void a_document_that_allows_and_does_not_deny_permits(String document) throws Exception {
        var answer = PolicyDocument.parseModuleAnswer(result(document));
        assertThat(answer.isPermitted()).isTrue();
        assertThat(answer.reasons()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{'allow':false}",
                "{'allow':null}",
                "{'allow':1}",
                "{'allow':'true'}",
                "{'allow':[true]}",
                "{'allow':{'allow':true}}",
                "{'Allow':true}",
                "{'allow':true,'deny':true}",
                "{'allow':true,'deny':'no'}",
                "{'allow':true,'deny':null}",
                "{'allow':true,'deny':{}}",
                "{'allow':true,'deny':['it leaves']}",
                "{'deny':[false],'allow':true}"
            })
    void anything_else_refuses(String document) throws Exception {
        var answer = PolicyDocument.parseModuleAnswer(result(document));
        assertThat(answer.isPermitted()).isFalse();
        assertThat(answer.reasons()).containsExactly("default");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{}",
                "[{}]",
                "[{'result':true}]",
                "[{'result':null}]",
                "[{'result':[{'allow':true}]}]",
                "[{'result':{'allow':true}}",
                "[{'result':{'allow':true}},{'result':{'allow':true}}]",
                "[{'result':{'allow':true}}] true",
                "[{'result':{'allow':true,'allow':false}}]",
                "[{'result':{'allow':false},'result':{'allow':true}}]",
                "[{'result':{'allow':true,'reasons':'none'}}]",
                "[{'result':{'allow':tru}}]"
            })
    void a_malformed_document_is_an_error(String json) {
        assertThatThrownBy(() -> PolicyDocument.parseModuleAnswer(bytes(json))).isInstanceOf(IOException.class);
    }

    @Test
    void reasons_are_sorted_words_without_duplicates() throws Exception {
        var answer = PolicyDocument.parseModuleAnswer(result("{'reasons':['role','no_consent','role']}"));
        assertThat(answer.reasons()).containsExactly("no_consent", "role");
    }

    @Test
    void a_reason_that_is_not_a_word_becomes_other() throws Exception {
        var answer = PolicyDocument.parseModuleAnswer(
                result("{'reasons':['Anna Berg is not on ward 7','role',7,{'who':'anna'},'" + "x".repeat(65) + "']}"));
        assertThat(answer.reasons()).containsExactly("other", "role");
    }

    @Test
    void more_reasons_than_the_bound_are_an_error() {
        var reasons = "'r',".repeat(33);
        assertThatThrownBy(() -> PolicyDocument.parseModuleAnswer(result("{'reasons':[" + reasons + "'r']}")))
                .isInstanceOf(IOException.class);
    }

    @Test
    void a_server_names_the_revisions_of_its_policy() throws Exception {
        var answer = PolicyDocument.parseServerAnswer(
                bytes("{'decision_id':'1','provenance':{'version':'1.22.0','revision':'r0','bundles':"
                        + "{'b':{'revision':'r2'},'a':{'revision':'r1'},'c':{'revision':''}}},"
                        + "'result':{'allow':true}}"));
        assertThat(answer).isEqualTo(new PolicyDocument(true, List.of(), "r0,r1,r2"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'result':{'allow':true}}",
                "{'provenance':{'version':'1.22.0'},'result':{'allow':true}}",
                "{'provenance':'','result':{'allow':true}}"
            })
    void a_server_need_not_name_a_revision(String json) throws Exception {
        assertThat(PolicyDocument.parseServerAnswer(bytes(json))).isEqualTo(new PolicyDocument(true, List.of(), null));
    }

    private static byte[] result(String document) {
        return bytes("[{'result':" + document + "}]");
    }

    private static byte[] bytes(String json) {
        return json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    }
}
