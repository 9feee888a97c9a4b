package io.pulseplane.loadtest.client;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Collects the results of one run, and writes them as Markdown and as JSON. */
final class Report {

    /** A table. The first column has labels, the others have numbers or text. */
    private record Table(String title, String description, List<String> columns, List<List<Object>> rows) {}

    private final Map<String, String> facts = new LinkedHashMap<>(Machine.facts());
    private final List<Table> tables = new ArrayList<>();
    private final Map<String, String> charts = new LinkedHashMap<>();
    private final List<String> notes = new ArrayList<>();

    /** Adds a table, and returns its list of rows for the caller to fill. */
    List<List<Object>> table(String title, String description, String... columns) {
        var rows = new ArrayList<List<Object>>();
        tables.add(new Table(title, description, List.of(columns), rows));
        return rows;
    }

    void fact(String name, String value) {
        facts.put(name, value);
    }

    /** Adds a note, such as why a part was not measured. */
    void note(String line) {
        notes.add(line);
        System.out.println("  " + line);
    }

    void chart(String name, Chart chart) {
        charts.put(name + ".svg", chart.svg());
    }

    void write(Path directory) throws IOException {
        Files.writeString(directory.resolve("report.md"), markdown());
        for (var chart : charts.entrySet()) {
            Files.writeString(directory.resolve(chart.getKey()), chart.getValue());
        }
        writeJson(directory.resolve("report.json"));
    }

    private String markdown() {
        var text = new StringBuilder("# Load test of ")
                .append(Instant.now().truncatedTo(ChronoUnit.SECONDS))
                .append("\n\n");
        facts.forEach((name, value) ->
                text.append("- ").append(name).append(": ").append(value).append('\n'));
        for (var table : tables) {
            text.append("\n## ").append(table.title).append("\n\n");
            if (!table.description.isEmpty()) {
                text.append(table.description).append("\n\n");
            }
            text.append("| ").append(String.join(" | ", table.columns)).append(" |\n");
            text.append("| --- ".repeat(table.columns.size())).append("|\n");
            for (var row : table.rows) {
                text.append("| ");
                text.append(String.join(" | ", row.stream().map(Report::cell).toList()));
                text.append(" |\n");
            }
        }
        charts.keySet()
                .forEach(chart -> text.append("\n![")
                        .append(chart)
                        .append("](")
                        .append(chart)
                        .append(")\n"));
        if (!notes.isEmpty()) {
            text.append("\n## Notes\n\n");
            notes.forEach(note -> text.append("- ").append(note).append('\n'));
        }
        return text.toString();
    }

    private static String cell(Object value) {
        return value instanceof Number number ? number(number.doubleValue()) : value.toString();
    }

    /** Formats with no more digits than a measurement has. */
    static String number(double value) {
        if (Double.isNaN(value)) {
            return "-";
        }
        if (Math.abs(value) >= 100 || value == Math.rint(value)) {
            return String.format(Locale.ROOT, "%,d", Math.round(value));
        }
        return String.format(Locale.ROOT, Math.abs(value) >= 1 ? "%.2f" : "%.3f", value);
    }

    private void writeJson(Path file) throws IOException {
        try (var json = new JsonFactory().createGenerator(Files.newBufferedWriter(file))) {
            json.useDefaultPrettyPrinter();
            json.writeStartObject();
            json.writeStringField("time", Instant.now().toString());
            json.writeObjectFieldStart("facts");
            for (var fact : facts.entrySet()) {
                json.writeStringField(fact.getKey(), fact.getValue());
            }
            json.writeEndObject();
            json.writeArrayFieldStart("tables");
            for (var table : tables) {
                write(json, table);
            }
            json.writeEndArray();
            json.writeArrayFieldStart("notes");
            for (var note : notes) {
                json.writeString(note);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
    }

    private static void write(JsonGenerator json, Table table) throws IOException {
        json.writeStartObject();
        json.writeStringField("title", table.title);
        json.writeArrayFieldStart("rows");
        for (var row : table.rows) {
            json.writeStartObject();
            for (int i = 0; i < table.columns.size(); i++) {
                if (row.get(i) instanceof Number number) {
                    json.writeNumberField(table.columns.get(i), number.doubleValue());
                } else {
                    json.writeStringField(table.columns.get(i), row.get(i).toString());
                }
            }
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }
}
