package io.pulseplane.vitals;

import io.pulseplane.vitals.VitalSign.OtherUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Reads a catalogue from text: a section for each vital sign, with a key and its value on each line.
 *
 * <pre>
 * # A comment.
 * [8310-5]
 * name = Body temperature
 * unit = Cel
 * mdc = MDC_TEMP_BODY
 * plausible = 30..45
 * possible = 5..50
 * other-units = [degF] 85.9..113, K 303.1..318.2
 * source = whoever said so
 * </pre>
 *
 * <p>A new code needs {@code name}, {@code unit} and {@code plausible}. Without {@code possible}, no value is possible
 * that is not plausible. A section of a code that the catalogue has already changes what it names, and nothing else.
 * Both ends of a range belong to it, only the low end of a range of {@code other-units} does not. {@code above} has the
 * code of a diastolic pressure that this one, the systolic, is above at the same time.
 */
public final class CatalogueFormat {

    /** Upper bound of the vital signs of a catalogue. */
    public static final int MAX_SIGNS = 10_000;

    private static final Set<String> KEYS =
            Set.of("name", "unit", "mdc", "plausible", "possible", "other-units", "above", "source");

    private static final String NUMBER = "(-?\\d{1,15}(?:\\.\\d{1,15})?)";
    private static final Pattern RANGE = Pattern.compile(NUMBER + "\\s*\\.\\.\\s*" + NUMBER);
    private static final Pattern OTHER_UNIT = Pattern.compile("(\\S+)\\s+(\\S.*)");

    private final Catalogue base;
    private final Map<String, Section> sections = new LinkedHashMap<>();

    private CatalogueFormat(Catalogue base) {
        this.base = base;
    }

    /**
     * Returns the base with the vital signs of the text, which come behind those of the base.
     *
     * @throws IllegalArgumentException with the line and the reason, if the text cannot be read
     */
    public static Catalogue parse(Catalogue base, String text) {
        var format = new CatalogueFormat(base);
        format.readSections(text);
        return format.toCatalogue();
    }

    private record Value(int line, String text) {}

    private record Section(int line, String code, Map<String, Value> values) {

        private Optional<String> optional(String key) {
            return Optional.ofNullable(values.get(key)).map(Value::text);
        }

        private String required(String key) {
            return optional(key).orElseThrow(() -> failure(line, "[" + code + "] is new, and needs " + key));
        }

        private int lineOf(String key) {
            return values.containsKey(key) ? values.get(key).line : line;
        }

        private ValueRange range(String key) {
            var text = required(key);
            var parts = RANGE.matcher(text);
            if (!parts.matches()) {
                throw failure(lineOf(key), "a range is written as 20..300, not as \"" + text + "\"");
            }
            double low = Double.parseDouble(parts.group(1));
            double high = Double.parseDouble(parts.group(2));
            if (!(low < high)) {
                throw failure(lineOf(key), parts.group(1) + " is not below " + parts.group(2));
            }
            return new ValueRange(low, high);
        }
    }

    private static IllegalArgumentException failure(int line, String reason) {
        return new IllegalArgumentException("line " + line + ": " + reason);
    }

    private void readSections(String text) {
        Section section = null;
        int number = 0;
        // Windows editors write a byte order mark.
        for (var raw : text.replaceFirst("^\\uFEFF", "").lines().toList()) {
            number++;
            var line = raw.strip();
            if (line.startsWith("[")) {
                section = openSection(number, line);
            } else if (!line.isEmpty() && !line.startsWith("#")) {
                readValue(section, number, line);
            }
        }
    }

    private Section openSection(int number, String line) {
        if (!line.endsWith("]")) {
            throw failure(number, "a section starts with a code in brackets, such as [8867-4]");
        }
        var code = line.substring(1, line.length() - 1).strip();
        requireIdentifier(number, "the code", code);
        var section = new Section(number, code, new LinkedHashMap<>());
        var earlier = sections.put(code, section);
        if (earlier != null) {
            throw failure(number, "[" + code + "] is on line " + earlier.line + ", too");
        }
        if (sections.size() > MAX_SIGNS) {
            throw failure(number, "there are more than " + MAX_SIGNS + " codes");
        }
        return section;
    }

    private static void readValue(Section section, int number, String line) {
        int equals = line.indexOf('=');
        if (section == null || equals < 0) {
            throw failure(number, "a line is [code], then key = value, or a comment that starts with #");
        }
        var key = line.substring(0, equals).strip();
        var value = line.substring(equals + 1).strip();
        if (!KEYS.contains(key)) {
            throw failure(
                    number,
                    "\"" + key + "\" is none of "
                            + String.join(", ", KEYS.stream().sorted().toList()));
        }
        if (value.isEmpty()) {
            throw failure(number, key + " must not be empty");
        }
        if (section.values.put(key, new Value(number, value)) != null) {
            throw failure(number, key + " is given twice for [" + section.code + "]");
        }
    }

    private static void requireIdentifier(int line, String what, String text) {
        Identifier.describeViolation(text).ifPresent(violation -> {
            throw failure(line, what + " " + violation);
        });
    }

    private Catalogue toCatalogue() {
        var signs = new LinkedHashMap<String, VitalSign>();
        base.signs().forEach(sign -> signs.put(sign.code(), sign));
        for (var section : sections.values()) {
            signs.put(section.code, toSign(section));
        }
        var pairs = new LinkedHashMap<String, PressurePair>();
        base.pressurePairs().forEach(pair -> pairs.put(pair.systolic(), pair));
        for (var section : sections.values()) {
            section.optional("above").ifPresent(diastolic -> {
                requireComparable(section, signs, diastolic);
                pairs.put(section.code, new PressurePair(section.code, diastolic));
            });
        }
        return new Catalogue(signs.values(), List.copyOf(pairs.values()));
    }

    private static void requireComparable(Section section, Map<String, VitalSign> signs, String diastolic) {
        var other = signs.get(diastolic);
        if (other == null || diastolic.equals(section.code)) {
            throw failure(section.lineOf("above"), "above needs another code of the catalogue, not " + diastolic);
        }
        var unit = signs.get(section.code).unit();
        if (!other.unit().equals(unit)) {
            throw failure(section.lineOf("above"), diastolic + " is in " + other.unit() + ", not in " + unit);
        }
    }

    private VitalSign toSign(Section section) {
        var known = base.find(section.code);
        section.optional("unit").ifPresent(unit -> requireUnit(section, known, unit));
        section.optional("name")
                .flatMap(name -> DisplayText.describeViolation(name, Identifier.MAX_LENGTH))
                .ifPresent(violation -> {
                    throw failure(section.lineOf("name"), "the name " + violation);
                });
        var plausible = section.values.containsKey("plausible") || known.isEmpty()
                ? section.range("plausible")
                : known.get().plausible();
        var possible = section.values.containsKey("possible")
                ? section.range("possible")
                : known.map(VitalSign::possible).orElse(plausible);
        try {
            return new VitalSign(
                    section.code,
                    known.isPresent()
                            ? section.optional("name").orElse(known.get().name())
                            : section.required("name"),
                    known.isPresent() ? known.get().unit() : section.required("unit"),
                    section.optional("mdc").or(() -> known.map(VitalSign::mdc)).orElse(""),
                    plausible,
                    possible,
                    section.values.containsKey("other-units")
                            ? otherUnits(section)
                            : known.map(VitalSign::otherUnits).orElse(List.of()),
                    section.optional("source")
                            .or(() -> known.map(VitalSign::source))
                            .orElse(""));
        } catch (IllegalArgumentException e) {
            throw e.getMessage().startsWith("line ")
                    ? e
                    : failure(section.line, "[" + section.code + "]: " + e.getMessage());
        }
    }

    /** Readings that are stored keep their unit, so with another one they would be compared with no range any more. */
    private static void requireUnit(Section section, Optional<VitalSign> known, String unit) {
        requireIdentifier(section.lineOf("unit"), "the unit", unit);
        if (known.isPresent() && !known.get().unit().equals(unit)) {
            throw failure(
                    section.lineOf("unit"),
                    "the unit of " + section.code + " is " + known.get().unit() + " for ever");
        }
    }

    private static List<OtherUnit> otherUnits(Section section) {
        var units = new ArrayList<OtherUnit>();
        for (var part : section.required("other-units").split(",", -1)) {
            var words = OTHER_UNIT.matcher(part.strip());
            var range = words.matches() ? RANGE.matcher(words.group(2)) : null;
            if (range == null || !range.matches()) {
                throw failure(
                        section.lineOf("other-units"),
                        "another unit is written as K 303.1..318.2, not as \"" + part.strip() + "\"");
            }
            units.add(new OtherUnit(
                    words.group(1), Double.parseDouble(range.group(1)), Double.parseDouble(range.group(2))));
        }
        return units;
    }
}
